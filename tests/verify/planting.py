"""Damage done by SQL, past every guard, as somebody with the database's own tools could do it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.db import PLATFORM, transaction
from portal.kit.ids import new_id
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.verify import verify

APPEND_ONLY = (
    "audit_row", "charge", "charge_credit", "credit_note", "journal_entry", "journal_line", "receipt", "statement",
    "statement_line", "terms_acceptance")


def differences(what: str = "") -> list[str]:
    """What `verify` finds wrong: all of it, or what one of its checks names."""
    return [words for finding in verify() if what in ("", finding.what) for words in finding.differences]


@contextmanager
def unguarded() -> Iterator[Connection]:
    """A connection for which no trigger stands in the way; all of them are back afterwards."""
    with transaction(PLATFORM) as db:
        connection = db.connection()
        if connection.dialect.name == "sqlite":
            triggers = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")).all()
            for name, _ in triggers:
                connection.execute(text(f"drop trigger {name}"))
            yield connection
            for _, sql in triggers:
                connection.execute(text(sql))
        else:
            for table in APPEND_ONLY:
                connection.execute(text(f"alter table {table} disable trigger user"))
            yield connection
            for table in APPEND_ONLY:
                connection.execute(text(f"alter table {table} enable trigger user"))


def change(model: type[Any], *where: Any, **values: Any) -> None:
    """Overwrite columns of the rows that fit; there is at least one."""
    with unguarded() as connection:
        assert connection.execute(model.__table__.update().where(*where).values(**values)).rowcount > 0


def remove(model: type[Any], *where: Any) -> None:
    with unguarded() as connection:
        assert connection.execute(model.__table__.delete().where(*where)).rowcount > 0


def slip_in(tenant: Any, source: str, lines: dict[str, int], *, book: str = "retail") -> None:
    """A balanced entry that nobody's command wrote, with its balances kept."""
    with unguarded() as connection:
        entry_id, accounts = new_id(), LedgerAccount.__table__
        connection.execute(JournalEntry.__table__.insert().values(
            white_label_id=tenant.id, id=entry_id, book=book, source=source, currency=tenant.currency, description="x"))
        for position, (code, amount) in enumerate(lines.items()):
            key = (accounts.c.white_label_id == tenant.id, accounts.c.book == book, accounts.c.code == code)
            account_id = connection.execute(accounts.select().where(*key)).one().id
            connection.execute(JournalLine.__table__.insert().values(
                white_label_id=tenant.id, entry_id=entry_id, position=position, book=book, ledger_account_id=account_id,
                amount_minor=amount))
            moved = {"balance_minor": accounts.c.balance_minor + amount, "lines": accounts.c.lines + 1}
            connection.execute(accounts.update().where(*key).values(**moved))


def add_row(model: type[Any], row: Any, **differing: Any) -> None:
    """A copy of a row under a new id, with what differs."""
    columns = {c.key: getattr(row, c.key) for c in model.__mapper__.column_attrs}
    with unguarded() as connection:
        connection.execute(model.__table__.insert().values(**{**columns, "id": new_id(), **differing}))


def in_transaction(tenant: Any, act: Callable[..., Any]) -> Any:
    with transaction(tenant.id) as db:
        return act(db)


__all__ = ["Account", "Charge", "add_row", "change", "differences", "in_transaction", "remove", "slip_in", "unguarded"]
