"""Charges as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.finance.queries import Filter, all_charges, replaced_numbers
from portal.kit.db import TenantSession
from portal.kit.ids import dashed
from portal.kit.money import exponent, plainly
from portal.kit.sheets import cell, quoted

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
    "replaces",
)


def charges_csv(db: TenantSession, wanted: Filter) -> Iterator[str]:
    """The header, then a line a charge; memory stays flat."""
    header = ",".join(COLUMNS) + "\r\n"
    for rows in all_charges(db, wanted):
        yield header + "".join(_lines(rows, replaced_numbers(db, rows)))
        header = ""
    yield header


def _lines(rows: Sequence[Sequence[Any]], replaced: Mapping[str, str]) -> Iterator[str]:
    """A batch. Put together by hand, because a writer of any rows takes as long again as the database.

    A white label has one currency, so the first row's is everybody's.
    """
    amount = plainly(exponent(rows[0][7]))
    for (
        day, number, customer_number, customer, description, first_day, last_day, currency, net, tax, retail,
        account_id, item, period_key, book, is_posted,
    ) in rows:  # fmt: skip
        source = f"charge:{dashed(account_id)}:{item}:{period_key}:{book}" if is_posted else ""
        yield (
            f"{day},{quoted(number)},{cell(customer_number)},{cell(customer)},{cell(description)},"
            f"{first_day or ''},{last_day or ''},{currency},"
            f"{amount(net)},{amount(tax)},{amount(net + tax)},{amount(retail)},{amount(retail - net)},"
            f"{quoted(source)},{replaced.get(number, '')}\r\n"
        )
