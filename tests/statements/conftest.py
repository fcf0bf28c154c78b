"""A white label that has lived through some months, and the figures of its books beside the statements."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.ledger.entry import Book, credit_of
from portal.ledger.models import JournalLine, LedgerAccount
from portal.statements.models import StatementLine
from portal.statements.statement import Month
from tests.accounts.making import OPTION_1, active, customer

NOVEMBER, DECEMBER, JANUARY = Month(date(2026, 11, 1)), Month(date(2026, 12, 1)), Month(date(2027, 1, 1))


@pytest.fixture
def own(db, northwind, clock):
    """Birch, run by its customer, who paid 50.00 and was charged 6.00 for the set-up and 12.00 for the first month."""
    return active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)


@pytest.fixture
def december(clock):
    """The month of the cast is over."""
    clock.advance(days=30)
    return clock


def lines_of(db, statement):
    wanted = select(StatementLine).where(StatementLine.statement_id == statement.id)
    return list(db.scalars(wanted.order_by(StatementLine.position)))


def journal(db, account, book=Book.RETAIL):
    """Every entry's effect on an account's credit, as its owner sees it, by entry."""
    wanted = (
        select(JournalLine.entry_id, JournalLine.amount_minor)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.ledger_account_id)
        .where(LedgerAccount.book == book.value, LedgerAccount.code == credit_of(account.id))
    )
    return {entry_id: -amount for entry_id, amount in db.execute(wanted)}
