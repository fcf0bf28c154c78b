"""Making, renewing and ending a white label's provisioning key."""

import secrets
from datetime import timedelta

from sqlalchemy import select, update

from portal.audit.commands import Actor, record
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.provisioning.models import ProvisioningKey

PREFIX = "pbx_"
NOTED_EVERY = timedelta(minutes=1)


def make_key(db: TenantSession, *, by: Actor) -> str:
    """A new key, returned this once; the one before is dead at once."""
    is_renewal = end_key(db, by=by, is_noted=False)
    key = PREFIX + secrets.token_urlsafe(32)
    db.put(ProvisioningKey(digest=tokens.digest(key), hint=key[-4:], made_by=by.name))
    record(db, "provisioning.key-renewed" if is_renewal else "provisioning.key-made", by=by, hint=key[-4:])
    return key


def end_key(db: TenantSession, *, by: Actor, is_noted: bool = True) -> bool:
    """Let no PBX in any more; says whether there was a key."""
    ended = db.scalar(
        update(ProvisioningKey)
        .where(ProvisioningKey.ended_at.is_(None))
        .values(ended_at=now())
        .returning(ProvisioningKey.hint)
        .execution_options(synchronize_session="fetch")
    )
    if ended is not None and is_noted:
        record(db, "provisioning.key-ended", by=by, hint=ended)
    return ended is not None


def key_in_use(db: TenantSession) -> ProvisioningKey | None:
    return db.scalar(select(ProvisioningKey).where(ProvisioningKey.ended_at.is_(None)))


def note_use(db: TenantSession, key: ProvisioningKey) -> None:
    """When the key was last used, to the minute: it is told to people, and nothing depends on it."""
    is_due = ProvisioningKey.used_at.is_(None) | (ProvisioningKey.used_at <= now() - NOTED_EVERY)
    db.execute(update(ProvisioningKey).where(ProvisioningKey.id == key.id, is_due).values(used_at=now()))


def is_use_due(key: ProvisioningKey) -> bool:
    return key.used_at is None or key.used_at <= now() - NOTED_EVERY
