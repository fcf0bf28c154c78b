"""Charges as CSV."""

from collections.abc import Iterator
from decimal import Decimal

from portal.finance.queries import Filter, Found, all_charges
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.sheets import csv_lines, safe

COLUMNS = (
    "day",
    "charge",
    "customer_number",
    "customer",
    "description",
    "period_from",
    "period_to",
    "currency",
    "wholesale_net",
    "wholesale_tax",
    "wholesale_gross",
    "retail_net",
    "margin",
    "journal_source",
)


def charges_csv(db: TenantSession, wanted: Filter) -> Iterator[str]:
    """The header, then a line a charge; memory stays flat."""
    yield from csv_lines(COLUMNS, map(_row, all_charges(db, wanted)))


def _row(found: Found) -> tuple[str | Decimal, ...]:
    charge, account = found.charge, found.account
    amounts = (
        charge.net_minor,
        charge.tax_minor,
        charge.gross_minor,
        charge.retail_memo_minor,
        charge.retail_memo_minor - charge.net_minor,
    )
    source = f"charge:{charge.account_id}:{charge.item}:{charge.period_key}:{charge.book}" if charge.entry_id else ""
    return (
        charge.day.isoformat(),
        charge.number,
        safe(account.number),
        safe(account.name),
        safe(charge.description),
        charge.first_day.isoformat() if charge.first_day else "",
        charge.last_day.isoformat() if charge.last_day else "",
        charge.currency,
        *(Money(minor, charge.currency).decimal() for minor in amounts),
        source,
    )
