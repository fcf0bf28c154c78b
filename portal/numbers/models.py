"""Telephone numbers: the operator's stock, a white label's numbers, their emergency addresses, and numbers ported in.

The stock is the operator's own tenant's rows, so no number can be in it twice. Handing a block to a white label makes
that white label's rows of it; `StockNumber.holder_id` says whose they are.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantOwned, TenantRow, belongs_to
from portal.numbers.lifecycle import EmergencyState, NumberState, PortState

_KIND = "kind in ('geographic', 'mobile', 'toll_free', 'national', 'other')"


class NumberBlock(TenantRow, Base):
    """Numbers that came into the stock together: one file, one range or one port-in. `count` is how many."""

    __tablename__ = "number_block"
    __table_args__ = (Index("ix_number_block_newest", "white_label_id", "created_at", "id"),)

    name: Mapped[str]
    count: Mapped[int] = mapped_column(default=0)
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("white_label.id"))
    handed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]


class StockNumber(TenantRow, Base):
    """A number the operator has. `price_class` is the code of the service that is charged for it each month.

    One with `retired_at` is offered to nobody: no white label has a row of it, and its block does not count it.
    """

    __tablename__ = "stock_number"
    __table_args__ = (
        belongs_to("block_id", "number_block"),
        UniqueConstraint("white_label_id", "e164"),
        Index("ix_stock_number_block", "white_label_id", "block_id", "e164"),
        Index("ix_stock_number_holder", "white_label_id", "holder_id", "e164"),
        Index("ix_stock_number_country", "white_label_id", "country", "e164"),
        CheckConstraint(_KIND, name="kind"),
    )

    e164: Mapped[str]
    kind: Mapped[str]
    country: Mapped[str]
    area: Mapped[str] = mapped_column(default="")
    price_class: Mapped[str]
    needs_address: Mapped[bool]
    block_id: Mapped[UUID]
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("white_label.id"))
    retired_at: Mapped[datetime | None]


class Number(TenantRow, Base):
    """A number of a white label. `account_id` is whom it is reserved for or assigned to, `user_id` whose it is there.

    `until` is the end of a reservation or of a quarantine. The database keeps a number to one account at a time by
    itself: it is one row, and only a conditional update moves it.
    """

    __tablename__ = "number"
    __table_args__ = (
        belongs_to("account_id", "account"),
        belongs_to("user_id", "users"),
        UniqueConstraint("white_label_id", "e164"),
        Index("ix_number_account", "white_label_id", "account_id", "e164"),
        Index("ix_number_free", "white_label_id", "state", "country", "area", "e164"),
        CheckConstraint(_KIND, name="kind"),
        CheckConstraint("state in ('free', 'reserved', 'assigned', 'quarantined')", name="state"),
        CheckConstraint("(state in ('reserved', 'assigned')) = (account_id is not null)", name="whose"),
        CheckConstraint("(state in ('reserved', 'quarantined')) = (until is not null)", name="until"),
    )

    e164: Mapped[str]
    kind: Mapped[str]
    country: Mapped[str]
    area: Mapped[str] = mapped_column(default="")
    price_class: Mapped[str]
    needs_address: Mapped[bool]
    state: Mapped[str] = mapped_column(default=NumberState.FREE.value)
    account_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    until: Mapped[datetime | None]
    reserved_by: Mapped[str | None]
    assigned_at: Mapped[datetime | None]


class EmergencyAddress(TenantOwned, Base):
    """Where help is sent when an emergency is called from a number. Gone when the number is released."""

    __tablename__ = "emergency_address"
    __table_args__ = (
        belongs_to("number_id", "number"),
        CheckConstraint("state in ('entered', 'validated', 'registered')", name="state"),
    )

    number_id: Mapped[UUID] = mapped_column(primary_key=True)
    line1: Mapped[str]
    line2: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    state: Mapped[str] = mapped_column(default=EmergencyState.ENTERED.value)
    problem: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    entered_at: Mapped[datetime] = mapped_column(default=now)
    entered_by: Mapped[str]
    validated_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]


class PortRequest(TenantRow, Base):
    """Numbers that a customer account moves here. `numbers` are E.164, with the kind, country and area of each, and
    what is wanted of it once it is here (`preparing.Wish`)."""

    __tablename__ = "port_request"
    __table_args__ = (
        belongs_to("account_id", "account"),
        Index("ix_port_request_account", "white_label_id", "account_id", "created_at"),
        Index("ix_port_request_state", "white_label_id", "state", "created_at"),
        CheckConstraint(
            "state in ('submitted', 'accepted', 'scheduled', 'completed', 'rejected', 'cancelled')", name="state"
        ),
    )

    reference: Mapped[str]
    account_id: Mapped[UUID]
    numbers: Mapped[list[Any]]
    losing_provider: Mapped[str]
    losing_account: Mapped[str] = mapped_column(default="")
    wanted_day: Mapped[date]
    agreed_day: Mapped[date | None]
    state: Mapped[str] = mapped_column(default=PortState.SUBMITTED.value)
    answer: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
    moved_at: Mapped[datetime] = mapped_column(default=now)


class PortDocument(TenantRow, Base):
    """A paper of a port-in request, such as the letter of authority: a PDF, PNG or JPEG as it was uploaded."""

    __tablename__ = "port_document"
    __table_args__ = (
        belongs_to("port_request_id", "port_request"),
        Index("ix_port_document_request", "white_label_id", "port_request_id", "created_at"),
    )

    port_request_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
