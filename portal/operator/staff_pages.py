"""The operator's own staff as ready words, and whose second factor the operator may take away."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.queries import is_staff
from portal.audit.commands import Actor
from portal.identity.factors import person_with_factor, words_on_factors
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment


@dataclass(frozen=True)
class StaffLine:
    """`href` leads to where a lost phone is taken care of; one's own is somebody else's to see to."""

    name: str
    login_name: str
    factor: str
    seen: str
    href: str


def staff_lines(db: TenantSession, reader_id: UUID) -> list[StaffLine]:
    """Everybody with a login on the operator's host."""
    people = list(db.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.display_name, User.id)))
    tenant, factors = white_label(db), words_on_factors(db, [user.id for user in people])
    return [
        StaffLine(
            name=user.display_name,
            login_name=user.login_name,
            factor=factors.get(user.id, "None"),
            seen=moment(user.last_sign_in_at, tenant) if user.last_sign_in_at else "Not yet",
            href=f"/operator/staff/{user.id}/lost-phone" if user.id in factors and user.id != reader_id else "",
        )
        for user in people
    ]


def member_or_404(db: TenantSession, user_id: UUID, *, by: Actor) -> User:
    """Staff of the white label, with a factor; its customers are its own to help. Raises NotFound or NoFactor."""
    if not is_staff(db, user_id):
        raise NotFound
    return person_with_factor(db, user_id, by=by)
