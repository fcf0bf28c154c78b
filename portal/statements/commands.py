"""Issuing statements: frozen, numbered without a gap, and each journal entry and charge on one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Account
from portal.kit.bulk import insert_rows
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import Refusal
from portal.kit.series import next_numbers
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import LedgerAccount
from portal.statements.journal import unstated
from portal.statements.letters import tell
from portal.statements.models import Statement, StatementLine
from portal.statements.parties import buyers_of, sellers
from portal.statements.statement import Balance, Line, Month, balance, in_order, is_wanted, moves, taxes
from portal.whitelabels.queries import white_label

SERIES = {Book.RETAIL: ("statement", "S"), Book.WHOLESALE: ("wholesale-statement", "W")}

TOLD_FOR = timedelta(days=31)
"""A statement of an older month is issued without a letter: nobody wants a year of letters on the day of an upgrade."""


class MonthNotOver(Refusal):
    heading = "The month is not over"
    text = "A statement is issued when its month is over in the white label's time zone."


@dataclass(frozen=True)
class _Draft:
    account: Account
    held: LedgerAccount
    balance: Balance
    lines: list[Line]


def book_of(account: Account) -> Book | None:
    """The book in which an account has credit of its own; a customer of Option 2 has none, and gets no statement."""
    if account.kind == "white_label":
        return Book.WHOLESALE
    return Book.RETAIL if account.is_run_by_customer else None


def issue(db: TenantSession, account: Account, month: Month, *, even_empty: bool = False) -> Statement | None:
    """An account's statement of a month, or None when there is nothing to state or a later one was issued.

    Issuing again answers with what was issued. Raises MonthNotOver.
    """
    book = book_of(account)
    if book is None:
        return None
    issue_all(db, book, [account], month, even_empty=even_empty)
    wanted = select(Statement).where(Statement.account_id == account.id, Statement.month == month.first_day)
    return db.scalar(wanted)


def issue_all(
    db: TenantSession, book: Book, accounts: Sequence[Account], month: Month, *, even_empty: bool = False
) -> int:
    """Issue the statements of many accounts of one book at once, and say how many; those issued before are left alone.

    The accounts' credit is locked first, and nothing that others lock after it is waited for. So a posting comes wholly
    before a statement or wholly after it, and of two that issue at once the second finds the statements of the first.
    Raises MonthNotOver.
    """
    refuse_open(db, month)
    drafts = [d for d in _drafts(db, book, accounts, month) if even_empty or _wants(db, d, month)]
    if drafts:
        _write(db, book, month, drafts)
    return len(drafts)


def refuse_open(db: TenantSession, month: Month) -> None:
    """Raises MonthNotOver while the month goes on in the white label's time zone."""
    if month.end(white_label(db).time_zone) > now():
        raise MonthNotOver


def _wants(db: TenantSession, draft: _Draft, month: Month) -> bool:
    was_closed = month.before.has_ended(draft.account.closed_at, white_label(db).time_zone)
    return is_wanted(draft.balance, draft.lines, was_closed=was_closed)


def _drafts(db: TenantSession, book: Book, accounts: Sequence[Account], month: Month) -> list[_Draft]:
    held = _hold(db, book, accounts)
    last = _last_statements(db, [row.id for row in held.values()])
    due = {
        account.id: row
        for account in accounts
        if (row := held.get(credit_of(account.id))) is not None
        and (row.id not in last or last[row.id].month < month.first_day)
    }
    zone = white_label(db).time_zone
    stated = {id: Month(last[row.id].month).end(zone) for id, row in due.items() if row.id in last}
    lines = unstated(db, {id: row.id for id, row in due.items()}, month.end(zone), stated)
    return [
        _Draft(account, row, balance(_closing(last.get(row.id)), lines[account.id]), in_order(lines[account.id]))
        for account in accounts
        if (row := due.get(account.id)) is not None
    ]


def _closing(statement: Statement | None) -> int:
    return statement.closing_minor if statement is not None else 0


def _hold(db: TenantSession, book: Book, accounts: Sequence[Account]) -> dict[str, LedgerAccount]:
    """The credit of these accounts by code, locked in id order until the transaction ends."""
    wanted = (
        select(LedgerAccount)
        .where(LedgerAccount.book == book.value, LedgerAccount.code.in_([credit_of(each.id) for each in accounts]))
        .order_by(LedgerAccount.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.code: row for row in db.scalars(wanted)}


def _last_statements(db: TenantSession, ledger_account_ids: list[UUID]) -> dict[UUID, Statement]:
    later = aliased(Statement)
    newest = (
        select(func.max(later.month)).where(later.ledger_account_id == Statement.ledger_account_id).scalar_subquery()
    )
    wanted = select(Statement).where(Statement.ledger_account_id.in_(ledger_account_ids), Statement.month == newest)
    return {statement.ledger_account_id: statement for statement in db.scalars(wanted)}


def _write(db: TenantSession, book: Book, month: Month, drafts: list[_Draft]) -> None:
    series, letter = SERIES[book]
    seller, buyers = sellers(db)[book], buyers_of(db, [draft.account for draft in drafts])
    numbers = next_numbers(db, series, len(drafts))
    shared = {
        "book": book.value,
        "month": month.first_day,
        "last_day": month.last_day,
        "currency": white_label(db).currency,
        "seller": seller,
        "issued_at": now(),
    }
    rows = [
        {
            **shared,
            "number": f"{letter}-{month.first_day.year}-{n:06d}",
            "sequence": n,
            "buyer": buyers[draft.account.id],
            **_row(draft),
        }
        for draft, n in zip(drafts, numbers, strict=True)
    ]
    insert_rows(db, Statement, rows)
    insert_rows(db, StatementLine, list(_line_rows(rows, drafts)))
    zone = white_label(db).time_zone
    if now() < month.end(zone) + TOLD_FOR:
        both = zip(drafts, rows, strict=True)
        tell(db, book, [(draft.account, row) for draft, row in both if _tells(draft, month, zone)])


def _tells(draft: _Draft, month: Month, zone: str) -> bool:
    """A letter is for what moved, and for the end."""
    closed_at = draft.account.closed_at
    closes = month.has_ended(closed_at, zone) and not month.before.has_ended(closed_at, zone)
    return moves(draft.lines) or closes


def _row(draft: _Draft) -> dict[str, Any]:
    return {
        "id": new_id(),
        "account_id": draft.account.id,
        "ledger_account_id": draft.held.id,
        "opening_minor": draft.balance.opening_minor,
        "paid_minor": draft.balance.paid_minor,
        "charged_minor": draft.balance.charged_minor,
        "closing_minor": draft.balance.closing_minor,
        "lines": len(draft.lines),
        "taxes": [asdict(rate) for rate in taxes(draft.lines)],
    }


def _line_rows(rows: list[dict[str, Any]], drafts: list[_Draft]) -> Iterable[dict[str, Any]]:
    for row, draft in zip(rows, drafts, strict=True):
        for position, line in enumerate(draft.lines, 1):
            yield {
                **vars(line),
                "statement_id": row["id"],
                "ledger_account_id": draft.held.id,
                "position": position,
            }
