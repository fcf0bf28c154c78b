"""Charges as CSV."""

from collections.abc import Iterator
from typing import Any

from portal.finance.queries import Filter, all_charges
from portal.kit.db import TenantSession
from portal.kit.money import exponent, plain
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


def _row(charge: Any) -> tuple[str, ...]:
    net, tax, retail = charge.net_minor, charge.tax_minor, charge.retail_memo_minor
    places = exponent(charge.currency)
    source = f"charge:{charge.account_id}:{charge.item}:{charge.period_key}:{charge.book}" if charge.is_posted else ""
    return (
        charge.day.isoformat(),
        charge.number,
        safe(charge.customer_number),
        safe(charge.customer),
        safe(charge.description),
        charge.first_day.isoformat() if charge.first_day else "",
        charge.last_day.isoformat() if charge.last_day else "",
        charge.currency,
        *(plain(minor, places) for minor in (net, tax, net + tax, retail, retail - net)),
        source,
    )
