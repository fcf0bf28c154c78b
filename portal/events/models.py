"""What happened in a white label that somebody outside may want to hear of: one row an event, in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow


class Event(TenantRow, Base):
    """A past fact, named like `number.assigned`. Append-only; ids are in the order in which events were raised."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_account", "white_label_id", "account_id", "id"),)

    name: Mapped[str]
    account_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=now)
