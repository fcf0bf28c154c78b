"""What changes the people of an account: inviting, joining, adding, roles, removal."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from portal.accounts.commands import add_member
from portal.accounts.guards import LIVE
from portal.accounts.lifecycle import Role, State
from portal.accounts.models import Account, Membership
from portal.accounts.queries import is_staff, members_of
from portal.activation import commands as activation
from portal.audit.commands import Actor, record
from portal.identity.commands import LinkIsDead, LoginNameTaken, add_user, send_password_link, set_password
from portal.identity.models import User
from portal.identity.queries import user_by_login
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.kit.sessions import end_sessions
from portal.letters import commands as letters
from portal.numbers.assigning import forget_person
from portal.pbx.commands import forget_member
from portal.people.models import Invitation
from portal.people.queries import PURPOSE, administrators_besides, is_live, is_member, membership_of, open_invitations
from portal.people.rules import may_be_main_contact

LIFE = timedelta(days=7)
# A letter may wait in the outbox; the invitation's own life begins when the letter leaves.
UNSENT_LIFE = timedelta(days=30)
MOST_OPEN = 100


class LastAdministrator(Refusal):
    heading = "Somebody has to run this account"
    text = "This is its last administrator. Make somebody else administrator first."


class MainContact(Refusal):
    heading = "Letters about the account go to this person"
    text = "Make somebody else the main contact first."


class MainContactPays(Refusal):
    heading = "The main contact is an administrator"
    text = "Letters ask this person to pay, which only administrators can. Make somebody else the main contact first."


class OneOfTheWhiteLabel(Refusal):
    heading = "This person works for the white label"
    text = "Their place on the account is theirs to give up."


class MemberAlready(Refusal):
    heading = "This person belongs to the account already"
    text = "Change their role in the list instead."


class HasPassword(Refusal):
    heading = "No letter is needed"
    text = "The person has a password, and can have it reset from the sign-in page."


class TooManyOpen(Refusal):
    heading = "Too many invitations are open"
    text = f"At most {MOST_OPEN} can wait at once. Revoke some, or wait until they are taken up."


def invite(db: TenantSession, account: Account, address: str, role: Role, *, by: Actor) -> Invitation | None:
    """Invite one address; None when its person is a member already. An open invitation of the address is replaced."""
    if is_member(db, account.id, address):
        return None
    waiting = open_invitations(db, account.id)
    if len(waiting) >= MOST_OPEN:
        raise TooManyOpen
    for older in waiting:
        if older.address == address.casefold():
            revoke(db, older, by=by)
    invitation = Invitation(account_id=account.id, address=address.casefold(), role=role.value, invited_by=by.name)
    db.put(invitation)
    record(db, "people.invited", by=by, subject=account.id, address=invitation.address, role=role.value)
    if account.state in LIVE:
        _mail(db, account, invitation)
    return invitation


def _mail(db: TenantSession, account: Account, invitation: Invitation) -> None:
    token = tokens.issue(PURPOSE, db.tenant, invitation.id, invitation.address)
    invitation.digest, invitation.expires_at = tokens.digest(token), now() + UNSENT_LIFE
    letters.write(
        db,
        "invitation",
        to=letters.Recipient(invitation.address, invitation.address),
        about=account.id,
        link=letters.Link(PURPOSE, invitation.id, "/invitations", int(LIFE.total_seconds())),
        inviter=invitation.invited_by,
        organisation=account.name,
        role=Role(invitation.role).words,
    )


@letters.when_sent(PURPOSE)
def start_life(db: TenantSession, link_id: UUID, sent_at: datetime) -> None:
    invitation = db.load(Invitation, link_id)
    if invitation is not None:
        invitation.sent_at, invitation.expires_at = sent_at, sent_at + LIFE


def invite_again(db: TenantSession, account: Account, invitation: Invitation, *, by: Actor) -> None:
    """A new letter with a new link; the older link dies with its invitation."""
    revoke(db, invitation, by=by)
    invite(db, account, invitation.address, Role(invitation.role), by=by)


def revoke(db: TenantSession, invitation: Invitation, *, by: Actor) -> None:
    """Raises LinkIsDead for one that was taken up or revoked before."""
    claimed = db.scalar(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Invitation.id)
    )
    if claimed is None:
        raise LinkIsDead("The invitation was taken up or revoked before.")
    letters.withdraw(db, invitation.id)
    record(db, "people.invitation-revoked", by=by, subject=invitation.account_id, address=invitation.address)


def join(db: TenantSession, invitation_id: UUID, user: User) -> Account:
    """Take an invitation up, once. Raises LinkIsDead when it cannot be any more, or its account is not open."""
    invitation = db.load(Invitation, invitation_id)
    account = db.locked(Account, invitation.account_id) if invitation is not None else None
    if invitation is None or account is None or account.state not in LIVE or not is_live(invitation):
        raise LinkIsDead
    if account.is_run_by_customer and is_staff(db, user.id):
        raise OneOfTheWhiteLabel("The white label's own people do not join what is the customer's to run.")
    claimed = db.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(used_at=now(), user_id=user.id)
        .returning(Invitation.id)
    )
    if claimed is None:
        raise LinkIsDead
    add_member(db, account, user, Role(invitation.role))
    joined = Actor("customer", user.id, user.display_name)
    record(db, "people.joined", by=joined, subject=account.id, role=invitation.role)
    return account


def join_as_new(db: TenantSession, invitation_id: UUID, *, name: str, password: str) -> User:
    """The same for somebody who has no login yet: the invited address becomes it. Raises LoginNameTaken besides."""
    invitation = db.load(Invitation, invitation_id)
    if invitation is None or not is_live(invitation):
        raise LinkIsDead
    user = add_user(db, login_name=invitation.address, display_name=name, email=invitation.address)
    set_password(db, user, password)
    join(db, invitation_id, user)
    return user


def add_person(
    db: TenantSession, account: Account, *, login_name: str, display_name: str, email: str, role: Role, by: Actor
) -> User:
    """Add somebody without asking them: a new login, which gets a letter to set its password, or a known one.

    While the account is inactive the letter waits for the activation. Raises LoginNameTaken for one of the white
    label's own people on an account that is the customer's to run.
    """
    user = user_by_login(db, login_name)
    if user is not None and account.is_run_by_customer and is_staff(db, user.id):
        raise LoginNameTaken
    if user is not None and membership_of(db, account.id, user.id) is not None:
        raise MemberAlready
    if user is None:
        user = add_user(db, login_name=login_name, display_name=display_name, email=email)
    add_member(db, account, user, role)
    record(db, "people.added", by=by, subject=account.id, person=user.display_name, role=role.value)
    if account.state in LIVE and user.password_hash is None:
        send_password_link(db, user, "set-password")
    return user


def mail_password_link(db: TenantSession, account: Account, user_id: UUID, *, by: Actor) -> None:
    """The letter to set a password once more, to a member who never did. Raises NotFound or HasPassword."""
    _, user = _held_member(db, account, user_id, by)
    if user.password_hash is not None or account.state not in LIVE:
        raise HasPassword
    send_password_link(db, user, "set-password")
    record(db, "people.password-letter", by=by, subject=account.id, person=user.display_name)


def send_what_waits(db: TenantSession, account: Account) -> None:
    """The account became active: its invitations go out, and whoever was added may set a password."""
    for invitation in open_invitations(db, account.id):
        if invitation.digest is None:
            _mail(db, account, invitation)
    for membership, user in members_of(db, account.id):
        chooses_it_here = membership.is_primary and account.is_run_by_customer
        if user.password_hash is None and not chooses_it_here:
            send_password_link(db, user, "set-password")


def change_role(db: TenantSession, account: Account, user_id: UUID, role: Role, *, by: Actor) -> bool:
    """Whether it is another role than before, which ends the person's sessions.

    Raises NotFound, LastAdministrator, MainContactPays or OneOfTheWhiteLabel.
    """
    membership, user = _held_member(db, account, user_id, by)
    if membership.role == role:
        return False
    if membership.role == Role.ADMINISTRATOR:
        _refuse_last(db, account, user_id)
    if membership.is_primary and not may_be_main_contact(account, role):
        raise MainContactPays
    record(db, "people.role-changed", by=by, subject=account.id, person=user.display_name, role=role.value)
    membership.role = role.value
    end_sessions(db, user.get_id())
    return True


def remove(db: TenantSession, account: Account, user_id: UUID, *, by: Actor) -> None:
    """Raises NotFound, LastAdministrator, MainContact or OneOfTheWhiteLabel; ends the person's sessions."""
    membership, user = _held_member(db, account, user_id, by)
    if membership.is_primary:
        raise MainContact
    if membership.role == Role.ADMINISTRATOR:
        _refuse_last(db, account, user_id)
    db.delete(membership)
    forget_person(db, account, user_id)
    db.flush()
    forget_member(db, account, user)
    end_sessions(db, user.get_id())
    record(db, "people.removed", by=by, subject=account.id, person=user.display_name)


