"""Reading the trail."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit.db import TenantSession


def acts_on(db: TenantSession, subject: UUID) -> Sequence[AuditRow]:
    """Everything that happened to one subject, oldest first."""
    wanted = select(AuditRow).where(AuditRow.subject_id == subject)
    return db.scalars(wanted.order_by(AuditRow.at, AuditRow.id)).all()
