"""Making, renewing and ending a white label's provisioning key."""

import secrets
from datetime import timedelta

from sqlalchemy import select, update

from portal.audit.commands import Actor, record
from portal.kit import tokens
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import Refusal
from portal.provisioning.models import ProvisioningKey

PREFIX = "pbx_"
NOTED_EVERY = timedelta(minutes=1)


class KeyChanged(Refusal):
    """The key in use is not the one that somebody agreed to end: a PBX may have the newer one by now."""

    heading = "The key was changed meanwhile"
    text = "Open the page again to see who made the present key, and when."


def make_key(db: TenantSession, *, by: Actor, seen: str | None = None) -> str:
    """A new key, returned this once; the one before is dead at once.

    `seen` is the id of the key that somebody agreed to end, empty for none. Raises KeyChanged when it is another.
    """
    is_renewal = end_key(db, by=by, is_noted=False, seen=seen)
    key = PREFIX + secrets.token_urlsafe(32)
    made = {"digest": tokens.digest(key), "hint": key[-4:], "made_at": now(), "made_by": by.name}
    if not insert_if_absent(db, ProvisioningKey, id=new_id(), **made):
        raise KeyChanged
    record(db, "provisioning.key-renewed" if is_renewal else "provisioning.key-made", by=by, hint=key[-4:])
    return key


def end_key(db: TenantSession, *, by: Actor, is_noted: bool = True, seen: str | None = None) -> bool:
    """Let no PBX in any more; says whether there was a key. Raises KeyChanged like `make_key`."""
    if seen is not None and seen != stamp(_held_key(db)):
        raise KeyChanged
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


def stamp(key: ProvisioningKey | None) -> str:
    """What tells one key from the next, without a sign of either."""
    return str(key.id) if key is not None else ""


def _held_key(db: TenantSession) -> ProvisioningKey | None:
    """The key in use, locked: nobody else ends it between the look and the act."""
    return db.scalar(select(ProvisioningKey).where(ProvisioningKey.ended_at.is_(None)).with_for_update())


def key_in_use(db: TenantSession) -> ProvisioningKey | None:
    return db.scalar(select(ProvisioningKey).where(ProvisioningKey.ended_at.is_(None)))


def note_use(db: TenantSession, key: ProvisioningKey) -> None:
    """When the key was last used, to the minute: it is told to people, and nothing depends on it."""
    is_due = ProvisioningKey.used_at.is_(None) | (ProvisioningKey.used_at <= now() - NOTED_EVERY)
    db.execute(update(ProvisioningKey).where(ProvisioningKey.id == key.id, is_due).values(used_at=now()))


def is_use_due(key: ProvisioningKey) -> bool:
    return key.used_at is None or key.used_at <= now() - NOTED_EVERY
