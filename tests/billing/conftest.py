"""What was charged, read back the way a bookkeeper would."""

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.billing.models import Charge
from portal.billing.usage import bill_the_last
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount


class Books:
    """The charges of one account, and the lines of their entries."""

    def __init__(self, db):
        self.db = db

    def charges(self, account, book=None):
        self.db.flush()
        wanted = select(Charge).where(Charge.account_id == account.id).order_by(Charge.number)
        return [charge for charge in self.db.scalars(wanted) if book in (None, charge.book)]

    def figures(self, account, book):
        return [(c.item, c.net_minor, c.tax_minor) for c in self.charges(account, book)]

    def lines(self, charge):
        """The lines of a charge's entry by code."""
        wanted = (
            select(LedgerAccount.code, JournalLine.amount_minor)
            .join_from(JournalLine, LedgerAccount, LedgerAccount.id == JournalLine.ledger_account_id)
            .where(JournalLine.entry_id == charge.entry_id)
        )
        return {code: amount for code, amount in self.db.execute(wanted)}  # noqa: C416 - rows are no pairs to dict

    def entry(self, charge):
        return self.db.load(JournalEntry, charge.entry_id)


@pytest.fixture
def closing_charges(monkeypatch):
    """As the house is put together: closing charges what was used."""
    monkeypatch.setattr(accounts, "before_closing", [bill_the_last])


@pytest.fixture
def books(db):
    return Books(db)
