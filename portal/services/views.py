"""The services of an account, from either side: its white label's, or its own administrators'."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from portal.accounts.desks import desk_or_404
from portal.accounts.guards import account_members_only, account_or_administrator_only, my_own
from portal.accounts.lifecycle import Side
from portal.billing.changes import carry_out, work_out
from portal.billing.flows import as_quoted
from portal.billing.quoting import QuotePage, quote_page
from portal.billing.wishes import CannotChange, When, Wish
from portal.billing.withdrawing import withdraw
from portal.catalogue.models import Plan, Service
from portal.catalogue.queries import product
from portal.identity.guards import actor
from portal.kit.db import TenantSession, reading
from portal.kit.refusals import BadInput, NotAllowed, NotFound, Refusal
from portal.kit.web import page
from portal.services import change_pages, pages
from portal.services.change_pages import ChangePage
from portal.services.forms import ChangeForm
from portal.services.pages import Desk

bp = Blueprint("services", __name__)


class CountsNumbers(Refusal):
    heading = "This counts the account's numbers"
    text = "It changes when a number is assigned or released."

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.ways = (("Go to the numbers", f"{desk.base}/numbers"),)


CUSTOMERS, ACCOUNT = {"side": Side.WHITE_LABEL}, {"side": Side.ACCOUNT}


@bp.get("/account/services")
@account_members_only
def own() -> Response:
    """The services of one's own account; with several accounts, the list of them first."""
    return redirect(my_own("services"), 303)


@bp.get("/customers/<uuid:account_id>/services", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/services", defaults=ACCOUNT)
@account_or_administrator_only
def index(side: Side, account_id: UUID) -> Response:
    desk = _desk(side, account_id)
    with reading() as db:
        found = pages.services_page(db, desk)
    return page("services/index.html", found=found, desk=desk)


@bp.get("/customers/<uuid:account_id>/services/<uuid:chosen_id>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/services/<uuid:chosen_id>", defaults=ACCOUNT)
@account_or_administrator_only
def change_page(side: Side, account_id: UUID, chosen_id: UUID) -> Response:
    """The form of a change; asked with a quantity, what the change would do, to be confirmed."""
    desk = _desk(side, account_id, changes=True)
    is_asked = "quantity" in request.args
    with reading() as db:
        found = change_pages.change_page(db, desk, _product_or_404(db, chosen_id, desk))
        form = _form(found, request.args if is_asked else None)
        quote = _quote(db, desk, found.product, form) if is_asked and not found.waits else None
    status = 422 if is_asked and found.waits else 200
    return page("services/change.html", status=status, desk=desk, form=form, found=found, quote=quote)


@bp.post("/customers/<uuid:account_id>/services/<uuid:chosen_id>", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/services/<uuid:chosen_id>", defaults=ACCOUNT)
@account_or_administrator_only
def change(side: Side, account_id: UUID, chosen_id: UUID) -> Response:
    desk, form = _desk(side, account_id, changes=True), ChangeForm()
    if not form.validate_on_submit() or form.agreed_minor is None:
        raise BadInput("Ask for the quote on the page, and confirm it there.")
    with as_quoted(account_id, desk.ways, adds_credit_at=desk.adds_credit_at) as (db, account):
        _refuse_read_only(replace(desk, account=account))
        wish, item = _wish(_product_or_404(db, chosen_id, desk), form), form.item.data or None
        made = carry_out(db, account, wish, agreed_minor=form.agreed_minor, agreed_item=item, by=actor())
    flash(pages.changed_words(made, form.agreed_minor, g.white_label), "ok")
    return redirect(f"{desk.base}/services", 303)


@bp.post("/customers/<uuid:account_id>/services/<uuid:chosen_id>/withdrawal", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/services/<uuid:chosen_id>/withdrawal", defaults=ACCOUNT)
@account_or_administrator_only
def take_back(side: Side, account_id: UUID, chosen_id: UUID) -> Response:
    desk = _desk(side, account_id, changes=True)
    with as_quoted(account_id, desk.ways) as (db, account):
        _refuse_read_only(replace(desk, account=account))
        withdraw(db, account, _product_or_404(db, chosen_id, desk), by=actor())
    flash("The change is taken back. No money moved.", "ok")
    return redirect(f"{desk.base}/services", 303)


def _form(found: ChangePage, asked: MultiDict[str, str] | None) -> ChangeForm:
    """It opens with what the account has, and with the first day from which that can be changed."""
    when = When.NEXT if found.only_next else When.NOW
    return ChangeForm(asked, is_asked=True, data={"quantity": found.quantity, "when": when.value})


def _quote(db: TenantSession, desk: Desk, wanted: Plan | Service, form: ChangeForm) -> QuotePage | None:
    """What a change would do; None where the form is wrong, or it cannot be made, which then stands beside a field."""
    if not form.validate():
        return None
    try:
        change = work_out(db, desk.account, _wish(wanted, form))
    except CannotChange as refused:
        (form.when if refused.field == "when" else form.quantity).errors = [refused.text]
        return None
    return quote_page(db, desk.account, [change], sees_retail=desk.sees_retail, to_white_label=desk.is_white_label)


def _wish(wanted: Plan | Service, form: ChangeForm) -> Wish:
    return Wish(wanted, form.quantity.data or 0, When(form.when.data))


def _product_or_404(db: TenantSession, chosen_id: UUID, desk: Desk) -> Plan | Service:
    """Raises CountsNumbers for a service that is changed with the account's numbers alone."""
    found = product(db, chosen_id)
    if found is None:
        raise NotFound
    if isinstance(found, Service) and found.counts_numbers:
        raise CountsNumbers(desk)
    return found


def _desk(side: Side, account_id: UUID, *, changes: bool = False) -> Desk:
    """The account from one side. Raises NotAllowed for the other side's people, NotFound for a foreign account."""
    found = desk_or_404(side, account_id)
    desk = Desk(side, found.account, found.is_administrator)
    if changes:
        _refuse_read_only(desk)
    return desk


def _refuse_read_only(desk: Desk) -> None:
    if desk.read_only:
        refused = NotAllowed(desk.read_only)
        refused.ways = desk.ways
        raise refused
