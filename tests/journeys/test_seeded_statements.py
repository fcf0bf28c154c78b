"""The demonstration's year: for every account of it, statement, ledger, CSV and PDF are the same to the minor unit."""

from sqlalchemy import select

from portal.accounts.models import Account
from portal.app import create_app
from portal.demo.places import Places
from portal.kit.db import PLATFORM, database, reading
from portal.ledger.entry import Book
from portal.statements.models import Receipt, Statement
from portal.verify import verify
from portal.whitelabels.queries import white_labels
from tests.statements.test_documents import agree
from tests.statements.test_proofs import KINDS


def test_every_statement_of_every_account_agrees(demo: Places):
    create_app(demo.settings())
    with reading(PLATFORM) as db:
        tenants = [tenant.id for tenant in white_labels(db)]
    months = set()
    for tenant in tenants:
        with reading(tenant) as db:
            found = db.execute(select(Statement, Account).join(Account, Account.id == Statement.account_id)).all()
            for statement, account in found:
                agree(db, statement, account, Book(statement.book))
                months.add(statement.month)
            assert {statement.book for statement, _ in found} == {"retail", "wholesale"}
            assert db.scalars(select(Receipt)).first() is not None
    assert len(tenants) == 2 and len(months) >= 12
    assert [words for finding in verify() if finding.what in KINDS for words in finding.differences] == []
    database().dispose()
