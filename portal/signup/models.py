"""A customer being prepared. Creating it claims the draft, so one draft makes one customer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class Draft(TenantRow, Base):
    """`answers` holds what the steps took, by step; a password only as its hash."""

    __tablename__ = "signup_draft"
    __table_args__ = (belongs_to("user_id", "users"), belongs_to("account_id", "account"))

    user_id: Mapped[UUID]
    administration: Mapped[str]
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    account_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
