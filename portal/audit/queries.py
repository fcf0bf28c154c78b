"""Reading the trail."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from portal.audit.models import AuditRow
from portal.kit.db import TenantSession


def acts_on(db: TenantSession, subject: UUID) -> Sequence[AuditRow]:
    """Everything that happened to one subject, oldest first."""
    wanted = select(AuditRow).where(AuditRow.subject_id == subject)
    return db.scalars(wanted.order_by(AuditRow.at, AuditRow.id)).all()


def last_acts_on(db: TenantSession, subjects: Sequence[UUID], action: str) -> dict[UUID, datetime]:
    """When something was last done to each subject to which it was done."""
    if not subjects:
        return {}
    wanted = select(AuditRow.subject_id, func.max(AuditRow.at)).where(
        AuditRow.subject_id.in_(subjects), AuditRow.action == action
    )
    return {subject: at for subject, at in db.execute(wanted.group_by(AuditRow.subject_id)) if subject is not None}
