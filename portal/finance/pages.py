"""What the finance pages show, as ready words."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from portal.accounts.queries import white_label_account
from portal.billing.period import nth_period
from portal.billing.queries import available_minor
from portal.catalogue.models import Plan
from portal.finance.queries import (
    CustomerTotal,
    Filter,
    Found,
    Totals,
    charged_customers,
    charges_page,
    first_day_charged,
    totals,
    totals_by_customer,
)
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.paging import Key, Window
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor, entry_lines
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment, money, month, short_day, span

CHART_ROWS = 5


@dataclass(frozen=True)
class Tile:
    label: str
    value: str
    foot: str


@dataclass(frozen=True)
class Bar:
    """One customer in the chart; widths are per cent of the widest row."""

    name: str
    retail: str
    wholesale: str
    margin: str
    count: int
    wholesale_width: str
    retail_width: str


@dataclass(frozen=True)
class Line:
    id: str
    account_id: str
    day: str
    href: str
    customer: str
    what: str
    number: str
    wholesale: str
    tax: str
    retail: str
    margin: str
    is_loss: bool
    details: list[tuple[str, str]]
    """What stands behind the charge, when the line is opened."""


@dataclass(frozen=True)
class FinancePage:
    month: str
    month_value: str
    months: list[tuple[str, str]]
    customers: list[tuple[str, str]]
    tiles: list[Tile]
    bars: list[Bar]
    lines: list[Line]
    page_totals: tuple[str, str, str, str]
    match_words: str
    newer_href: str | None
    older_href: str | None
    export_href: str
    currency: str
    sees_customers: bool


def this_month(db: TenantSession) -> date:
    return today(white_label(db).time_zone).replace(day=1)


def finance_page(db: TenantSession, wanted: Filter, *, sees_customers: bool) -> FinancePage:
    """`sees_customers` says whether the reader may follow a link to a customer's page."""
    tenant = white_label(db)
    sums, page = totals(db, wanted), charges_page(db, wanted)
    dearest = totals_by_customer(db, wanted, limit=CHART_ROWS)
    return FinancePage(
        month=month(wanted.first, tenant),
        month_value=f"{wanted.first:%Y-%m}",
        months=_months(db, tenant),
        customers=[(str(id), name) for id, name in charged_customers(db, wanted)],
        tiles=_tiles(db, sums, tenant),
        bars=_bars(dearest, sums, tenant),
        lines=[_line(db, found, wanted, tenant) for found in page.rows],
        page_totals=_page_totals(page, tenant),
        match_words=f"{sums.count} match: wholesale {money(sums.wholesale_minor, tenant)}, "
        f"retail {money(sums.retail_minor, tenant)}",
        newer_href=_href(wanted, after=page.newer),
        older_href=_href(wanted, before=page.older),
        export_href=_address("/finance/charges.csv", wanted),
        currency=tenant.currency,
        sees_customers=sees_customers,
    )


