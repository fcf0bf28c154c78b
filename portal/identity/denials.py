"""“This was not me”: whoever gets the letters of a person undoes a factor that a thief of the password set up."""

import secrets
from datetime import datetime
from uuid import UUID

from portal.audit.commands import Actor, record
from portal.identity.commands import LinkIsDead, send_password_link, set_password
from portal.identity.factors import DENIAL, DENIAL_LIFE, forget
from portal.identity.models import SecondFactor, User
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.letters import commands as letters


@letters.when_sent(DENIAL)
def start_life(db: TenantSession, factor_id: UUID, sent_at: datetime) -> None:
    factor = db.load(SecondFactor, factor_id)
    if factor is not None:
        factor.deniable_until = sent_at + DENIAL_LIFE


def factor_of_token(db: TenantSession, token: str) -> SecondFactor | None:
    """The factor whose letter carried the token, while it can be denied. Where letters go by now does not count."""
    try:
        claim = tokens.read(DENIAL, token)
    except tokens.BadToken:
        return None
    return deniable(db, claim.link_id) if claim.white_label_id == db.tenant else None


def deniable(db: TenantSession, factor_id: UUID) -> SecondFactor | None:
    """The factor, while it is there and its week is not over."""
    factor = db.load(SecondFactor, factor_id)
    is_open = factor is not None and factor.deniable_until is not None and factor.deniable_until > now()
    return factor if is_open else None


def deny(db: TenantSession, factor_id: UUID) -> User:
    """The factor goes, every session ends, the password opens nothing, and a letter lets the person choose another.

    Whoever set the factor up knew the password, so it must not open what the factor closed. Raises LinkIsDead.
    """
    db.locked(SecondFactor, factor_id)
    factor = deniable(db, factor_id)
    user = db.load(User, factor.user_id) if factor is not None else None
    if user is None or not user.is_active:
        raise LinkIsDead("It was used, the second factor is gone, or its time is over.")
    forget(db, user.id)
    set_password(db, user, secrets.token_urlsafe(32))
    send_password_link(db, user, "password-reset", has_denied=True)
    record(db, "factor.denied", by=Actor("user", user.id, user.display_name), subject=user.id)
    return user
