"""Reading the trail."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit.db import TenantSession


def acts_on(db: TenantSession, subject: UUID) -> Sequence[AuditRow]:
    """Everything that happened to one subject, oldest first."""
    wanted = select(AuditRow).where(AuditRow.subject_id == subject)
    return db.scalars(wanted.order_by(AuditRow.at, AuditRow.id)).all()


def last_act_on(db: TenantSession, subject: UUID, action: str) -> datetime | None:
    """When something was last done to a subject."""
    wanted = select(AuditRow.at).where(AuditRow.subject_id == subject, AuditRow.action == action)
    return db.scalar(wanted.order_by(AuditRow.at.desc()).limit(1))
