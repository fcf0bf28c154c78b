"""One priced line on behalf of a customer account. Append-only, like the entry that posted it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
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