def make_main_contact(db: TenantSession, account: Account, user_id: UUID, *, by: Actor) -> None:
    """Letters about the account go to this person from now on. Not before the activation, which is one person's.

    Raises NotFound, MainContact, MainContactPays or OneOfTheWhiteLabel.
    """
    membership, user = _held_member(db, account, user_id, by)
    if account.state == State.INACTIVE:
        raise MainContact("Until the account is active its main contact stays; correct the address instead.")
    if not may_be_main_contact(account, Role(membership.role)):
        raise MainContactPays("Letters ask the main contact to pay. Make this person administrator first.")
    everybody = update(Membership).where(Membership.account_id == account.id)
    db.execute(everybody.values(is_primary=Membership.user_id == membership.user_id))
    record(db, "people.main-contact", by=by, subject=account.id, person=user.display_name)


def _held_member(db: TenantSession, account: Account, user_id: UUID, by: Actor) -> tuple[Membership, User]:
    """A member who may be changed by this person; the account's row is held, so that two removals cannot race."""
    db.locked(Account, account.id)
    membership, user = membership_of(db, account.id, user_id), db.load(User, user_id)
    if membership is None or user is None:
        raise NotFound
    if is_staff(db, user_id) and not (by.id is not None and is_staff(db, by.id)):
        raise OneOfTheWhiteLabel
    return membership, user


def _refuse_last(db: TenantSession, account: Account, user_id: UUID) -> None:
    if administrators_besides(db, account.id, user_id) == 0:
        raise LastAdministrator


def listen() -> None:
    """Let activation tell us about accounts. Called once, when the house is put together."""
    activation.after_activation[:] = [send_what_waits]
