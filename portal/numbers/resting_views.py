"""A number that was given up, and that its account has back while it rests; from either side of the account."""

from uuid import UUID

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.billing.flows import as_quoted
from portal.identity.guards import actor
from portal.kit.db import reading
from portal.kit.forms import AgreedForm
from portal.kit.web import page
from portal.numbers import quote_pages, resting
from portal.numbers.assigning import AssignedAlready, EnoughForToday
from portal.numbers.e164 import international
from portal.numbers.letters import tell_payers
from portal.numbers.views import ACCOUNT, CUSTOMERS, agreed_minor, numbers_desk, refuse

bp = Blueprint("resting_numbers", __name__)


@bp.get("/customers/<uuid:account_id>/numbers/<uuid:number_id>/taking-back", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/<uuid:number_id>/taking-back", defaults=ACCOUNT)
@account_or_administrator_only
def take_back_page(side: Side, account_id: UUID, number_id: UUID) -> Response:
    """What having it back costs, before it is done."""
    desk = numbers_desk(side, account_id, assigns=True)
    with reading() as db:
        found = quote_pages.take_back_page(db, desk, number_id)
    return page("numbers/take-back.html", found=found, desk=desk, number_id=number_id)


@bp.post("/customers/<uuid:account_id>/numbers/<uuid:number_id>/taking-back", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/<uuid:number_id>/taking-back", defaults=ACCOUNT)
@account_or_administrator_only
def take_back(side: Side, account_id: UUID, number_id: UUID) -> Response:
    desk, agreed = numbers_desk(side, account_id, assigns=True), agreed_minor(AgreedForm())
    try:
        with as_quoted(account_id, desk.ways, adds_credit_at=desk.desk.adds_credit_at) as (db, account):
            refuse(desk.at(account).why_not_assign)
            back = resting.take_back(db, account, number_id, agreed_minor=agreed, by=actor())
            tell_payers(db, account, [back], agreed, by=actor())
    except (AssignedAlready, EnoughForToday) as refused:
        refused.ways = desk.ways
        raise
    moved = "The charges show what was debited." if agreed else "No money moved."
    flash(f"{international(back.e164)} is the account's again. {moved}", "ok")
    return redirect(f"{desk.base}/{number_id}", 303)
