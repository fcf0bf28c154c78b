"""A statement as CSV: a line a journal entry or a charge for nothing, between the opening and the closing balance."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from portal.kit.db import TenantSession
from portal.kit.money import exponent, percent, plain
from portal.kit.sheets import csv_lines, safe
from portal.statements.models import Statement
from portal.statements.queries import all_lines, statement_or_404
from portal.statements.statement import PRICED

COLUMNS = (
    "statement", "day", "kind", "reference", "customer", "description", "note", "period_from", "period_to", "currency",
    "net", "tax", "tax_rate", "retail_net", "margin", "amount", "balance", "journal_source",
)  # fmt: skip


def statement_csv(db: TenantSession, statement_id: UUID) -> Iterator[str]:
    """The header, the opening balance, the lines, the closing balance; memory stays flat."""
    statement = statement_or_404(db, statement_id)
    yield from csv_lines(COLUMNS, _rows(db, statement))


def _rows(db: TenantSession, statement: Statement) -> Iterator[tuple[str, ...]]:
    places = exponent(statement.currency)
    balance = statement.opening_minor
    yield _standing(statement, statement.month.isoformat(), "opening", plain(balance, places))
    for line, source in all_lines(db, statement.id):
        balance += line.amount_minor
        yield _row(statement, line, source, plain(balance, places), places)
    yield _standing(statement, statement.last_day.isoformat(), "closing", plain(statement.closing_minor, places))


def _standing(statement: Statement, day: str, kind: str, balance: str) -> tuple[str, ...]:
    found = {
        "statement": statement.number,
        "day": day,
        "kind": kind,
        "currency": statement.currency,
        "balance": balance,
    }
    return tuple(found.get(name, "") for name in COLUMNS)


def _row(statement: Statement, line: Any, source: str | None, balance: str, places: int) -> tuple[str, ...]:
    is_priced, is_wholesale = line.kind in PRICED, statement.book == "wholesale" and line.kind in PRICED
    return (
        statement.number,
        line.day.isoformat(),
        line.kind,
        line.reference,
        safe(line.customer),
        safe(line.description),
        safe(line.note),
        line.first_day.isoformat() if line.first_day else "",
        line.last_day.isoformat() if line.last_day else "",
        statement.currency,
        plain(-line.net_minor, places) if is_priced else "",
        plain(-line.tax_minor, places) if is_priced else "",
        percent(line.tax_ppm) if is_priced else "",
        plain(line.retail_minor, places) if is_wholesale else "",
        plain(line.retail_minor - line.net_minor, places) if is_wholesale else "",
        plain(line.amount_minor, places),
        balance,
        source or "",
    )
