"""One act of one person or of the portal itself. Rows never change: triggers refuse it on both databases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow


class AuditRow(TenantRow, Base):
    __tablename__ = "audit_row"
    __table_args__ = (Index("ix_audit_row_subject", "white_label_id", "subject_id", "at"),)

    at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    subject_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
