"""A white label's rules for unpaid accounts, and the case of each account that is in arrears."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.arrears.steps import Place, Step
from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to


class ArrearsPolicy(TenantOwned, Base):
    """Days for each step; 0 leaves the step out. Without a row the defaults hold."""

    __tablename__ = "arrears_policy"

    low_days: Mapped[int] = mapped_column(default=7)
    suspend_days: Mapped[int] = mapped_column(default=14)
    close_days: Mapped[int] = mapped_column(default=0)
    warn_days: Mapped[int] = mapped_column(default=7, server_default=text("7"))
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class ArrearsCase(TenantRow, Base):
    """From the first notice until the account is in credit again, or closed. `since` is the day its step began.

    `told` is the day of the next step as the last letter named it. `pause_id` is the pause that the case's own
    suspension began: while it is open the account is suspended for being unpaid, and for nothing else.
    """

    __tablename__ = "arrears_case"
    __table_args__ = (
        belongs_to("account_id", "account"),
        Index(
            "uq_arrears_case_one_open",
            "white_label_id",
            "account_id",
            unique=True,
            sqlite_where=text("ended_on is null"),
            postgresql_where=text("ended_on is null"),
        ),
        CheckConstraint("step in ('low', 'overdue', 'suspended', 'closed')", name="step"),
    )

    account_id: Mapped[UUID]
    opened_on: Mapped[date]
    step: Mapped[str]
    since: Mapped[date]
    told: Mapped[date | None]
    pause_id: Mapped[UUID | None]
    ended_on: Mapped[date | None]

    @property
    def place(self) -> Place:
        return Place(Step(self.step), self.since, self.told)
