"""Charges on the white-label account, for finance and administrators."""

from collections.abc import Iterator

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import finance_only, standing
from portal.billing.period import nth_period
from portal.finance import exports, pages
from portal.finance.asked import asked_id, asked_key, asked_month
from portal.finance.queries import Filter
from portal.kit.db import reading
from portal.kit.paging import Place
from portal.kit.sheets import csv_answer
from portal.kit.web import page

bp = Blueprint("finance", __name__, url_prefix="/finance")


@bp.get("")
@finance_only
def index() -> Response:
    return redirect("/finance/charges", 303)


@bp.get("/charges")
@finance_only
def charges() -> Response:
    wanted, is_administrator = _filter(), standing().is_administrator
    with reading() as db:
        found = pages.finance_page(db, wanted, g.white_label, sees_customers=is_administrator)
    return page("finance/charges.html", found=found, wanted=wanted)


@bp.get("/charges.csv")
@finance_only
def export() -> Response:
    wanted, white_label_id = _filter(), g.white_label.id

    def lines() -> Iterator[str]:
        # The body is written after the view returned, so the scope is named instead of taken from the request.
        with reading(white_label_id) as db:
            yield from exports.charges_csv(db, wanted)

    return csv_answer(f"charges-{wanted.first:%Y-%m}.csv", lines())


def _filter() -> Filter:
    asked = request.args
    first = asked_month(asked.get("month")) or pages.this_month(g.white_label)
    return Filter(
        first=first,
        next_first=nth_period(first, 1).first_day,
        customer=asked_id(asked.get("customer"), "The customer was not readable. Choose one from the list."),
        words=asked.get("q", "").strip()[:100],
        line=asked_id(asked.get("line"), "The charge was not readable. Choose one from the list."),
        place=Place(asked_key(asked.get("before")), asked_key(asked.get("after"))),
    )
