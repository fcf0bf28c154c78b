"""One priced line on behalf of a customer account. Append-only, like the entry that posted it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to


class Charge(TenantRow, Base):
    """Amounts are minor units. A wholesale row carries the retail price beside it as a memo, for the margin.

    `period_key` is the first day of the period, or `once`; with the item and the book it keeps a thing from being
    charged twice. The day is the white label's; the period is half-open: `last_day` is the last day inside it.
    """

    __tablename__ = "charge"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("payer_id", "account"),
        belongs_to("entry_id", "journal_entry"),
        UniqueConstraint("white_label_id", "account_id", "item", "period_key", "book"),
        UniqueConstraint("white_label_id", "number"),
        Index("ix_charge_newest", "white_label_id", "book", "day", "id"),
        Index("ix_charge_account_newest", "white_label_id", "book", "account_id", "day", "id"),
        Index("ix_charge_entry", "white_label_id", "entry_id"),
        Index(
            "ix_charge_free",
            "white_label_id",
            "payer_id",
            sqlite_where=text("entry_id is null"),
            postgresql_where=text("entry_id is null"),
        ),
        CheckConstraint("book in ('retail', 'wholesale')", name="book"),
    )

    number: Mapped[str]
    book: Mapped[str]
    account_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    item: Mapped[str]
    description: Mapped[str]
    period_key: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    day: Mapped[date]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    tax_ppm: Mapped[int]
    retail_memo_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    entry_id: Mapped[UUID | None]
    charged_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


class ChargeCredit(TenantOwned, Base):
    """That a negative charge gives another one back, in whole or from a day on. Append-only."""

    __tablename__ = "charge_credit"
    __table_args__ = (
        belongs_to("credit_id", "charge"),
        belongs_to("charge_id", "charge"),
        Index("ix_charge_credit_charge", "white_label_id", "charge_id"),
    )

    credit_id: Mapped[UUID] = mapped_column(primary_key=True)
    charge_id: Mapped[UUID]
    from_day: Mapped[date | None]
    reason: Mapped[str]
    given_by: Mapped[str]


class UsageRecord(TenantRow, Base):
    """So much of a usage service on a day. `reference` is the sender's own, so that a file sent twice counts once."""

    __tablename__ = "usage_record"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("service_id", "service"),
        belongs_to("charge_id", "charge"),
        UniqueConstraint("white_label_id", "reference"),
        Index(
            "ix_usage_record_open",
            "white_label_id",
            "account_id",
            "day",
            sqlite_where=text("charged_at is null"),
            postgresql_where=text("charged_at is null"),
        ),
        Index(
            "ix_usage_record_free",
            "white_label_id",
            "account_id",
            "settled_for",
            sqlite_where=text("charged_at is not null and charge_id is null"),
            postgresql_where=text("charged_at is not null and charge_id is null"),
        ),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    reference: Mapped[str]
    account_id: Mapped[UUID]
    service_id: Mapped[UUID]
    day: Mapped[date]
    quantity: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(default=now)
    charged_at: Mapped[datetime | None]
    charge_id: Mapped[UUID | None]
    settled_for: Mapped[date | None]
    """A day of the period with which it was settled, which is a later one than its own for what came late."""


class BillingRun(TenantRow, Base):
    """Billing one white label through a day. Sums grow with each batch, in the transaction that charges it."""

    __tablename__ = "billing_run"
    __table_args__ = (
        UniqueConstraint("white_label_id", "through_day"),
        CheckConstraint("state in ('running', 'done')", name="state"),
    )

    through_day: Mapped[date]
    state: Mapped[str] = mapped_column(default="running")
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    started_by: Mapped[str]
    accounts: Mapped[int] = mapped_column(default=0)
    charges: Mapped[int] = mapped_column(default=0)
    wholesale_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    retail_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    skipped: Mapped[list[Any]] = mapped_column(default=list)


class ChargeTotal(TenantOwned, Base):
    """What one account was charged in one month of one book: sums that a trigger keeps as charges are inserted.

    `month` is the first day of the month in which the charges fall. `portal verify` adds the charges up again.
    """

    __tablename__ = "charge_total"
    __table_args__ = (belongs_to("account_id", "account"),)

    book: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    charges: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    retail_memo_minor: Mapped[int] = mapped_column(BigInteger)
