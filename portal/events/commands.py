"""Telling the outside world: an event is a row in the transaction of the change that it speaks of."""

from typing import Any
from uuid import UUID

from portal.events.models import Event
from portal.kit.db import TenantSession


def raise_event(db: TenantSession, name: str, *, account: UUID | None = None, **facts: Any) -> None:
    """Write an event in the caller's transaction. Facts are plain JSON and hold no secret and no token."""
    db.add(Event(name=name, account_id=account, facts=facts))
