"""Where help is sent when an emergency is called from a number, entered from either side of its account."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.numbers import emergency, pages
from portal.numbers.forms import HelpAddressForm
from portal.numbers.rights import NumbersDesk
from portal.numbers.views import ACCOUNT, CUSTOMERS, numbers_desk, refuse

bp = Blueprint("emergency", __name__)


@bp.get("/customers/<uuid:account_id>/numbers/<uuid:number_id>/emergency", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/<uuid:number_id>/emergency", defaults=ACCOUNT)
@account_or_administrator_only
def address_page(side: Side, account_id: UUID, number_id: UUID) -> Response:
    """The form, which begins with the account's service address."""
    desk = numbers_desk(side, account_id)
    refuse(desk.why_not_edit)
    with reading() as db:
        known = pages.help_address(db, desk, pages.number_or_404(db, desk, number_id))
    return _page(desk, number_id, HelpAddressForm(formdata=None, data=known))


@bp.post("/customers/<uuid:account_id>/numbers/<uuid:number_id>/emergency", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/<uuid:number_id>/emergency", defaults=ACCOUNT)
@account_or_administrator_only
def enter_address(side: Side, account_id: UUID, number_id: UUID) -> Response:
    """Keep the address, validated at once. One that does not validate comes back, and the one before stays."""
    desk, form = numbers_desk(side, account_id), HelpAddressForm()
    refuse(desk.why_not_edit)
    if "country_chosen" in request.form or not form.validate_on_submit():
        return _page(desk, number_id, form)
    try:
        with transaction() as db:
            account = held_customer_or_404(db, account_id)
            refuse(desk.at(account).why_not_edit)
            kept = emergency.enter(db, account, pages.number_or_404(db, desk, number_id), form.place, by=actor())
    except emergency.WrongAddress as refused:
        form[refused.field or "line1"].errors = [refused.text]
        return _page(desk, number_id, form)
    well = "The address is complete and well-formed. It is registered once the provider confirms it."
    words = f"The address was refused before: {kept.problem}." if kept.problem else well
    flash(f"{words} No money moved.", "wait" if kept.problem else "ok")
    return redirect(f"{desk.base}/{number_id}", 303)


def _page(desk: NumbersDesk, number_id: UUID, form: HelpAddressForm) -> Response:
    with reading() as db:
        found = pages.number_page(db, desk, pages.number_or_404(db, desk, number_id))
    return page("numbers/emergency.html", found=found, desk=desk, form=form)
