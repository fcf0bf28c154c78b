"""Credit that operator staff put on a white-label account by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class CreditRequest(TenantRow, Base):
    """`given` at once up to the limit of one person, beyond it `waiting` until somebody else gives or refuses it.

    `decided_*` are that second person; who gave alone was not decided by another. With a `limit_minor` it is for that
    credit limit, and the amount is how much higher that was.
    """

    __tablename__ = "credit_request"
    __table_args__ = (
        belongs_to("account_id", "account"),
        Index("ix_credit_request_asked", "white_label_id", "asked_at", "id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("state in ('waiting', 'given', 'refused')", name="state"),
        CheckConstraint("decided_by_id is null or decided_by_id <> asked_by_id", name="two_people"),
    )

    account_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    asked_by_id: Mapped[UUID]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    decided_by_id: Mapped[UUID | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
