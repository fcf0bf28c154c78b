"""Reading invitations and members."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.lifecycle import Role
from portal.accounts.models import Membership
from portal.identity.models import User
from portal.identity.queries import user_by_login
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.world import read_login
from portal.people.models import Invitation

PURPOSE = "invitation"


def open_invitations(db: TenantSession, account_id: UUID) -> Sequence[Invitation]:
    """Those that were neither taken up nor revoked, expired ones included, latest first."""
    wanted = select(Invitation).where(
        Invitation.account_id == account_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
    )
    return db.scalars(wanted.order_by(Invitation.created_at.desc(), Invitation.id.desc())).all()


def invitation_for_token(db: TenantSession, token: str) -> Invitation | None:
    """The invitation behind a token of this tenant, dead or alive; None for a token that is not one of ours."""
    try:
        claim = tokens.read(PURPOSE, token)
    except tokens.BadToken:
        return None
    found = db.load(Invitation, claim.link_id) if claim.white_label_id == db.tenant else None
    if found is None or found.digest is None or not tokens.same(found.digest, tokens.digest(token)):
        return None
    return found


def is_live(invitation: Invitation) -> bool:
    """Whether it can be taken up now; its account has a say besides."""
    is_open = invitation.used_at is None and invitation.revoked_at is None
    return is_open and invitation.expires_at is not None and invitation.expires_at > now()


def membership_of(db: TenantSession, account_id: UUID, user_id: UUID) -> Membership | None:
    return db.scalar(select(Membership).where(Membership.account_id == account_id, Membership.user_id == user_id))


def administrators_besides(db: TenantSession, account_id: UUID, user_id: UUID) -> int:
    """How many others could run the account: whoever never set a password cannot."""
    wanted = select(func.count()).select_from(Membership).join(User, User.id == Membership.user_id)
    runs_it = (
        Membership.account_id == account_id,
        Membership.role == Role.ADMINISTRATOR,
        Membership.user_id != user_id,
    )
    return db.scalar(wanted.where(*runs_it, User.password_hash.is_not(None))) or 0


def is_member(db: TenantSession, account_id: UUID, address: str) -> bool:
    """Whether somebody with this login name, or whose letters go there, belongs to the account already."""
    wanted = select(Membership.user_id).join(User, User.id == Membership.user_id)
    named = (User.login_name == address.casefold()) | (func.lower(User.email) == func.lower(address))
    return db.scalar(wanted.where(Membership.account_id == account_id, named).limit(1)) is not None


def person_with_login(db: TenantSession, words: str) -> User | None:
    """Whoever signs in with what was typed as a login name, if it is one."""
    try:
        return user_by_login(db, read_login(words))
    except ValueError:
        return None
