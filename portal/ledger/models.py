"""The journal's tables. Entries and lines are append-only: triggers refuse update and delete on both databases."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow


class LedgerAccount(TenantRow, Base):
    """One account of one book, with its maintained balance: the sum of its lines, debits positive."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("white_label_id", "book", "code"),
        UniqueConstraint("white_label_id", "book", "id"),
        CheckConstraint("book in ('retail', 'wholesale')", name="book"),
    )

    book: Mapped[str]
    code: Mapped[str]
    currency: Mapped[str]
    balance_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    lines: Mapped[int] = mapped_column(BigInteger, default=0)


class JournalEntry(TenantRow, Base):
    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("white_label_id", "source"),
        UniqueConstraint("white_label_id", "book", "id"),
        Index("ix_journal_entry_at", "white_label_id", "book", "at"),
    )

    book: Mapped[str]
    source: Mapped[str]
    currency: Mapped[str]
    description: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class JournalLine(TenantOwned, Base):
    """One line of an entry. Both of its keys carry the book, so no line can leave its entry's book."""

    __tablename__ = "journal_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["white_label_id", "book", "entry_id"],
            ["journal_entry.white_label_id", "journal_entry.book", "journal_entry.id"],
        ),
        ForeignKeyConstraint(
            ["white_label_id", "book", "ledger_account_id"],
            ["ledger_account.white_label_id", "ledger_account.book", "ledger_account.id"],
        ),
        Index("ix_journal_line_account", "white_label_id", "ledger_account_id", "entry_id"),
        CheckConstraint("amount_minor <> 0", name="amount"),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str]
    ledger_account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
