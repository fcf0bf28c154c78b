"""Charges as CSV."""

from collections.abc import Iterator, Sequence
from typing import Any

from portal.finance.queries import Filter, all_charges
from portal.kit.db import TenantSession
from portal.kit.ids import dashed
from portal.kit.money import exponent, plainly
from portal.kit.sheets import csv_batches, safe

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
    yield from csv_batches(COLUMNS, map(_cells, all_charges(db, wanted)))


def _cells(rows: Sequence[Sequence[Any]]) -> list[tuple[str | None, ...]]:
    """The lines of a batch. A white label has one currency, so the first row's is everybody's."""
    amount = plainly(exponent(rows[0][7]))
    return [
        (
            day,
            number,
            safe(customer_number),
            safe(customer),
            safe(description),
            first_day,
            last_day,
            currency,
            amount(net),
            amount(tax),
            amount(net + tax),
            amount(retail),
            amount(retail - net),
            f"charge:{dashed(account_id)}:{item}:{period_key}:{book}" if is_posted else "",
        )
        for (
            day, number, customer_number, customer, description, first_day, last_day, currency, net, tax, retail,
            account_id, item, period_key, book, is_posted,
        ) in rows
    ]  # fmt: skip
