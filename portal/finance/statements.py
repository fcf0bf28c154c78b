"""The finance desk's statements: the white-label account's own and its customers'."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.accounts.guards import finance_only
from portal.finance.asked import asked_key, asked_month
from portal.kit.db import TenantSession, reading
from portal.kit.paging import Key, Place
from portal.kit.web import page
from portal.statements import answers
from portal.statements.document import credit_note_pdf, statement_pdf
from portal.statements.pages import statement_page
from portal.statements.queries import (
    Filter,
    Found,
    credit_note_or_404,
    months_issued,
    statement_or_404,
    statements_page,
)
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, month

bp = Blueprint("finance_statements", __name__, url_prefix="/finance")

WHOSE = {"ours": "wholesale", "customers": "retail"}


@bp.get("/statements")
@finance_only
def index() -> Response:
    wanted = Filter(
        month=asked_month(request.args.get("month")),
        book=WHOSE.get(request.args.get("whose", ""), ""),
        words=request.args.get("q", "").strip()[:100],
        place=Place(asked_key(request.args.get("before")), asked_key(request.args.get("after"))),
    )
    with reading() as db:
        found = list_page(db, wanted)
    return page("finance/statements.html", found=found, wanted=wanted)


@bp.get("/statements/<uuid:statement_id>")
@finance_only
def show(statement_id: UUID) -> Response:
    with reading() as db:
        found = statement_page(db, statement_or_404(db, statement_id), answers.asked_place(), room="/finance")
    return page("statements/show.html", found=found)


@bp.get("/statements/<uuid:statement_id>.pdf")
@finance_only
def pdf(statement_id: UUID) -> Response:
    with reading() as db:
        statement = statement_or_404(db, statement_id)
        return answers.pdf_answer(statement.number, statement_pdf(db, statement))


@bp.get("/statements/<uuid:statement_id>.csv")
@finance_only
def export(statement_id: UUID) -> Response:
    with reading() as db:
        statement = statement_or_404(db, statement_id)
    return answers.statement_csv_answer(statement)


@bp.get("/credit-notes/<uuid:note_id>.pdf")
@finance_only
def credit_note(note_id: UUID) -> Response:
    with reading() as db:
        note = credit_note_or_404(db, note_id)
        return answers.pdf_answer(note.number, credit_note_pdf(db, note))


@dataclass(frozen=True)
class Row:
    href: str
    number: str
    month: str
    account: str
    account_number: str
    is_ours: bool
    opening: str
    paid: str
    charged: str
    closing: str
    owes: bool


@dataclass(frozen=True)
class ListPage:
    months: list[tuple[str, str]]
    month: str
    whose: str
    rows: list[Row]
    newer_href: str | None
    older_href: str | None
    is_filtered: bool


def list_page(db: TenantSession, wanted: Filter) -> ListPage:
    tenant, found = white_label(db), statements_page(db, wanted)
    return ListPage(
        months=[(_value(day), month(day, tenant)) for day in months_issued(db)],
        month=_value(wanted.month),
        whose=next((name for name, book in WHOSE.items() if book == wanted.book), ""),
        rows=[_row(each, tenant) for each in found.rows],
        newer_href=_href(wanted, "after", found.newer),
        older_href=_href(wanted, "before", found.older),
        is_filtered=bool(wanted.month or wanted.book or wanted.words),
    )


def _row(found: Found, tenant: WhiteLabel) -> Row:
    statement = found.statement
    return Row(
        f"/finance/statements/{statement.id}",
        statement.number,
        month(statement.month, tenant),
        found.account.name,
        found.account.number,
        statement.book == "wholesale",
        money(statement.opening_minor, tenant),
        money(statement.paid_minor, tenant),
        money(statement.charged_minor, tenant),
        money(statement.closing_minor, tenant),
        statement.closing_minor < 0,
    )


def _value(day: date | None) -> str:
    return f"{day:%Y-%m}" if day is not None else ""


def _href(wanted: Filter, name: str, key: Key | None) -> str | None:
    if key is None:
        return None
    whose = next((name for name, book in WHOSE.items() if book == wanted.book), "")
    query = {"month": _value(wanted.month), "whose": whose, "q": wanted.words, name: f"{key[0].isoformat()}_{key[1]}"}
    return "/finance/statements?" + urlencode({name: value for name, value in query.items() if value})
