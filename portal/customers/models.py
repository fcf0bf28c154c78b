"""A search of the customer list that somebody gave a name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class SavedView(TenantRow, Base):
    """`query` is the part of the address after the question mark. A view belongs to the person who saved it."""

    __tablename__ = "saved_view"
    __table_args__ = (belongs_to("user_id", "users"), UniqueConstraint("white_label_id", "user_id", "name"))

    user_id: Mapped[UUID]
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
