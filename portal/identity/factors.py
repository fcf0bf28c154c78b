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
# One lock after another lasts longer: whoever knows the password gets ten guesses a day in the end, not a thousand.
LOCKED_FOR = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
TOLD_EVERY = timedelta(days=1)


class FactorLocked(Refusal):
    """Too many wrong codes in a row. The same page as for passwords, and a letter tells the person."""

    status = 429
    heading = "Too many wrong codes"
    ways = (("Choose a new password", "/password/forgotten"),)
    may_need_link = False

    def __init__(self, until: str) -> None:
        super().__init__(
            f"No code counts before {until}, nor does a recovery code. A new password that you choose by mail ends "
            "this at once. Is the phone lost? An administrator can take it away."
        )


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
    """What a typed code would be, if it still counts: an app's of a time-step, a recovery code by its id, or wrong."""

    factor_id: UUID
    code: int | UUID | None


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
    """Whether this is a code of the person's factor, the present or a neighbouring one, or an unused recovery code.

    Raises FactorLocked, before any slow work, or NoFactor.
    """
    parts = parts_of(words)
    with reading() as db:
        factor = factor_of(db, user.id)
        if factor is None:
            raise NoFactor
        _refuse_locked(db, factor)
        spare = unused_code(db, factor.id, parts[0]) if parts is not None else None
    if parts is None:
        return Judged(factor.id, step_of(factor.secret, words, now()))
    is_code = is_right(parts[1], spare.hash if spare is not None else None)
    return Judged(factor.id, spare.id if spare is not None and is_code else None)


def claim(db: TenantSession, user: User, judged: Judged) -> bool:
    """Use the code up; False when it was wrong, which is counted, or right and used before, which is no guess.

    Raises FactorLocked or NoFactor.
    """
    factor = held_factor(db, user.id)
    _refuse_locked(db, factor)
    if judged.factor_id != factor.id or judged.code is None:
        _count_wrong(db, user, factor)
        return False
    if isinstance(judged.code, int):
        is_taken = _takes_step(db, factor, judged.code)
    else:
        is_taken = _takes_recovery(db, user, factor, judged.code)
    if is_taken:
        factor.wrong = factor.locks = 0
    return is_taken


def _refuse_locked(db: TenantSession, factor: SecondFactor) -> None:
    if factor.locked_until is not None and factor.locked_until > now():
        raise FactorLocked(moment(factor.locked_until, white_label(db)))


def held_factor(db: TenantSession, user_id: UUID) -> SecondFactor:
    """The person's factor, locked until the transaction ends. Raises NoFactor."""
    found = factor_of(db, user_id)
    held = db.locked(SecondFactor, found.id) if found is not None else None
    if held is None:
        raise NoFactor
    return held


def _takes_step(db: TenantSession, factor: SecondFactor, step: int) -> bool:
    newer = update(SecondFactor).where(SecondFactor.id == factor.id, SecondFactor.last_step < step)
    return db.scalar(newer.values(last_step=step).returning(SecondFactor.id)) is not None


def _takes_recovery(db: TenantSession, user: User, factor: SecondFactor, code_id: UUID) -> bool:
    unused = update(RecoveryCode).where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None))
    if db.scalar(unused.values(used_at=now()).returning(RecoveryCode.id)) is None:
        return False
    left = codes_left(db, factor.id)
    record(db, "factor.recovery-used", by=_self(user), subject=user.id, left=left)
    tell(db, user, "factor-recovery-used", left=left)
    return True


def _count_wrong(db: TenantSession, user: User, factor: SecondFactor) -> None:
    factor.wrong += 1
    if factor.wrong < GUESSES:
        return
    lasts = LOCKED_FOR[min(factor.locks, len(LOCKED_FOR) - 1)]
    factor.wrong, factor.locks, factor.locked_until = 0, factor.locks + 1, now() + lasts
    record(db, "factor.locked", by=_self(user), subject=user.id, minutes=int(lasts.total_seconds()) // 60)
    if factor.lock_told_at is None or factor.lock_told_at + TOLD_EVERY <= now():
        factor.lock_told_at = now()
        tell(db, user, "factor-locked", until=moment(factor.locked_until, white_label(db)))


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
