"""What was issued, as it was issued. All of it is append-only: triggers refuse update and delete on both databases.

Amounts are minor units as the account's owner sees them: what adds to its credit is positive, a charge is negative.
`seller` and `buyer` hold the details of the day of issue. Numbers are gapless for a tenant and a kind of document.

`account_id` has no foreign key anywhere here. Checking one locks the account's row, and payments lock that row after
what a writer of documents holds: two would wait for each other. The rows that documents are made from do have theirs.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to


class Statement(TenantRow, Base):
    """One account's month in the white label's time zone. `taxes` has a rate, a net sum and its tax a row."""

    __tablename__ = "statement"
    __table_args__ = (
        belongs_to("ledger_account_id", "ledger_account"),
        UniqueConstraint("white_label_id", "book", "sequence"),
        UniqueConstraint("white_label_id", "number"),
        UniqueConstraint("white_label_id", "ledger_account_id", "month"),
        Index("ix_statement_newest", "white_label_id", "month", "id"),
        Index("ix_statement_account", "white_label_id", "account_id", "month"),
        CheckConstraint("book in ('retail', 'wholesale')", name="book"),
        CheckConstraint("closing_minor = opening_minor + paid_minor + charged_minor", name="sum"),
    )

    number: Mapped[str]
    sequence: Mapped[int]
    book: Mapped[str]
    account_id: Mapped[UUID]
    ledger_account_id: Mapped[UUID]
    month: Mapped[date]
    last_day: Mapped[date]
    currency: Mapped[str]
    opening_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    charged_minor: Mapped[int] = mapped_column(BigInteger)
    closing_minor: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    taxes: Mapped[list[Any]]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime] = mapped_column(default=now)


class StatementLine(TenantOwned, Base):
    """A journal entry of a statement's account, a charge, or both: on one statement and no other, as the keys say.

    A charge has the customer it was made for, its period, net amount and tax; wholesale has the retail price beside it.
    One that costs nothing has no entry.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        belongs_to("statement_id", "statement"),
        belongs_to("ledger_account_id", "ledger_account"),
        belongs_to("entry_id", "journal_entry"),
        belongs_to("charge_id", "charge"),
        UniqueConstraint("white_label_id", "ledger_account_id", "entry_id"),
        UniqueConstraint("white_label_id", "charge_id"),
        CheckConstraint("charge_id is not null or kind not in ('charge', 'credit')", name="of_its_charge"),
        CheckConstraint("entry_id is not null or (charge_id is not null and amount_minor = 0)", name="of_something"),
    )

    statement_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    ledger_account_id: Mapped[UUID]
    entry_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    kind: Mapped[str]
    day: Mapped[date]
    reference: Mapped[str]
    description: Mapped[str]
    note: Mapped[str]
    account_id: Mapped[UUID | None]
    customer: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    tax_ppm: Mapped[int]
    retail_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class Receipt(TenantRow, Base):
    """That card money arrived: one for each funding that succeeded."""

    __tablename__ = "receipt"
    __table_args__ = (
        belongs_to("funding_id", "funding"),
        UniqueConstraint("white_label_id", "sequence"),
        UniqueConstraint("white_label_id", "number"),
        UniqueConstraint("white_label_id", "funding_id"),
        Index("ix_receipt_account", "white_label_id", "account_id", "day"),
    )

    number: Mapped[str]
    sequence: Mapped[int]
    funding_id: Mapped[UUID]
    account_id: Mapped[UUID]
    day: Mapped[date]
    reference: Mapped[str]
    card: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime] = mapped_column(default=now)


class CreditNote(TenantRow, Base):
    """That a charge on a statement was given back, in whole or in part. Its amounts are positive: what is credited."""

    __tablename__ = "credit_note"
    __table_args__ = (
        belongs_to("credit_id", "charge"),
        belongs_to("charge_id", "charge"),
        belongs_to("statement_id", "statement"),
        UniqueConstraint("white_label_id", "book", "sequence"),
        UniqueConstraint("white_label_id", "number"),
        UniqueConstraint("white_label_id", "credit_id"),
        Index("ix_credit_note_statement", "white_label_id", "statement_id"),
        Index("ix_credit_note_charge", "white_label_id", "charge_id"),
        CheckConstraint("book in ('retail', 'wholesale')", name="book"),
        CheckConstraint("net_minor >= 0 and tax_minor >= 0", name="not_negative"),
    )

    number: Mapped[str]
    sequence: Mapped[int]
    book: Mapped[str]
    credit_id: Mapped[UUID]
    charge_id: Mapped[UUID]
    statement_id: Mapped[UUID]
    statement_number: Mapped[str]
    account_id: Mapped[UUID]
    day: Mapped[date]
    description: Mapped[str]
    reason: Mapped[str]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    tax_ppm: Mapped[int]
    currency: Mapped[str]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime] = mapped_column(default=now)
