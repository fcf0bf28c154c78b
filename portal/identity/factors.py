"""The second factor: turned on, shown, moved to another phone, turned off, taken away.

A code counts once (OWASP ASVS 5.0.0, 6.5.1 and 6.5.2): what was typed is judged first, while no transaction is open,
and claimed then in one conditional update. Every change is told by letter (6.3.7) and written down.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from portal.audit.commands import Actor, record
from portal.identity.codes import new_recovery_codes, parts_of, step_of
from portal.identity.models import RecoveryCode, SecondFactor, User, sealed_for
from portal.identity.passwords import hash_password, is_right
from portal.identity.queries import codes_left, factor_of, factors_of, unused_code
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading
from portal.kit.refusals import NotFound, Refusal
from portal.kit.sessions import end_sessions
from portal.kit.settings import current
from portal.letters import commands as letters
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment

# The link of a letter about a new phone, for whoever did not set it up.
DENIAL, DENIAL_LIFE = "not-me", timedelta(days=7)
# A letter may wait in the outbox for days; the link's own life begins when the letter leaves.
UNSENT_LIFE = timedelta(days=30)
GUESSES = 10
LOCKED_FOR = timedelta(minutes=15)


class FactorLocked(Refusal):
    """Too many wrong codes in a row. The same page as for passwords, and a letter tells the person."""

    status = 429
    heading = "Too many tries"
    text = "Wait a quarter of an hour and try again."


class FactorThere(Refusal):
    heading = "You have a second factor already"
    text = "It was set up meanwhile, perhaps in another window."
    ways = (("Your profile", "/profile"),)


class NoFactor(Refusal):
    heading = "There is no second factor"
    text = "It was turned off or taken away meanwhile."


class NotYours(Refusal):
    status = 403
    heading = "This is your own second factor"
    text = "Change it in your profile. When your phone is lost, use a recovery code, or ask somebody else."
    ways = (("Your profile", "/profile"),)


@dataclass(frozen=True)
class Judged:
    """What a typed code would be, if it still counts: an app's code of a time-step, or a recovery code."""

    factor_id: UUID | None = None
    step: int | None = None
    recovery_id: UUID | None = None


@dataclass(frozen=True)
class Fresh:
    """A phone that showed that it has its secret, and recovery codes that nobody has seen yet."""

    secret: str
    step: int
    codes: tuple[tuple[str, str], ...]  # each with the hash of what follows its first group

    @property
    def words(self) -> list[str]:
        return [code for code, _ in self.codes]


def mint() -> tuple[tuple[str, str], ...]:
    """Ten recovery codes with their hashes. Slow on purpose: outside any transaction."""
    return tuple((code, hash_password(_secret_part(code))) for code in new_recovery_codes())


def judge(user: User, words: str) -> Judged:
    """Whether this is a code of the person's factor, the present or a neighbouring one, or an unused recovery code."""
    parts = parts_of(words)
    with reading() as db:
        factor = factor_of(db, user.id)
        spare = unused_code(db, factor.id, parts[0]) if factor is not None and parts is not None else None
    if factor is None:
        return Judged()
    if parts is None:
        return Judged(factor.id, step=step_of(factor.secret, words, now()))
    is_code = is_right(parts[1], spare.hash if spare is not None else None)
    return Judged(factor.id, recovery_id=spare.id if spare is not None and is_code else None)


def claim(db: TenantSession, user: User, judged: Judged) -> bool:
    """Use the code up; False when it was wrong or used before, which is counted. Raises FactorLocked or NoFactor."""
    factor = held_factor(db, user.id)
    if factor.locked_until is not None and factor.locked_until > now():
        raise FactorLocked
    if judged.factor_id == factor.id and (_takes_step(db, judged) or _takes_recovery(db, user, judged)):
        factor.wrong = 0
        return True
    _count_wrong(db, user, factor)
    return False


def held_factor(db: TenantSession, user_id: UUID) -> SecondFactor:
    """The person's factor, locked until the transaction ends. Raises NoFactor."""
    found = factor_of(db, user_id)
    held = db.locked(SecondFactor, found.id) if found is not None else None
    if held is None:
        raise NoFactor
    return held


def _takes_step(db: TenantSession, judged: Judged) -> bool:
    if judged.step is None:
        return False
    newer = update(SecondFactor).where(SecondFactor.id == judged.factor_id, SecondFactor.last_step < judged.step)
    return db.scalar(newer.values(last_step=judged.step).returning(SecondFactor.id)) is not None


def _takes_recovery(db: TenantSession, user: User, judged: Judged) -> bool:
    if judged.recovery_id is None or judged.factor_id is None:
        return False
    unused = update(RecoveryCode).where(RecoveryCode.id == judged.recovery_id, RecoveryCode.used_at.is_(None))
    if db.scalar(unused.values(used_at=now()).returning(RecoveryCode.id)) is None:
        return False
    left = codes_left(db, judged.factor_id)
    record(db, "factor.recovery-used", by=_self(user), subject=user.id, left=left)
    tell(db, user, "factor-recovery-used", left=left)
    return True


