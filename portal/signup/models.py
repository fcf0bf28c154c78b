"""A customer being prepared. Creating it claims the draft, so one draft makes one customer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to
from portal.kit.lines import breaks_line, turns

UNFINISHED = "unfinished"
LONGEST_NAME = 120


class Draft(TenantRow, Base):
    """`answers` holds what the steps took, by step; a password only as its hash.

    Under `UNFINISHED` it holds, by step again, what was left half filled: nobody has looked whether it is right.
    """

    __tablename__ = "signup_draft"
    __table_args__ = (belongs_to("user_id", "users"), belongs_to("account_id", "account"))

    user_id: Mapped[UUID]
    administration: Mapped[str]
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    account_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]

    @property
    def unfinished(self) -> dict[str, Any]:
        found: dict[str, Any] = self.answers.get(UNFINISHED, {})
        return found

    def kept(self, step: str) -> dict[str, Any]:
        """What a step's page begins with: what was left half filled there, or what it took."""
        found: dict[str, Any] = self.unfinished.get(step) or self.answers.get(step) or {}
        return found

    def is_finished(self, step: str) -> bool:
        return step in self.answers and step not in self.unfinished

    @property
    def name(self) -> str:
        """The customer's, as far as it is known; empty for one that no page could show."""
        found = str(self.kept("contact").get("name") or "")
        return "" if len(found) > LONGEST_NAME or breaks_line(found) or turns(found) else found
