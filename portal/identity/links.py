"""Letting a person's open links die, and the letters that still wait with them."""

from collections.abc import Iterable

from sqlalchemy import select

from portal.identity.models import AddressChange, PasswordLink, User
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.letters import commands as letters


def kill_password_links(db: TenantSession, user: User) -> None:
    of_person = select(PasswordLink).where(PasswordLink.user_id == user.id)
    _kill(db, db.scalars(of_person.where(PasswordLink.used_at.is_(None), PasswordLink.dead_at.is_(None))))


def kill_address_changes(db: TenantSession, user: User) -> None:
    of_person = select(AddressChange).where(AddressChange.user_id == user.id)
    _kill(db, db.scalars(of_person.where(AddressChange.used_at.is_(None), AddressChange.dead_at.is_(None))))


def _kill(db: TenantSession, live: Iterable[PasswordLink | AddressChange]) -> None:
    for link in live:
        link.dead_at = now()
        letters.withdraw(db, link.id)