def _count_wrong(db: TenantSession, user: User, factor: SecondFactor) -> None:
    factor.wrong += 1
    if factor.wrong < GUESSES:
        return
    factor.wrong, factor.locked_until = 0, now() + LOCKED_FOR
    record(db, "factor.locked", by=_self(user), subject=user.id)
    tell(db, user, "factor-locked")


def turn_on(db: TenantSession, user: User, fresh: Fresh, *, session_kept: str | None) -> SecondFactor:
    """Raises FactorThere. The person's other sessions end: they have not seen the factor."""
    try:
        made = _put(db, user, fresh)
    except IntegrityError as error:
        raise FactorThere from error
    end_sessions(db, user.get_id(), except_name=session_kept)
    record(db, "factor.on", by=_self(user), subject=user.id)
    tell(db, user, "factor-on", link=_to_deny(made))
    return made


def change_phone(
    db: TenantSession, user: User, judged: Judged, fresh: Fresh, *, session_kept: str | None
) -> SecondFactor | None:
    """Another phone and other recovery codes; None when the code of the present one does not count."""
    if not claim(db, user, judged):
        return None
    forget(db, user.id)
    made = _put(db, user, fresh)
    end_sessions(db, user.get_id(), except_name=session_kept)
    record(db, "factor.changed", by=_self(user), subject=user.id)
    tell(db, user, "factor-changed", link=_to_deny(made))
    return made


def renew_codes(db: TenantSession, user: User, judged: Judged, codes: tuple[tuple[str, str], ...]) -> bool:
    """Other recovery codes; the older ones die. False when the code does not count."""
    if not claim(db, user, judged):
        return False
    factor = held_factor(db, user.id)
    _drop_codes(db, factor.id)
    _put_codes(db, factor.id, codes)
    record(db, "factor.codes-renewed", by=_self(user), subject=user.id)
    tell(db, user, "factor-codes-renewed")
    return True


def turn_off(db: TenantSession, user: User, judged: Judged) -> bool:
    """The person's own wish. False when the code does not count."""
    if not claim(db, user, judged):
        return False
    forget(db, user.id)
    record(db, "factor.off", by=_self(user), subject=user.id)
    tell(db, user, "factor-off")
    return True


def person_with_factor(db: TenantSession, user_id: UUID, *, by: Actor) -> User:
    """Somebody else whose factor can be taken away. Raises NotFound, NoFactor, or NotYours for one's own."""
    user = db.load(User, user_id)
    if user is None:
        raise NotFound
    if by.id == user.id:
        raise NotYours
    if factor_of(db, user.id) is None:
        raise NoFactor
    return user


def take_away(db: TenantSession, user_id: UUID, *, reason: str, by: Actor) -> User:
    """Somebody's phone is lost: they are signed out everywhere, and staff set up another one at the next sign-in.

    Raises NotFound, NoFactor, and NotYours for one's own: that would undo the factor without showing it.
    """
    user = person_with_factor(db, user_id, by=by)
    forget(db, user.id)
    end_sessions(db, user.get_id())
    record(db, "factor.taken-away", by=by, subject=user.id, reason=reason)
    tell(db, user, "factor-taken-away", reason=reason, who=by.name)
    return user


def words_on_factors(db: TenantSession, user_ids: list[UUID]) -> dict[UUID, str]:
    """Of those who have one: since when."""
    tenant = white_label(db)
    return {user_id: f"Since {moment(factor.created_at, tenant)}" for user_id, factor in factors_of(db, user_ids)}


def tell(db: TenantSession, user: User, name: str, *, link: letters.Link | None = None, **facts: Any) -> None:
    """To the address on file, so that somebody whose login was taken hears of it.

    Its address is a page that opens to whoever reads the mailbox: the profile would ask for the factor.
    """
    letters.write(
        db,
        name,
        to=letters.Recipient(user.email, user.display_name),
        link=link,
        login_name=user.login_name,
        url=current().address(white_label(db).host, "/password/forgotten"),
        **facts,
    )


def _to_deny(factor: SecondFactor) -> letters.Link:
    return letters.Link(DENIAL, factor.id, "/not-me", int(DENIAL_LIFE.total_seconds()))


def _put(db: TenantSession, user: User, fresh: Fresh) -> SecondFactor:
    made = SecondFactor(
        user_id=user.id,
        sealed_secret=sealed_for(user, fresh.secret),
        last_step=fresh.step,
        deniable_until=now() + UNSENT_LIFE,
    )
    db.put(made)
    _put_codes(db, made.id, fresh.codes)
    return made


def _put_codes(db: TenantSession, factor_id: UUID, codes: tuple[tuple[str, str], ...]) -> None:
    for code, hashed in codes:
        db.put(RecoveryCode(factor_id=factor_id, name=code.partition("-")[0], hash=hashed))


def forget(db: TenantSession, user_id: UUID) -> None:
    """Delete the factor and its recovery codes. Raises NoFactor."""
    factor = held_factor(db, user_id)
    _drop_codes(db, factor.id)
    db.delete(factor)
    db.flush()


def _drop_codes(db: TenantSession, factor_id: UUID) -> None:
    db.execute(delete(RecoveryCode).where(RecoveryCode.factor_id == factor_id))


def _secret_part(code: str) -> str:
    parts = parts_of(code)
    assert parts is not None
    return parts[1]


def _self(user: User) -> Actor:
    return Actor("user", user.id, user.display_name)
