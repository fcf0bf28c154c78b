"""Attempts to move card money, and what the gateway told us about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to

OPEN_STATES = ("created", "pending", "unknown")
OPEN_DISPUTES = ("inquiry", "open")
_IS_OPEN = "state in ('created', 'pending', 'unknown')"


class GatewayCustomer(TenantOwned, Base):
    """The gateway's own customer for one account, at one gateway account and in one mode."""

    __tablename__ = "gateway_customer"
    __table_args__ = (belongs_to("account_id", "account"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway_account: Mapped[str] = mapped_column(primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    customer: Mapped[str]


class Funding(TenantRow, Base):
    """One attempt to put card money on an account: created → pending ⇄ unknown → succeeded / failed / expired.

    The row and its idempotency key exist before the gateway is called. `attempt` grows only after a look-up showed
    that the gateway knows nothing of the attempt before.
    """

    __tablename__ = "funding"
    __table_args__ = (
        belongs_to("account_id", "account"),
        UniqueConstraint("white_label_id", "reference"),
        Index(
            "uq_funding_one_open",
            "white_label_id",
            "account_id",
            unique=True,
            sqlite_where=text(_IS_OPEN),
            postgresql_where=text(_IS_OPEN),
        ),
        Index("ix_funding_session", "white_label_id", "checkout_session"),
        Index("ix_funding_intent", "white_label_id", "payment_intent"),
        Index("ix_funding_state", "state", "updated_at"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("state in ('created', 'pending', 'unknown', 'succeeded', 'failed', 'expired')", name="state"),
    )

    reference: Mapped[str]
    account_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default="created")
    attempt: Mapped[int] = mapped_column(default=1)
    gateway_account: Mapped[str]
    livemode: Mapped[bool]
    credential_id: Mapped[UUID]
    checkout_session: Mapped[str | None]
    checkout_url: Mapped[str | None]
    payment_intent: Mapped[str | None]
    last_decline: Mapped[str | None]
    last_problem: Mapped[str | None]
    card: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    settled_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def idempotency_key(self) -> str:
        return f"funding-{self.id}-{self.attempt}"


class GatewayRefund(TenantRow, Base):
    """Money that goes back to the card: created → succeeded / failed. Made before the gateway is asked."""

    __tablename__ = "gateway_refund"
    __table_args__ = (
        belongs_to("funding_id", "funding"),
        CheckConstraint("state in ('created', 'succeeded', 'failed')", name="state"),
        Index("uq_gateway_refund_gateway_id", "white_label_id", "gateway_id", unique=True),
    )

    funding_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="created")
    gateway_id: Mapped[str | None]
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]


class Dispute(TenantRow, Base):
    """The holder of a card contests a payment: inquiry → open → won / lost; an inquiry may end as closed.

    `taken_at` is set once the gateway took the money, `returned_at` once it gave some or all of it back.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        belongs_to("funding_id", "funding"),
        UniqueConstraint("white_label_id", "gateway_id"),
        Index("ix_dispute_funding", "white_label_id", "funding_id"),
        CheckConstraint("state in ('inquiry', 'open', 'won', 'lost', 'closed')", name="state"),
        CheckConstraint("returned_at is null or taken_at is not null", name="returned_after"),
        CheckConstraint("returned_minor between 0 and amount_minor", name="returned"),
    )

    gateway_id: Mapped[str]
    funding_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    state: Mapped[str]
    answer_by: Mapped[datetime | None]
    began_at: Mapped[datetime] = mapped_column(default=now)
    taken_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    returned_minor: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def is_over(self) -> bool:
        return self.state not in OPEN_DISPUTES


class GatewayTest(TenantRow, Base):
    """A payment of the least amount that shows the way works, in test mode only; no account's money, so no entry."""

    __tablename__ = "gateway_test"
    __table_args__ = (
        CheckConstraint("state in ('created', 'open', 'paid', 'refunded', 'expired', 'failed')", name="state"),
        Index("ix_gateway_test_newest", "white_label_id", "created_at"),
    )

    credential_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default="created")
    checkout_session: Mapped[str | None]
    started_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    returned_at: Mapped[datetime | None]
    webhook_at: Mapped[datetime | None]


class WebhookEvent(TenantRow, Base):
    """A signed hint from the gateway that some object changed. Kept until its job has looked the object up."""

    __tablename__ = "webhook_event"
    __table_args__ = (UniqueConstraint("white_label_id", "event"),)

    event: Mapped[str]
    type: Mapped[str]
    object_id: Mapped[str]
    credential_id: Mapped[UUID]
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(default=now)
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
