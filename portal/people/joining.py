"""Taking an invitation up: who stands at the door, what to ask of them, and letting them in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import session
from flask_login import current_user

from portal.accounts.guards import LIVE
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.identity.commands import PasswordRefused, refuse_weak, send_password_link
from portal.identity.flows import begin_session
from portal.identity.guards import half_signed_in, is_me
from portal.identity.models import User
from portal.identity.passwords import is_right
from portal.identity.queries import user_by_login
from portal.kit.db import TenantSession, transaction
from portal.kit.refusals import NotAllowed
from portal.people import commands
from portal.people.forms import JoinForm, KnownForm, PressForm
from portal.people.models import Invitation
from portal.people.queries import is_live


class Who(StrEnum):
    """Whoever opened the invitation."""

    NEW = "new"  # no login yet: a name and a password
    KNOWN = "known"  # has a login here: its password
    UNSET = "unset"  # has a login without a password yet: the letter that sets it, first
    ME = "me"  # is signed in: one press
    OTHER = "other"  # somebody else is signed in


@dataclass(frozen=True)
class Door:
    invitation: Invitation
    account: Account
    person: User | None

    @property
    def role(self) -> str:
        return Role(self.invitation.role).words

    @property
    def who(self) -> Who:
        if current_user.is_authenticated:
            return Who.ME if self.person is not None and is_me(self.person) else Who.OTHER
        if self.person is None:
            return Who.NEW
        return Who.KNOWN if self.person.password_hash is not None else Who.UNSET

    def form(self) -> Any:
        return {Who.NEW: JoinForm, Who.KNOWN: KnownForm}.get(self.who, PressForm)()


def door(db: TenantSession) -> Door | None:
    """The invitation that this browser opened, if it can still be taken up."""
    opened = session.get("invitation")
    invitation = db.load(Invitation, UUID(opened)) if opened else None
    account = db.load(Account, invitation.account_id) if invitation is not None else None
    if invitation is None or account is None or account.state not in LIVE or not is_live(invitation):
        return None
    return Door(invitation, account, user_by_login(db, invitation.address))


def let_in(at: Door, form: Any) -> bool:
    """Carry out what the form asks for; False when it says beside a field what was wrong. Raises LinkIsDead.

    True for somebody who still owes a second factor, too: nothing is written, and this page waits behind it.
    """
    if at.who is Who.OTHER:
        raise NotAllowed("This invitation is for somebody else. Sign out, then open the link again.")
    if at.who is Who.NEW:
        return _as_new(at, form)
    assert at.person is not None
    if at.who is Who.KNOWN:
        if not (at.person.is_active and is_right(form.password.data or "", at.person.password_hash)):
            form.password.errors = ["This is not the password that you sign in with here."]
            return False
        begin_session(at.person, keep="invitation")
        if half_signed_in() is not None:
            return True
    with transaction() as db:
        person = db.load(User, at.person.id)
        assert person is not None
        if at.who is Who.UNSET:
            send_password_link(db, person, "set-password")
            return False
        commands.join(db, at.invitation.id, person)
    session.pop("invitation", None)
    return True


def _as_new(at: Door, form: JoinForm) -> bool:
    named = User(login_name=at.invitation.address, display_name=form.display_name.data or "")
    try:
        with transaction() as db:
            refuse_weak(db, form.password.data or "", named)
            person = commands.join_as_new(
                db, at.invitation.id, name=named.display_name, password=form.password.data or ""
            )
    except PasswordRefused as refused:
        form.password.errors = [refused.text]
        return False
    begin_session(person)
    return True
