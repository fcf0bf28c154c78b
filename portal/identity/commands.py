"""What changes people: adding them, inviting staff, setting and resetting passwords."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.audit.commands import SYSTEM, Actor, record
from portal.identity.links import kill_address_changes, kill_password_links
from portal.identity.models import PasswordLink, User
from portal.identity.passwords import hash_password, problem_with
from portal.identity.queries import factor_of, fits, user_by_login
from portal.kit import tokens
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotFound, Refusal
from portal.kit.sessions import end_sessions
from portal.kit.settings import current
from portal.letters import commands as letters
from portal.whitelabels.queries import white_label

LIVES = {"set-password": timedelta(days=7), "password-reset": timedelta(hours=1)}
PATHS = {"set-password": "/password/set", "password-reset": "/password/reset"}
# A letter may wait in the outbox for days; the link's own life begins when the letter leaves.
UNSENT_LIFE = timedelta(days=30)


class LoginNameTaken(Refusal):
    heading = "This login name is taken"

    def __init__(self) -> None:
        super().__init__("Somebody here signs in with this name already. Choose another.", field="login_name")


class LinkIsDead(Refusal):
    status = 410
    heading = "This link no longer works"
    text = "It was used, replaced by a newer one, or its time is over. Ask for a new one."


class PasswordRefused(Refusal):
    status = 422
    heading = "The password needs another look"


def add_user(
    db: TenantSession,
    *,
    login_name: str,
    display_name: str,
    email: str,
    password_hash: str | None = None,
    must_change_password: bool = False,
) -> User:
    """Raises LoginNameTaken. `email` receives the letters; the login name is never mailed to."""
    if user_by_login(db, login_name) is not None:
        raise LoginNameTaken
    return _put(
        db,
        User(
            login_name=login_name.strip().casefold(),
            display_name=display_name,
            email=email,
            password_hash=password_hash,
            must_change_password=must_change_password,
        ),
    )


def _put(db: TenantSession, user: User) -> User:
    try:
        return db.put(user)
    except IntegrityError as error:  # somebody else took the name since we looked
        raise LoginNameTaken from error


def send_password_link(db: TenantSession, user: User, purpose: str, *, has_denied: bool = False) -> PasswordLink:
    """Write the letter with a new single-use link; older links of the person die, and their waiting letters too.

    `has_denied` says that the password of before opens nothing any more, since a thief knew it.
    """
    kill_password_links(db, user)
    link_id = new_id()
    token = tokens.issue(purpose, db.tenant, link_id, user.email)
    link = PasswordLink(
        id=link_id, user_id=user.id, purpose=purpose, digest=tokens.digest(token), expires_at=now() + UNSENT_LIFE
    )
    db.put(link)
    sent_as = letters.Link(purpose, link.id, PATHS[purpose], int(LIVES[purpose].total_seconds()))
    letters.write(
        db,
        purpose,
        to=letters.Recipient(user.email, user.display_name),
        link=sent_as,
        login_name=user.login_name,
        has_denied=has_denied,
    )
    return link


@letters.when_sent("set-password")
@letters.when_sent("password-reset")
def start_life(db: TenantSession, link_id: UUID, sent_at: datetime) -> None:
    link = db.load(PasswordLink, link_id)
    if link is not None:
        link.expires_at = sent_at + LIVES[link.purpose]


def redeem_password_link(db: TenantSession, link_id: UUID, password: str) -> User:
    """Set the password that the link was for, end every session of its person. Raises LinkIsDead or PasswordRefused."""
    link = db.load(PasswordLink, link_id)
    user = db.load(User, link.user_id) if link is not None else None
    if link is None or user is None or not fits(link, user):
        raise LinkIsDead
    refuse_weak(db, password, user)
    claimed = db.scalar(
        update(PasswordLink)
        .where(
            PasswordLink.id == link_id,
            PasswordLink.used_at.is_(None),
            PasswordLink.dead_at.is_(None),
            PasswordLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(PasswordLink.id)
    )
    if claimed is None:
        raise LinkIsDead
    set_password(db, user, password)
    _end_lock(db, user)
    record(db, "password.set", by=Actor("user", user.id, user.display_name), subject=user.id)
    if link.purpose == "password-reset":
        tell_of_new_password(db, user)
    return user


def _end_lock(db: TenantSession, user: User) -> None:
    """Whoever guessed codes knew the password that is gone now: the count of their guesses begins anew."""
    factor = factor_of(db, user.id)
    if factor is not None:
        factor.wrong, factor.locks, factor.locked_until = 0, 0, None


def change_password(db: TenantSession, user: User, password: str, *, session_kept: str | None) -> None:
    """A person's own change: every other session ends, and a letter tells of it. Raises PasswordRefused."""
    refuse_weak(db, password, user)
    set_password(db, user, password, session_kept=session_kept)
    record(db, "password.changed", by=Actor("user", user.id, user.display_name), subject=user.id)
    tell_of_new_password(db, user)


def tell_of_new_password(db: TenantSession, user: User) -> None:
    """To the address on file, so that somebody whose password was taken hears of it (ASVS 5.0.0, 6.3.7)."""
    letters.write(
        db,
        "password-changed",
        to=letters.Recipient(user.email, user.display_name),
        login_name=user.login_name,
        url=current().address(white_label(db).host, "/password/forgotten"),
    )


def set_password(db: TenantSession, user: User, password: str, *, session_kept: str | None = None) -> None:
    """Store the hash, end the person's other sessions, and let no older link set it or move the letters."""
    user.password_hash = hash_password(password)
    user.must_change_password = False
    kill_password_links(db, user)
    kill_address_changes(db, user)
    end_sessions(db, user.get_id(), except_name=session_kept)


def rename(db: TenantSession, user_id: UUID, display_name: str) -> None:
    user = db.locked(User, user_id)
    if user is None:
        raise NotFound
    before, user.display_name = user.display_name, display_name
    if before != display_name:
        by = Actor("user", user.id, before)
        record(db, "person.renamed", by=by, subject=user.id, before=before, after=display_name)


def refuse_weak(db: TenantSession, password: str, user: User) -> None:
    """Raises PasswordRefused, naming the form field `password`."""
    problem = problem_with(password, names=(white_label(db).name, user.login_name, user.display_name))
    if problem is not None:
        raise PasswordRefused(problem, field="password")


def request_reset(db: TenantSession, login_name: str) -> None:
    """Mail a reset link if there is such a person with a password. The caller's answer is the same either way."""
    user = user_by_login(db, login_name)
    if user is None or not user.is_active:
        return
    if user.password_hash is not None:
        send_password_link(db, user, "password-reset")
        record(db, "password.reset-requested", by=SYSTEM, subject=user.id)
    elif _was_asked_to_set(db, user):
        send_password_link(db, user, "set-password")


def _was_asked_to_set(db: TenantSession, user: User) -> bool:
    """Somebody who starts from a set-password letter, lost or expired; an Option 1 customer starts from another."""
    wanted = select(PasswordLink.id).where(PasswordLink.user_id == user.id, PasswordLink.purpose == "set-password")
    return db.scalar(wanted.limit(1)) is not None
