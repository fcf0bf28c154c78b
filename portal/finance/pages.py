"""What the finance pages show, as ready words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from portal.accounts.models import Account
from portal.billing.credits import ties_of
from portal.billing.models import Charge
from portal.billing.words import told_ties
from portal.catalogue.models import Plan
from portal.finance.queries import (
    CustomerTotal,
    Filter,
    Totals,
    charges_page,
    credit_and_room_minor,
    customer_name,
    dearest_customers,
    first_day_charged,
    totals,
    totals_by_customer,
)
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.ids import dashed
from portal.kit.money import percent, words_of
from portal.kit.paging import Key
from portal.ledger.queries import entry_lines
from portal.whitelabels.models import WhiteLabel
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


class Line(NamedTuple):
    """A row of the list. `details` are what stands behind the charge, when the line is opened, and `ties` lead to those
    that it hangs together with."""

    id: str
    day: str
    customer: str
    what: str
    number: str
    wholesale: str
    tax: str
    retail: str
    margin: str
    is_loss: bool
    href: str
    account_id: str = ""
    details: Sequence[tuple[str, str]] = ()
    ties: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True)
class FinancePage:
    month: str
    month_value: str
    months: list[tuple[str, str]]
    customers: list[tuple[str, str]]
    customer_value: str
    tiles: list[Tile]
    bars: list[Bar]
    lines: list[Line]
    page_totals: list[tuple[str, str]]
    match_words: str
    newer_href: str | None
    older_href: str | None
    export_href: str
    currency: str
    sees_customers: bool


def this_month(tenant: WhiteLabel) -> date:
    return today(tenant.time_zone).replace(day=1)


def finance_page(db: TenantSession, wanted: Filter, tenant: WhiteLabel, *, sees_customers: bool) -> FinancePage:
    """`sees_customers` says whether the reader may follow a link to a customer's page."""
    sums, page, dearest = totals(db, wanted), charges_page(db, wanted), dearest_customers(db, wanted)
    return FinancePage(
        month=month(wanted.first, tenant),
        month_value=f"{wanted.first:%Y-%m}",
        months=_months(db, tenant),
        customers=_choices(db, dearest, wanted),
        customer_value=str(wanted.customer or ""),
        tiles=_tiles(db, sums, tenant),
        bars=_bars(_charted(db, dearest, wanted), sums, tenant),
        lines=_lines(db, page.rows, wanted, tenant),
        page_totals=_page_totals(page.rows, tenant),
        match_words=f"{sums.count} match: wholesale {money(sums.wholesale_minor, tenant)}, "
        f"retail {money(sums.retail_minor, tenant)}",
        newer_href=_href(wanted, after=page.newer),
        older_href=_href(wanted, before=page.older),
        export_href=_address("/finance/charges.csv", wanted),
        currency=tenant.currency,
        sees_customers=sees_customers,
    )


def _choices(db: TenantSession, dearest: list[CustomerTotal], wanted: Filter) -> list[tuple[str, str]]:
    """The customers to choose from, by name: the dearest of the month and the one that is chosen."""
    found = {dashed(row.account_id): row.name for row in dearest}
    if wanted.customer is not None and str(wanted.customer) not in found:
        name = customer_name(db, wanted.customer)
        found |= {str(wanted.customer): name} if name is not None else {}
    return sorted(found.items(), key=lambda choice: choice[1].casefold())


def _charted(db: TenantSession, dearest: list[CustomerTotal], wanted: Filter) -> list[CustomerTotal]:
    if wanted.customer is None and not wanted.words:
        return dearest[:CHART_ROWS]
    return totals_by_customer(db, wanted, limit=CHART_ROWS)


def _tiles(db: TenantSession, sums: Totals, tenant: WhiteLabel) -> list[Tile]:
    balance_minor, room_minor = credit_and_room_minor(db)
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
        Tile("White-label account", money(balance_minor, tenant), f"{money(room_minor, tenant)} can still be charged"),
    ]


