"""What the people pages show, as ready words."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.guards import LIVE
from portal.accounts.lifecycle import Role, Side, State
from portal.accounts.models import Account, Membership
from portal.accounts.queries import is_administrator_of_all, is_staff, members_of
from portal.identity.factors import words_on_factors
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.letters.models import Letter
from portal.letters.queries import letters_by_link
from portal.pbx.queries import newest
from portal.people.models import Invitation
from portal.people.queries import is_live, open_invitations
from portal.people.rules import may_be_main_contact, roles_to_give, why_read_only
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import since


@dataclass(frozen=True)
class PersonLine:
    """`lost_phone` leads to where the white label takes away a second factor, when there is one."""

    id: UUID
    name: str
    login_name: str
    role: str
    role_value: str
    notes: str
    warning: str
    is_primary: bool
    may_change: bool
    keeps_role: bool
    may_be_main: bool
    may_get_letter: bool
    lost_phone: str


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


def people_page(db: TenantSession, desk: Desk, viewer_id: UUID) -> PeoplePage:
    tenant = white_label(db)
    members, mailed = members_of(db, desk.account.id), letters_by_link(db, desk.account.id, "invitation")
    factors = words_on_factors(db, [user.id for _, user in members]) if desk.side is Side.WHITE_LABEL else {}
    lost = {user_id: f"/settings/sign-in/{user_id}/lost-phone" for user_id in factors if user_id != viewer_id}
    return PeoplePage(
        desk=desk,
        people=[
            _person(db, desk, membership, user, tenant, viewer_id, lost.get(user.id, ""))
            for membership, user in members
        ],
        invitations=[_invitation(i, mailed.get(i.id), tenant) for i in open_invitations(db, desk.account.id)],
        read_only=why_read_only(desk.side, desk.account),
        is_inactive=desk.account.state == State.INACTIVE,
    )


def removal_effects(db: TenantSession, desk: Desk, person: User, viewer: User) -> list[str]:
    """What removing a person does, as it is for this one: they may be the viewer, or of the white label itself."""
    tenant, them = white_label(db), "You" if person.id == viewer.id else "They"
    if is_administrator_of_all(db, person.id):
        effects = [f"{them} can still open this account as administrator of {tenant.name}, but no longer belong to it."]
    else:
        effects = [f"{them} can no longer open this account, from the next page on."]
    if person.id == viewer.id:
        effects.append("This is you: you are signed out at once.")
    if any(each.user_id == person.id for each in newest(db, desk.account.id)[1].extensions):
        whose = "Your" if person.id == viewer.id else "Their"
        effects.append(
            f"{whose} extensions stay, as devices: the telephones can no longer sign in, and messages are no longer"
            " mailed nor calls forwarded outside."
        )
    if person.id == viewer.id:
        return [*effects, "Other accounts stay open to you.", "Another administrator can invite you again."]
    return [*effects, "Other accounts they belong to stay open to them.", "You can invite them again."]


def _person(
    db: TenantSession,
    desk: Desk,
    membership: Membership,
    user: User,
    tenant: WhiteLabel,
    viewer_id: UUID,
    lost_phone: str,
) -> PersonLine:
    staff, can_be_main = is_staff(db, user.id), may_be_main_contact(desk.account, Role(membership.role))
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
        warning=_warning(desk) if user.id == viewer_id else "",
        is_primary=membership.is_primary,
        may_change=Role(membership.role) in desk.roles and (not staff or desk.side is Side.WHITE_LABEL),
        keeps_role=membership.is_primary and can_be_main and desk.account.is_run_by_customer,
        may_be_main=not membership.is_primary and can_be_main and desk.account.state != State.INACTIVE,
        may_get_letter=user.password_hash is None and desk.account.state in LIVE,
        lost_phone=lost_phone,
    )


def _warning(desk: Desk) -> str:
    """What becomes of whoever changes their own role."""
    lost = " As anything but an administrator you can no longer open this page." if desk.side is Side.ACCOUNT else ""
    return f"This is you: another role signs you out.{lost}"


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
