"""One e-mail to one person, from queue to sent, failed, bounced or withdrawn. No text and no token is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow

CAME_BACK = ("failed", "bounced")
"""Given up by us, and refused for good by a mail server: at delivery, or later."""


class Letter(TenantRow, Base):
    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_about", "white_label_id", "about_id", "created_at"),
        Index("ix_letter_state", "white_label_id", "state", "created_at"),
        CheckConstraint("state in ('queued', 'sent', 'failed', 'bounced', 'withdrawn')", name="state"),
    )

    name: Mapped[str]
    to_address: Mapped[str]
    to_name: Mapped[str]
    about_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]
    link_purpose: Mapped[str | None]
    link_id: Mapped[UUID | None]
    link_path: Mapped[str | None]
    link_life_s: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    last_answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    came_back_at: Mapped[datetime | None]
    """When it was refused for good, at delivery or later."""

    @property
    def came_back(self) -> bool:
        return self.state in CAME_BACK
