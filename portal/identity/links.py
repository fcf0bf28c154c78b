"""Letting a person's open links die, and the letters that still wait with them."""

from sqlalchemy import select

from portal.identity.models import AddressChange, PasswordLink, User
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.letters import commands as letters


def kill_password_links(db: TenantSession, user: User) -> None:
    _kill(db, PasswordLink, user)


def kill_address_changes(db: TenantSession, user: User) -> None:
    _kill(db, AddressChange, user)


def _kill(db: TenantSession, kind: type[PasswordLink] | type[AddressChange], user: User) -> None:
    live = select(kind).where(kind.user_id == user.id, kind.used_at.is_(None), kind.dead_at.is_(None))
    for link in db.scalars(live):
        link.dead_at = now()
        letters.withdraw(db, link.id)
