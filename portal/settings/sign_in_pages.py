"""Who signs in here and with what, as ready words."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.queries import members_of, white_label_account
from portal.identity.factors import words_on_factors
from portal.identity.models import User
from portal.kit.db import TenantSession, holds
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment

SHOWN = 20


@dataclass(frozen=True)
class Line:
    """One person; `href` leads to where their lost phone is taken care of, when they have one to lose."""

    name: str
    login_name: str
    role: str
    factor: str
    seen: str
    href: str


@dataclass(frozen=True)
class SignInPage:
    staff: list[Line]
    found: list[Line]
    asked: str
    is_cut: bool


def sign_in_page(db: TenantSession, asked: str, reader_id: UUID) -> SignInPage:
    """The white label's own people, and whoever's login name or name has the words that were asked for."""
    members = members_of(db, white_label_account(db).id)
    roles = {user.id: membership.role.capitalize() for membership, user in members}
    found = _people_named(db, asked) if asked else []
    everybody = {user.id: user for user in (*(user for _, user in members), *found)}
    lines = _lines(db, list(everybody.values()), roles, reader_id)
    shown = [lines[user.id] for user in found[:SHOWN]]
    return SignInPage([lines[user.id] for _, user in members], shown, asked, len(found) > SHOWN)


def _people_named(db: TenantSession, asked: str) -> list[User]:
    named = holds(User.login_name, asked) | holds(User.display_name, asked)
    wanted = select(User).where(named, User.disabled_at.is_(None)).order_by(User.login_name)
    return list(db.scalars(wanted.limit(SHOWN + 1)))


def _lines(db: TenantSession, people: list[User], roles: dict[UUID, str], reader_id: UUID) -> dict[UUID, Line]:
    tenant, factors = white_label(db), words_on_factors(db, [user.id for user in people])
    return {
        user.id: Line(
            name=user.display_name,
            login_name=user.login_name,
            role=roles.get(user.id, "Customer"),
            factor=factors.get(user.id, "None"),
            seen=f"Signed in {moment(user.last_sign_in_at, tenant)}" if user.last_sign_in_at else "Not signed in yet",
            href=f"/settings/sign-in/{user.id}/lost-phone" if user.id in factors and user.id != reader_id else "",
        )
        for user in people
    }
