"""What was said stays said: the database refuses changes, whoever asks, on both databases."""

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.activation.models import TermsAcceptance
from portal.audit.models import AuditRow
from portal.billing.models import Charge
from portal.kit.db import PLATFORM, Base, reading, transaction
from portal.kit.ids import new_id
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from tests.cast import on_postgresql, on_sqlite

KEPT: list[type[Base]] = [AuditRow, Charge, JournalEntry, JournalLine, TermsAcceptance]
REFUSED = "append-only|permission denied"


@pytest.fixture(params=KEPT, ids=lambda model: model.__tablename__)
def model(request):
    return request.param


@pytest.fixture(params=["tenant", "platform"])
def scope(request, northwind):
    """The web's login has no right to change them; the platform's owns the tables and still may not."""
    return northwind.id if request.param == "tenant" else PLATFORM


def test_the_cast_has_rows_of_each(northwind, model):
    with reading(northwind.id) as db:
        assert db.scalars(select(model)).first() is not None


def test_a_row_cannot_be_changed(scope, model):
    """Red when the trigger of this table is dropped, with the owner's login on PostgreSQL and any on SQLite."""
    with transaction(scope) as db:
        with pytest.raises(DBAPIError, match=REFUSED):
            db.execute(update(model).values(white_label_id=model.white_label_id))
        db.rollback()


def test_a_row_cannot_be_deleted(scope, model):
    with transaction(scope) as db:
        with pytest.raises(DBAPIError, match=REFUSED):
            db.execute(delete(model))
        db.rollback()


def test_a_loaded_row_cannot_be_changed(northwind):
    with transaction(northwind.id) as db:
        row = db.scalars(select(AuditRow)).first()
        row.actor_name = "Nobody"
        with pytest.raises(DBAPIError, match=REFUSED):
            db.flush()
        db.rollback()


@on_postgresql
def test_a_table_cannot_be_emptied(database, model):
    with database.platform.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(f"truncate {model.__tablename__} cascade"))


@on_sqlite
def test_a_row_cannot_be_replaced(database, cast, model):
    """`insert or replace` deletes without a word. Red without `recursive_triggers`."""
    table = model.__tablename__
    with database.web.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(f"insert or replace into {table} select * from {table}"))


class TestLinks:
    """A line belongs to an entry and an account of its own book and tenant, or it does not exist."""

    @pytest.fixture
    def rows(self, northwind):
        with reading(northwind.id) as db:
            entry = db.scalars(select(JournalEntry).where(JournalEntry.book == "wholesale")).first()
            account = db.scalars(select(LedgerAccount).where(LedgerAccount.book == "wholesale")).first()
        return entry, account

    def add(self, tenant, **values):
        line = {"position": 99, "amount_minor": 5, "book": "wholesale", **values}
        with transaction(tenant) as db:
            db.add(JournalLine(**line))
            with pytest.raises(IntegrityError):
                db.flush()
            db.rollback()

    def test_a_line_in_another_book_than_its_entry(self, northwind, rows):
        entry, account = rows
        self.add(northwind.id, entry_id=entry.id, ledger_account_id=account.id, book="retail")

    def test_a_line_on_an_account_of_another_book(self, northwind, rows):
        entry, _ = rows
        with transaction(northwind.id) as db:
            retail = db.put(LedgerAccount(book="retail", code="new", currency="GBP")).id
        self.add(northwind.id, entry_id=entry.id, ledger_account_id=retail)

    def test_a_line_under_another_tenants_entry(self, kauri, rows):
        entry, _ = rows
        with reading(kauri.id) as db:
            theirs = db.scalars(select(LedgerAccount).where(LedgerAccount.book == "wholesale")).first()
        self.add(kauri.id, entry_id=entry.id, ledger_account_id=theirs.id)

    def test_a_line_on_another_tenants_account(self, kauri, rows):
        _, account = rows
        with reading(kauri.id) as db:
            theirs = db.scalars(select(JournalEntry).where(JournalEntry.book == "wholesale")).first()
        self.add(kauri.id, entry_id=theirs.id, ledger_account_id=account.id)

    def test_a_line_of_nothing(self, northwind, rows):
        entry, account = rows
        self.add(northwind.id, entry_id=entry.id, ledger_account_id=account.id, amount_minor=0)

    def test_a_line_of_no_entry(self, northwind, rows):
        self.add(northwind.id, entry_id=new_id(), ledger_account_id=rows[1].id)

    def test_a_book_that_is_none(self, northwind):
        with transaction(northwind.id) as db:
            db.add(LedgerAccount(book="third", code="x", currency="GBP"))
            with pytest.raises(IntegrityError):
                db.flush()
            db.rollback()
