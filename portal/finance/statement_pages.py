"""What the finance desk's list of statements shows, as ready words."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from portal.catalogue.tax_pages import wholesale_words
from portal.kit.db import TenantSession
from portal.kit.paging import Key
from portal.statements.queries import Filter, Found, months_issued, statements_page
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, month

WHOSE = {"ours": "wholesale", "customers": "retail"}


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
    wholesale_tax: str


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
        wholesale_tax=wholesale_words(db),
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
