"""Writing the trail."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.audit.models import AuditRow
from portal.kit.db import TenantSession


@dataclass(frozen=True)
class Actor:
    """Whoever acts: `kind` is user, operator, customer, command_line or system."""

    kind: str
    id: UUID | None
    name: str


OPERATOR = "operator"
"""The kind of whoever works for the operator, in whose own tenant their id is."""

SYSTEM = Actor("system", None, "The portal")
COMMAND_LINE = Actor("command_line", None, "The command line")


def record(
    db: TenantSession, action: str, *, by: Actor, subject: UUID | None = None, of: UUID | None = None, **details: Any
) -> None:
    """Write one act in the caller's transaction. Details hold no secret and no token.

    `of` is the white label whose act it is, where the session has the platform's scope.
    """
    db.add(
        AuditRow(
            white_label_id=of,
            action=action,
            actor_kind=by.kind,
            actor_id=by.id,
            actor_name=by.name,
            subject_id=subject,
            details=details,
        )
    )
