"""Signing in: passwords and recovery codes are judged while no transaction is open, as that takes long on purpose."""

from collections.abc import Callable
from uuid import UUID

import structlog
from flask import session
from flask_login import current_user, login_user

from portal.audit.commands import Actor, record
from portal.identity import factors, passwords
from portal.identity.guards import SHOWN, look_again
from portal.identity.models import User
from portal.identity.queries import user_by_login
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.refusals import Refusal
from portal.kit.sessions import browser_session

log = structlog.get_logger()

BEGAN = "began_at"
JUST_NOW_S = 900

Gate = Callable[[TenantSession, User], None]
gates: list[Gate] = []


class NotYet(Refusal):
    """The password is right, but the rules keep this person out for now. Raised by a gate."""

    status = 403
    heading = "You cannot sign in yet"
    # Nobody looked at payments here, and there may be one.
    moved = ""


def gate(check: Gate) -> Gate:
    """Register a rule that may keep a person out although the password is right; it raises NotYet."""
    gates.append(check)
    return check


def sign_in(login_name: str, password: str) -> User | None:
    """The person when name and password fit, else None after the same work. Raises NotYet from a gate."""
    with reading() as db:
        known = user_by_login(db, login_name)
    stored = known.password_hash if known is not None else None
    if not passwords.is_right(password, stored) or known is None or not known.is_active:
        log.info("sign_in.refused", login=login_name[:254])
        return None
    with transaction() as db:
        user = db.load(User, known.id)
        if user is None:
            return None
        for check in gates:
            check(db, user)
        if user.password_hash and passwords.needs_rehash(user.password_hash):
            user.password_hash = passwords.hash_password(password)
    begin_session(user)
    return user


def begin_session(user: User, *, keep: str = "") -> None:
    """Sign a person in under a new session name, so that a name planted before is worth nothing.

    Whoever owes a second factor is at the door with it, and no further. `keep` names the one thing of the session
    before that is gone on with, such as the link that was opened.
    """
    kept = {keep: session[keep]} if keep in session else {}
    session.clear()
    session.update(kept)
    browser_session.rotate()
    login_user(user)
    session[BEGAN] = now().timestamp()
    look_again()
    if current_user.is_authenticated:
        _note_arrival(user)


def gave_password_just_now() -> bool:
    """Whether this session began moments ago: then asking for the password once more shows nothing new."""
    return bool(now().timestamp() - session.get(BEGAN, 0) < JUST_NOW_S)


def show_factor(user: User, words: str) -> bool:
    """Let somebody in whose code counts: an app's, or a recovery code. Raises FactorLocked or NoFactor."""
    judged = factors.judge(user, words)
    with transaction() as db:
        is_right = factors.claim(db, user, judged)
    if not is_right:
        log.info("factor.refused", login=user.login_name)
        return False
    log.info("factor.shown", by="app" if isinstance(judged.code, int) else "recovery")
    pass_the_door(user, judged.factor_id)
    return True


def pass_the_door(user: User, factor_id: UUID) -> None:
    """This session has seen the factor, and has another name from now on (7.2.4)."""
    owed_it = not current_user.is_authenticated
    session[SHOWN] = str(factor_id)
    browser_session.rotate()
    look_again()
    if owed_it:
        _note_arrival(user)


def _note_arrival(user: User) -> None:
    with transaction() as db:
        known = db.load(User, user.id)
        if known is not None:
            known.last_sign_in_at = now()
            record(db, "signed-in", by=Actor("user", user.id, user.display_name), subject=user.id)
