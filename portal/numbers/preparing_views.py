"""What an account wants of numbers that are still on their way, said from either side of it."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.web import page
from portal.numbers import destinations, pages, porting, preparing
from portal.numbers.emergency import WrongAddress
from portal.numbers.models import PortRequest
from portal.numbers.port_forms import PrepareForm
from portal.numbers.port_pages import address_to_begin_with, theirs_of
from portal.numbers.rights import NumbersDesk
from portal.numbers.views import ACCOUNT, CUSTOMERS, numbers_desk

bp = Blueprint("preparing", __name__)


@bp.get("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/preparation", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/preparation", defaults=ACCOUNT)
@account_or_administrator_only
def show(side: Side, account_id: UUID, port_id: UUID) -> Response:
    """The form, at what is wanted of the numbers that the address names; of all of them without any."""
    desk = _desk(side, account_id)
    with reading() as db:
        port = _port(db, desk, port_id)
        known = {each["e164"]: preparing.wish_of(each) for each in port.numbers}
        chosen = [each for each in request.args.getlist("number") if each in known] or list(known)
        form = PrepareForm(formdata=None, data=address_to_begin_with(db, port, chosen, known[chosen[0]].place))
        _offer(db, desk, port, form)
        form.show(chosen, known[chosen[0]])
        form.country.data = form.country.data or g.white_label.country
        form.seen.data = preparing.seen_at(db, port)
    return _page(desk, port, form)


@bp.post("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/preparation", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/preparation", defaults=ACCOUNT)
@account_or_administrator_only
def prepare(side: Side, account_id: UUID, port_id: UUID) -> Response:
    desk, form = _desk(side, account_id), PrepareForm()
    with reading() as db:
        port = _port(db, desk, port_id)
        _offer(db, desk, port, form)
        is_right = "country_chosen" not in request.form and _is_right(db, desk, form)
    if not is_right:
        return _page(desk, port, form)
    try:
        _prepare(desk, port_id, form)
    except preparing.PreparedMeanwhile as refused:
        return _conflict(desk, port_id, form, refused)
    except WrongAddress as refused:
        form[refused.field or "line1"].errors = [refused.text]
        return _page(desk, port, form)
    flash("It is noted, and done when the numbers arrive. No money moved.", "ok")
    return redirect(f"{desk.base}/port-ins/{port_id}", 303)


def _prepare(desk: NumbersDesk, port_id: UUID, form: PrepareForm) -> None:
    with transaction() as db:
        account = held_customer_or_404(db, desk.account.id)
        port = porting.port_or_404(db, account.id, port_id, held=True)
        present = {each["e164"]: preparing.wish_of(each) for each in port.numbers}
        wishes = dict.fromkeys(form.numbers.data or (), form.wish)
        if "to" not in form:
            wishes = {e164: replace(wish, to=present[e164].to) for e164, wish in wishes.items() if e164 in present}
        preparing.prepare(db, account, port, wishes, seen=form.seen.data or "", by=actor())


def _desk(side: Side, account_id: UUID) -> NumbersDesk:
    """Whoever chooses the numbers prepares them, while the account takes some."""
    return numbers_desk(side, account_id, assigns=True)


def _port(db: TenantSession, desk: NumbersDesk, port_id: UUID) -> PortRequest:
    """Raises NotFound, and PortMoved for a request that is over."""
    port = porting.port_or_404(db, desk.account.id, port_id)
    try:
        porting.refuse_over(port)
    except porting.PortMoved as refused:
        refused.ways = (("Back to the request", f"{desk.base}/port-ins/{port_id}"),)
        raise
    return port


def _offer(db: TenantSession, desk: NumbersDesk, port: PortRequest, form: PrepareForm) -> None:
    form.offer(port, pages.people_of(db, desk.account.id), destinations.offers(db, desk.desk))


def _is_right(db: TenantSession, desk: NumbersDesk, form: PrepareForm) -> bool:
    if not form.validate_on_submit():
        return False
    wrong = destinations.seen(db, desk.desk, form.wanted).wrong if form.wanted is not None else ""
    if wrong:
        form.to.errors = [wrong]
    return not wrong


def _page(desk: NumbersDesk, port: PortRequest, form: PrepareForm) -> Response:
    return page("numbers/preparation.html", desk=desk, port=port, form=form, theirs=[])


def _conflict(desk: NumbersDesk, port_id: UUID, form: PrepareForm, refused: preparing.PreparedMeanwhile) -> Response:
    """Theirs above, and what was sent in the form, which now stands at theirs: whoever saves it again decides."""
    with reading() as db:
        port = _port(db, desk, port_id)
        form.seen.data = preparing.seen_at(db, port)
        theirs = theirs_of(db, desk, port, refused.numbers)
    return page("numbers/preparation.html", status=409, desk=desk, port=port, form=form, theirs=theirs)
