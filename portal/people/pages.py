"""What the people pages show, as ready words."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.guards import LIVE
from portal.accounts.lifecycle import Role, Side, State
from portal.accounts.models import Account, Membership
from portal.accounts.queries import is_staff, members_of
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.letters.models import Letter
from portal.letters.queries import letters_by_link
from portal.people.models import Invitation
from portal.people.queries import is_live, open_invitations
from portal.people.rules import roles_to_give, why_read_only
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import since


@dataclass(frozen=True)
class PersonLine:
    id: UUID
    name: str
    login_name: str
    role: str
    role_value: str
    notes: str
    is_primary: bool
    may_change: bool
    may_get_letter: bool


@dataclass(frozen=True)
class InvitationLine:
    id: UUID
    address: str
    role: str
    state: str
    words: str


@dataclass(frozen=True)
class Desk:
    """One account's people, looked at from one side."""

    side: Side
    account: Account

    @property
    def base(self) -> str:
        return f"/{self.side.value}/{self.account.id}"

    @property
    def roles(self) -> tuple[Role, ...]:
        return roles_to_give(self.side, self.account)


@dataclass(frozen=True)
class PeoplePage:
    desk: Desk
    people: list[PersonLine]
    invitations: list[InvitationLine]
    read_only: str
    is_inactive: bool


def people_page(db: TenantSession, desk: Desk) -> PeoplePage:
    tenant = white_label(db)
    members, mailed = members_of(db, desk.account.id), letters_by_link(db, desk.account.id, "invitation")
    return PeoplePage(
        desk=desk,
        people=[_person(db, desk, membership, user, tenant) for membership, user in members],
        invitations=[_invitation(i, mailed.get(i.id), tenant) for i in open_invitations(db, desk.account.id)],
        read_only=why_read_only(desk.side, desk.account),
        is_inactive=desk.account.state == State.INACTIVE,
    )


def _person(db: TenantSession, desk: Desk, membership: Membership, user: User, tenant: WhiteLabel) -> PersonLine:
    staff = is_staff(db, user.id)
    notes = []
    if membership.is_primary:
        notes.append("Main contact")
    if staff:
        notes.append(f"Works for {tenant.name}")
    notes.append(f"Signed in {since(user.last_sign_in_at, tenant)}" if user.last_sign_in_at else "Never signed in")
    return PersonLine(
        id=user.id,
        name=user.display_name,
        login_name=user.login_name,
        role=Role(membership.role).words,
        role_value=membership.role,
        notes=" · ".join(notes),
        is_primary=membership.is_primary,
        may_change=Role(membership.role) in desk.roles and (not staff or desk.side is Side.WHITE_LABEL),
        may_get_letter=user.password_hash is None and desk.account.state in LIVE,
    )


def _invitation(invitation: Invitation, letter: Letter | None, tenant: WhiteLabel) -> InvitationLine:
    role = Role(invitation.role).words
    if letter is not None and letter.state == "bounced":
        words = f"The letter came back: {letter.last_answer}"
        return InvitationLine(invitation.id, invitation.address, role, "bounced", words)
    if invitation.digest is None:
        return InvitationLine(invitation.id, invitation.address, role, "queued", "Mailed when the account is active")
    if invitation.sent_at is None:
        return InvitationLine(invitation.id, invitation.address, role, "queued", "The letter is on its way")
    words = f"Mailed {since(invitation.sent_at, tenant)} by {invitation.invited_by}"
    if not is_live(invitation):
        return InvitationLine(invitation.id, invitation.address, role, "expired", f"{words}, not taken up in time")
    return InvitationLine(invitation.id, invitation.address, role, "waiting", words)
