"""Finding people. Login names are case-folded before they are compared."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from portal.identity.models import PasswordLink, RecoveryCode, SecondFactor, User
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession


def user_by_login(db: TenantSession, login_name: str) -> User | None:
    return db.scalar(select(User).where(User.login_name == login_name.strip().casefold()))


def live_password_link(db: TenantSession, purpose: str, token: str) -> PasswordLink | None:
    """The unused, unexpired link behind a token of this tenant and purpose, still bound to its person's address."""
    try:
        claim = tokens.read(purpose, token)
    except tokens.BadToken:
        return None
    link = db.load(PasswordLink, claim.link_id) if claim.white_label_id == db.tenant else None
    if link is None or link.purpose != purpose or not tokens.same(link.digest, tokens.digest(token)):
        return None
    user = db.load(User, link.user_id)
    return link if user is not None and fits(link, user) and is_live(link) else None


def password_link(db: TenantSession, link_id: UUID) -> PasswordLink | None:
    """The link that a browser opened before, if it would still open now."""
    link = db.load(PasswordLink, link_id)
    user = db.load(User, link.user_id) if link is not None else None
    return link if link is not None and user is not None and is_live(link) and fits(link, user) else None


def fits(link: PasswordLink, user: User) -> bool:
    """Whether the link was made for the address that the person still has, and the person may still sign in."""
    wanted = tokens.digest(tokens.issue(link.purpose, link.white_label_id, link.id, user.email))
    return user.is_active and tokens.same(link.digest, wanted)


def is_live(link: PasswordLink) -> bool:
    return link.used_at is None and link.dead_at is None and link.expires_at > now()


def factor_of(db: TenantSession, user_id: UUID) -> SecondFactor | None:
    return db.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id))


def factors_of(db: TenantSession, user_ids: Sequence[UUID]) -> list[tuple[UUID, SecondFactor]]:
    """Of those people who have one."""
    found = db.scalars(select(SecondFactor).where(SecondFactor.user_id.in_(user_ids))) if user_ids else ()
    return [(factor.user_id, factor) for factor in found]


def unused_code(db: TenantSession, factor_id: UUID, name: str) -> RecoveryCode | None:
    """The recovery code whose first group this is, unless it was used."""
    wanted = select(RecoveryCode).where(RecoveryCode.factor_id == factor_id, RecoveryCode.name == name)
    return db.scalar(wanted.where(RecoveryCode.used_at.is_(None)))


def codes_left(db: TenantSession, factor_id: UUID) -> int:
    wanted = select(func.count(RecoveryCode.id)).where(RecoveryCode.factor_id == factor_id)
    return db.scalar(wanted.where(RecoveryCode.used_at.is_(None))) or 0
