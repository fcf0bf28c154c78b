"""What the pages of the second factor show, as ready words. A new secret waits in the session until it is proved."""

from dataclasses import dataclass

from flask import g, session

from portal.identity.codes import Picture, in_groups, new_secret, picture, step_of
from portal.identity.factors import Fresh, mint
from portal.identity.guards import must_have_factor
from portal.identity.models import User, factor_purpose, sealed_for
from portal.identity.queries import codes_left, factor_of
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.vault import CannotOpen, unseal
from portal.whitelabels.words import moment

WAITING = "second_factor"
WRONG = "This code is wrong, or was used already. Wait for the next one."
WRONG_SPARE = "This code is wrong, or was used already. Write another one of the ten."


@dataclass(frozen=True)
class FactorState:
    """A person's own factor: since when, and how many recovery codes are left."""

    is_on: bool
    since: str = ""
    left: str = ""
    is_low: bool = False
    may_turn_off: bool = False


@dataclass(frozen=True)
class Enrolment:
    """What a phone reads, as a picture and as letters to type."""

    picture: Picture
    groups: str
    login: str


def state_of(db: TenantSession, user: User) -> FactorState:
    factor = factor_of(db, user.id)
    if factor is None:
        return FactorState(is_on=False)
    left = codes_left(db, factor.id)
    words = "1 recovery code is left." if left == 1 else f"{left or 'No'} recovery codes are left."
    return FactorState(True, moment(factor.created_at, g.white_label), words, left < 3, not must_have_factor(user))


def enrolment(user: User) -> Enrolment:
    secret = waiting_secret(user)
    image = picture(secret, login=user.login_name, issuer=g.white_label.name)
    return Enrolment(image, in_groups(secret), user.login_name)


def waiting_secret(user: User) -> str:
    """The secret of the phone that is being set up: made at the first look, kept sealed in the session until it is."""
    try:
        return unseal(session[WAITING], white_label_id=user.white_label_id, purpose=factor_purpose(user.id))
    except (KeyError, CannotOpen):
        secret = new_secret()
        session[WAITING] = sealed_for(user, secret)
        return secret


def shown_right(user: User, code: str) -> Fresh | None:
    """The new phone with its recovery codes, when it shows a code of the secret that waits."""
    secret = waiting_secret(user)
    step = step_of(secret, code, now())
    return None if step is None else Fresh(secret, step, mint())


def forget_waiting() -> None:
    session.pop(WAITING, None)