def _tiles(db: TenantSession, sums: Totals, tenant: WhiteLabel) -> list[Tile]:
    balance = credit_minor(db, Book.WHOLESALE, white_label_account(db).id)
    share = percent(sums.margin_minor * 1_000_000 // sums.retail_minor // 1000 * 1000) if sums.retail_minor else "0%"
    people = f"{sums.customers} customer{'' if sums.customers == 1 else 's'}"
    return [
        Tile(
            "Wholesale",
            money(sums.wholesale_minor, tenant),
            f"{sums.count} charge{'' if sums.count == 1 else 's'}, {people}, and {money(sums.tax_minor, tenant)} tax",
        ),
        Tile("Retail", money(sums.retail_minor, tenant), "What the same things cost at retail"),
        Tile("Margin", money(sums.margin_minor, tenant), f"{share} of retail, before tax"),
        Tile(
            "White-label account", money(balance, tenant), f"{money(available_minor(db), tenant)} can still be charged"
        ),
    ]


def _bars(shown: list[CustomerTotal], sums: Totals, tenant: WhiteLabel) -> list[Bar]:
    """The dearest customers, and what is left of the sums as one row more."""
    others = sums.customers - len(shown)
    if others:
        rest = CustomerTotal(
            UUID(int=0),
            f"{others} other{'' if others == 1 else 's'}",
            sums.count - sum(r.count for r in shown),
            sums.wholesale_minor - sum(r.wholesale_minor for r in shown),
            sums.retail_minor - sum(r.retail_minor for r in shown),
        )
        shown = [*shown, rest]
    widest = max((max(r.retail_minor, r.wholesale_minor) for r in shown), default=0) or 1
    return [
        Bar(
            row.name,
            money(row.retail_minor, tenant),
            money(row.wholesale_minor, tenant),
            money(row.retail_minor - row.wholesale_minor, tenant),
            row.count,
            f"{100 * row.wholesale_minor / widest:.1f}%",
            f"{100 * row.retail_minor / widest:.1f}%",
        )
        for row in shown
    ]


def _line(db: TenantSession, found: Found, wanted: Filter, tenant: WhiteLabel) -> Line:
    charge = found.charge
    is_open = wanted.line == charge.id
    period = charge.first_day is not None and charge.last_day is not None
    what = f"{charge.description}, {span(charge.first_day, charge.last_day, tenant)}" if period else charge.description  # type: ignore[arg-type]
    margin = charge.retail_memo_minor - charge.net_minor
    return Line(
        str(charge.id),
        str(found.account.id),
        short_day(charge.day, tenant),
        _line_href(wanted, None if is_open else charge.id),
        found.account.name,
        what,
        charge.number,
        money(charge.net_minor, tenant),
        money(charge.tax_minor, tenant),
        money(charge.retail_memo_minor, tenant),
        money(margin, tenant),
        margin < 0,
        _details(db, found, tenant) if is_open else [],
    )


def _line_href(wanted: Filter, opened: UUID | None) -> str:
    """The same page with a line opened, or closed again."""
    more = {name: _words(key) for name, key in (("before", wanted.place.before), ("after", wanted.place.after)) if key}
    if opened is not None:
        more["line"] = str(opened)
    return _address("/finance/charges", wanted, **more) + (f"#c-{opened}" if opened else "")


def _details(db: TenantSession, found: Found, tenant: WhiteLabel) -> list[tuple[str, str]]:
    charge, account = found.charge, found.account
    plan = db.load(Plan, account.plan_id) if account.plan_id else None
    rows = [
        ("Customer", f"{account.name}, account {account.number}, {account.state}"),
        ("Set up by", "The customer (Option 1)" if account.is_run_by_customer else "Us (Option 2)"),
        ("Plan", plan.name if plan else "None"),
        ("Charged", moment(charge.charged_at, tenant)),
        ("Net", money(charge.net_minor, tenant)),
        (f"{tenant.tax_name}, {percent(charge.tax_ppm)}", money(charge.tax_minor, tenant)),
        ("Debited to the white-label account", money(charge.gross_minor, tenant)),
    ]
    posted = entry_lines(db, charge.entry_id) if charge.entry_id else None
    if posted is None:
        return [*rows, ("Journal entry", "None: nothing was due")]
    entry, lines = posted
    rows.append(("Journal entry", entry.source))
    return [
        *rows,
        *((f"Line {n}, {_book_words(code)}", money(minor, tenant)) for n, (code, minor) in enumerate(lines, 1)),
    ]


def _book_words(code: str) -> str:
    """A ledger account as finance people read it; a positive amount debits it."""
    return "white-label account" if code.startswith("credit:") else code


def _page_totals(page: Window[Found], tenant: WhiteLabel) -> tuple[str, str, str, str]:
    net = sum(f.charge.net_minor for f in page.rows)
    tax = sum(f.charge.tax_minor for f in page.rows)
    retail = sum(f.charge.retail_memo_minor for f in page.rows)
    return money(net, tenant), money(tax, tenant), money(retail, tenant), money(retail - net, tenant)


def _months(db: TenantSession, tenant: WhiteLabel) -> list[tuple[str, str]]:
    """From the present month back to the first with a charge."""
    first = first_day_charged(db)
    present = this_month(db)
    oldest = (first or present).replace(day=1)
    back = (present.year - oldest.year) * 12 + present.month - oldest.month
    days = [nth_period(oldest, n).first_day for n in range(max(back, 0), -1, -1)]
    return [(f"{day:%Y-%m}", month(day, tenant)) for day in days]


def _href(wanted: Filter, **key: Key | None) -> str | None:
    ((name, value),) = key.items()
    return _address("/finance/charges", wanted, **{name: _words(value)}) if value is not None else None


def _words(key: Key) -> str:
    return f"{key[0].isoformat()}_{key[1]}"


def _address(path: str, wanted: Filter, **more: str) -> str:
    query = {"month": f"{wanted.first:%Y-%m}", "customer": str(wanted.customer or ""), "q": wanted.words, **more}
    return f"{path}?" + urlencode({name: value for name, value in query.items() if value})
