"""Charges on the white-label account, for finance and administrators."""

import re
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import finance_only, standing
from portal.billing.period import nth_period
from portal.finance import exports, pages
from portal.finance.queries import Filter
from portal.kit.db import TenantSession, reading
from portal.kit.paging import Place
from portal.kit.refusals import BadInput
from portal.kit.sheets import csv_answer
from portal.kit.web import page

bp = Blueprint("finance", __name__, url_prefix="/finance")

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@bp.get("")
@finance_only
def index() -> Response:
    return redirect("/finance/charges", 303)


@bp.get("/charges")
@finance_only
def charges() -> Response:
    with reading() as db:
        wanted = _filter(db)
        found = pages.finance_page(db, wanted, sees_customers=standing().is_administrator)
    return page("finance/charges.html", found=found, wanted=wanted)


@bp.get("/charges.csv")
@finance_only
def export() -> Response:
    with reading() as db:
        wanted = _filter(db)

    white_label_id = g.white_label.id

    def lines() -> Iterator[str]:
        # The body is written after the view returned, so the scope is named instead of taken from the request.
        with reading(white_label_id) as db:
            yield from exports.charges_csv(db, wanted)

    return csv_answer(f"charges-{wanted.first:%Y-%m}.csv", lines())


def _filter(db: TenantSession) -> Filter:
    asked = request.args
    first = _month(asked.get("month")) or pages.this_month(db)
    return Filter(
        first=first,
        next_first=nth_period(first, 1).first_day,
        customer=_id(asked.get("customer"), "The customer was not readable. Choose one from the list."),
        words=asked.get("q", "").strip()[:100],
        line=_id(asked.get("line"), "The charge was not readable. Choose one from the list."),
        place=Place(_key(asked.get("before")), _key(asked.get("after"))),
    )


def _month(words: str | None) -> date | None:
    if not words:
        return None
    found = MONTH.fullmatch(words)
    if found is None:
        raise BadInput("The month was not readable. Choose one from the list.")
    return date(int(found[1]), int(found[2]), 1)


def _id(words: str | None, why: str) -> UUID | None:
    try:
        return UUID(words) if words else None
    except ValueError as error:
        raise BadInput(why) from error


def _key(words: str | None) -> tuple[date, UUID] | None:
    if not words:
        return None
    day, _, id = words.partition("_")
    try:
        return date.fromisoformat(day), UUID(id)
    except ValueError as error:
        raise BadInput("The page to show was not readable. Start from the list again.") from error