def _bars(shown: list[CustomerTotal], sums: Totals, tenant: WhiteLabel) -> list[Bar]:
    """The dearest customers, and what is left of the sums as one row more."""
    others = sums.customers - len(shown)
    if others:
        rest = CustomerTotal(
            "",
            f"{others} other{'' if others == 1 else 's'}",
            sums.count - sum(r.charges for r in shown),
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
            row.charges,
            f"{100 * row.wholesale_minor / widest:.1f}%",
            f"{100 * row.retail_minor / widest:.1f}%",
        )
        for row in shown
    ]


def _lines(db: TenantSession, rows: Sequence[Any], wanted: Filter, tenant: WhiteLabel) -> list[Line]:
    currency, locale = tenant.currency, tenant.locale
    here = _here(wanted)
    lines = []
    for id, day, number, description, first, last, net, tax, retail, customer in rows:
        dashes = dashed(id)
        what = f"{description}, {span(first, last, tenant)}" if first and last else description
        line = Line(
            dashes,
            short_day(day, tenant),
            customer,
            what,
            number,
            words_of(net, currency, locale),
            words_of(tax, currency, locale),
            words_of(retail, currency, locale),
            words_of(retail - net, currency, locale),
            # What is given back takes its margin back, too: that is no loss.
            net >= 0 and retail < net,
            f"{here}&line={dashes}#c-{dashes}",
        )
        lines.append(line)
    return [_opened(db, line, here, tenant) if line.id == str(wanted.line) else line for line in lines]


def _here(wanted: Filter) -> str:
    """The address of this page with no line opened."""
    more = {name: _words(key) for name, key in (("before", wanted.place.before), ("after", wanted.place.after)) if key}
    return _address("/finance/charges", wanted, **more)


def _opened(db: TenantSession, line: Line, here: str, tenant: WhiteLabel) -> Line:
    charge = db.load(Charge, UUID(line.id))
    account = db.load(Account, charge.account_id) if charge is not None else None
    if charge is None or account is None:
        return line
    ties = [(words, each.number, _address_of(each)) for words, each in told_ties(ties_of(db, charge))]
    details = _details(db, charge, account, tenant)
    return line._replace(href=here, account_id=str(account.id), details=details, ties=ties)


def _address_of(charge: Charge) -> str:
    """Where the list of its month has it, opened."""
    month = {"month": f"{charge.day:%Y-%m}", "q": charge.number, "line": str(charge.id)}
    return f"/finance/charges?{urlencode(month)}#c-{charge.id}"


def _details(db: TenantSession, charge: Charge, account: Account, tenant: WhiteLabel) -> list[tuple[str, str]]:
    plan = db.load(Plan, account.plan_id) if account.plan_id else None
    rows = [
        ("Customer", f"{account.name}, account {account.number}, {account.state}"),
        ("Set up by", "The customer (Option 1)" if account.is_run_by_customer else "You (Option 2)"),
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


def _page_totals(rows: Sequence[Any], tenant: WhiteLabel) -> list[tuple[str, str]]:
    net, tax = sum(row.net_minor for row in rows), sum(row.tax_minor for row in rows)
    retail = sum(row.retail_memo_minor for row in rows)
    sums = {"Wholesale": net, tenant.tax_name: tax, "Retail": retail, "Margin": retail - net}
    return [(label, money(minor, tenant)) for label, minor in sums.items()]


def _months(db: TenantSession, tenant: WhiteLabel) -> list[tuple[str, str]]:
    """From the present month back to the first with a charge."""
    present = this_month(tenant)
    oldest = first_day_charged(db) or present
    newest, last = present.year * 12 + present.month - 1, oldest.year * 12 + oldest.month - 1
    days = [date(n // 12, n % 12 + 1, 1) for n in range(newest, min(last, newest) - 1, -1)]
    return [(day.isoformat()[:7], month(day, tenant)) for day in days]


def _href(wanted: Filter, **key: Key | None) -> str | None:
    ((name, value),) = key.items()
    return _address("/finance/charges", wanted, **{name: _words(value)}) if value is not None else None


def _words(key: Key) -> str:
    return f"{key[0].isoformat()}_{key[1]}"


def _address(path: str, wanted: Filter, **more: str) -> str:
    query = {"month": f"{wanted.first:%Y-%m}", "customer": str(wanted.customer or ""), "q": wanted.words, **more}
    return f"{path}?" + urlencode({name: value for name, value in query.items() if value})
