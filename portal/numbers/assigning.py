"""Numbers come to an account and go: reserved while somebody decides, assigned, released into quarantine.

Only conditional updates move a number, so whoever races for one, one wins. Every act holds the account's row first and
then the numbers' rows, in the order of their ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from portal.accounts import commands as accounts
from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import is_staff, members_of
from portal.audit.commands import OPERATOR, Actor, record
from portal.audit.models import AuditRow
from portal.billing.beginning import also_begins
from portal.events.commands import raise_event
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.refusals import BadInput, NotFound, Refusal
from portal.numbers import commands
from portal.numbers.charging import begin_with_numbers, charge, refuse_unsold
from portal.numbers.e164 import international
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import EmergencyAddress, Number
from portal.numbers.queries import known_before, was_released_by

RESERVED_FOR = timedelta(minutes=10)
"""Long enough to read a quote, short enough that nobody keeps the good numbers from others."""

QUARANTINE = timedelta(days=30)
"""Callers of the last owner give up within a month or so; a number given out earlier would ring for a stranger."""

TIME_TO_KNOW = timedelta(hours=24)
"""A number that is released sooner was given to nobody yet, so it need not rest."""

MOST_RESERVED = 20
"""An account decides on so many at once, so that one customer cannot reserve a white label's whole stock."""

MOST_A_DAY = 100
"""An account's own people assign so many within A_DAY."""

A_DAY = timedelta(hours=24)


class NumberTaken(Refusal):
    heading = "Somebody was quicker"

    def __init__(self, e164: str) -> None:
        super().__init__(f"{international(e164)} is taken. The others were left alone: choose again.")


class NumberRests(Refusal):
    heading = "This number rests"

    def __init__(self, e164: str) -> None:
        super().__init__(
            f"{international(e164)} was given up not long ago and rests: nobody new gets it yet. "
            "The others were left alone: choose again."
        )


class ReservationOver(Refusal):
    heading = "The ten minutes are over"

    def __init__(self, e164: str) -> None:
        super().__init__(f"{international(e164)} is not reserved for this account any more. Reserve it again.")


class AssignedAlready(Refusal):
    heading = "These numbers are assigned already"
    text = "They were confirmed before, and nothing is charged a second time."


class ReleasedAlready(Refusal):
    heading = "This number is released already"

    def __init__(self, e164: str) -> None:
        super().__init__(f"{international(e164)} was given up before. Nothing moved a second time.")


class TooManyReserved(Refusal):
    heading = "That is a lot to decide on"
    text = f"At most {MOST_RESERVED} numbers are reserved at once. Assign some of them, or give some back."


class EnoughForToday(Refusal):
    heading = "That is enough for one day"
    text = (
        f"An account takes {MOST_A_DAY} numbers within 24 hours, also when it released some of them. "
        "Wait until tomorrow, or ask your provider: it can assign more."
    )


class NoNumbersNow(Refusal):
    """The account's state lets no number come or go."""

    heading = "The account takes no numbers now"


def is_free(moment: Any = None) -> ColumnElement[bool]:
    """Free numbers: also those whose reservation or quarantine has run out, tidied up or not."""
    over = and_(Number.state.in_((NumberState.RESERVED, NumberState.QUARANTINED)), Number.until <= (moment or now()))
    return or_(Number.state == NumberState.FREE, over)


def why_no_numbers(account: Account) -> str:
    """Why none can be assigned now, in words; empty when one can."""
    if account.state == State.INACTIVE and account.is_run_by_customer:
        return "Numbers come once the customer has activated the account: they agreed to a first invoice without any."
    if account.state in (State.SUSPENDED, State.CLOSED):
        return f"Numbers are assigned while the account is active. It is {account.state}."
    return ""


def refuse_closed_doors(account: Account) -> None:
    """Raises NoNumbersNow."""
    if why := why_no_numbers(account):
        raise NoNumbersNow(why)


def reserved_for(db: TenantSession, account_id: UUID) -> Sequence[Number]:
    """The numbers that an account can still decide on, the one that runs out first before others."""
    wanted = select(Number).where(
        Number.account_id == account_id, Number.state == NumberState.RESERVED, Number.until > now()
    )
    return db.scalars(wanted.order_by(Number.until, Number.e164)).all()


def reserve(db: TenantSession, account: Account, number_ids: Iterable[UUID], *, by: Actor) -> None:
    """Keep numbers for the account for ten minutes: all of them or none. Those it has already are left as they are.

    The caller holds the account's row. Raises NumberTaken, TooManyReserved, NoNumbersNow or NotSold.
    """
    refuse_closed_doors(account)
    mine = {number.id for number in reserved_for(db, account.id)}
    wanted = sorted(set(number_ids) - mine)
    if len(mine) + len(wanted) > MOST_RESERVED:
        raise TooManyReserved
    claimed = [_claim(db, account, number_id, by) for number_id in wanted]
    refuse_unsold(db, claimed)


def _claim(db: TenantSession, account: Account, number_id: UUID, by: Actor) -> Number:
    number = db.load(Number, number_id)
    if number is None:
        raise NotFound
    got_it = _move(
        db,
        number_id,
        is_free(),
        state=NumberState.RESERVED.value,
        account_id=account.id,
        user_id=None,
        until=now() + RESERVED_FOR,
        reserved_by=by.name,
        assigned_at=None,
    )
    if got_it is None:
        present = db.locked(Number, number_id)
        rests_now = present is not None and present.state == NumberState.QUARANTINED
        raise NumberRests(number.e164) if rests_now else NumberTaken(number.e164)
    return got_it


def give_back(db: TenantSession, account: Account, number_id: UUID) -> bool:
    """Let a reserved number go, and say whether it was. One that is not reserved for the account is left alone."""
    gone = _move(db, number_id, _reserved_by(account), state=NumberState.FREE.value, **NOBODYS, until=None)
    return gone is not None


def assign(
    db: TenantSession,
    account: Account,
    number_ids: Iterable[UUID],
    *,
    agreed_minor: int | None,
    by: Actor,
    users: Mapping[UUID, UUID] | None = None,
) -> list[Number]:
    """Give the account numbers that are reserved for it, and charge them at the agreed sum. The caller holds its row.

    `users` says whose a number is, by its id. Raises ReservationOver, AssignedAlready, NoNumbersNow, EnoughForToday,
    NotSold, and what billing raises when the price is not that or the money is missing.
    """
    refuse_closed_doors(account)
    whose = users or {}
    _refuse_strangers(db, account, whose.values())
    wanted = sorted(set(number_ids))
    if not wanted:
        raise BadInput("Choose a number first.")
    refuse_too_many_today(db, account, len(wanted), by=by)
    numbers = [_take(db, account, number_id, whose.get(number_id)) for number_id in wanted]
    refuse_unsold(db, numbers)
    charge(db, account, {number.price_class for number in numbers}, agreed_minor=agreed_minor, by=by)
    for number in numbers:
        announce(db, account, number, by=by)
    return numbers


def refuse_too_many_today(db: TenantSession, account: Account, more: int, *, by: Actor) -> None:
    """Raises EnoughForToday when the account's own people would take more than MOST_A_DAY within 24 hours.

    Each number that they release rests, so without an end one customer could empty the stock. The white label's side
    knows what it does, and is not counted; nor is the operator, which brings numbers from other providers. The caller
    holds the account's row.
    """
    if by.id is None or by.kind == OPERATOR or is_staff(db, by.id):
        return
    taken = select(AuditRow.actor_id, func.count()).where(
        AuditRow.subject_id == account.id,
        AuditRow.at > now() - A_DAY,
        AuditRow.action == "number.assigned",
        AuditRow.actor_kind != OPERATOR,
    )
    counted = db.execute(taken.group_by(AuditRow.actor_id))
    own = sum(count for actor_id, count in counted if actor_id is not None and not is_staff(db, actor_id))
    if own + more > MOST_A_DAY:
        raise EnoughForToday


def _take(db: TenantSession, account: Account, number_id: UUID, user_id: UUID | None) -> Number:
    number = db.load(Number, number_id)
    if number is None:
        raise NotFound
    still_mine = and_(_reserved_by(account), Number.until > now())
    taken = _move(
        db,
        number_id,
        still_mine,
        state=NumberState.ASSIGNED.value,
        user_id=user_id,
        until=None,
        reserved_by=None,
        assigned_at=now(),
    )
    if taken is not None:
        return taken
    present = db.locked(Number, number_id)
    is_mine = present is not None and present.state == NumberState.ASSIGNED and present.account_id == account.id
    raise AssignedAlready if is_mine else ReservationOver(number.e164)


def announce(db: TenantSession, account: Account, number: Number, *, by: Actor) -> None:
    """Everybody who has to know that a number is the account's now."""
    record(db, "number.assigned", by=by, subject=account.id, number=number.e164)
    raise_event(db, "number.assigned", account=account.id, number=number.e164, id=str(number.id))


def release(db: TenantSession, account: Account, number_id: UUID, *, agreed_minor: int | None, by: Actor) -> Number:
    """Take a number from the account, which gets the rest of what it paid back. The caller holds its row.

    Raises NotFound when the number is not the account's, ReleasedAlready when it was before, NoNumbersNow unless it is
    active or not active yet, and what billing raises.
    """
    if account.state in (State.SUSPENDED, State.CLOSED):
        raise NoNumbersNow(f"Numbers are released while the account is active. It is {account.state}.")
    number = db.locked(Number, number_id)
    if number is None:
        raise NotFound
    number = _let_go(db, account, number, rests=bool(those_that_rest(db, account, [number])))
    charge(db, account, {number.price_class}, agreed_minor=agreed_minor, by=by)
    _announce_release(db, account, number, by)
    return number


def release_all(db: TenantSession, account: Account, by: Actor) -> None:
    """An account that closes: its numbers go into quarantine, what it only reserved is free. No money moves."""
    wanted = select(Number).where(Number.account_id == account.id).order_by(Number.id).with_for_update()
    held = db.scalars(wanted).all()
    resting = {number.id for number in those_that_rest(db, account, held)}
    for number in held:
        if number.state == NumberState.RESERVED:
            give_back(db, account, number.id)
        else:
            _announce_release(db, account, _let_go(db, account, number, rests=number.id in resting), by)


def _let_go(db: TenantSession, account: Account, number: Number, *, rests: bool) -> Number:
    """The caller holds the number's row."""
    after: dict[str, Any] = {"state": NumberState.FREE.value, "until": None}
    if rests:
        after = {"state": NumberState.QUARANTINED.value, "until": now() + QUARANTINE}
    mine = and_(Number.state == NumberState.ASSIGNED, Number.account_id == account.id)
    gone = _move(db, number.id, mine, **NOBODYS, **after)
    if gone is None:
        raise ReleasedAlready(number.e164) if was_released_by(db, account.id, number.e164) else NotFound
    of_it = delete(EmergencyAddress).where(EmergencyAddress.number_id == number.id)
    db.execute(of_it.execution_options(synchronize_session=False))
    return gone


def those_that_rest(db: TenantSession, account: Account, numbers: Iterable[Number]) -> list[Number]:
    """Those of an account's numbers that somebody may call after their release: known for long enough to others.

    One that nobody can know is free at once; else an account could empty the stock by releasing what it assigns. One
    that came from another provider, or taken back while it rested, was known before it came, and always rests.
    """
    known = known_before(db, account.id, now() - QUARANTINE - TIME_TO_KNOW)
    return [each for each in numbers if each.e164 in known or _was_in_use(account, each)]


def _was_in_use(account: Account, number: Number) -> bool:
    if account.activated_at is None or number.assigned_at is None:
        return False
    return now() - number.assigned_at >= TIME_TO_KNOW


def _announce_release(db: TenantSession, account: Account, number: Number, by: Actor) -> None:
    until = number.until.isoformat() if number.until is not None else None
    record(db, "number.released", by=by, subject=account.id, number=number.e164, until=until)
    facts = {"number": number.e164, "id": str(number.id), "rests_until": until}
    raise_event(db, "number.released", account=account.id, **facts)
    for tell in commands.after_released:
        tell(db, account, number)


def set_user(db: TenantSession, account: Account, number_id: UUID, user_id: UUID | None, *, by: Actor) -> Number:
    """Say whose a number of the account is; nobody's in particular without a person. The caller holds its row."""
    number = db.locked(Number, number_id)
    if number is None or number.state != NumberState.ASSIGNED or number.account_id != account.id:
        raise NotFound
    people = _refuse_strangers(db, account, [user_id] if user_id else [])
    if number.user_id != user_id:
        number.user_id = user_id
        whose = people[user_id] if user_id else "nobody in particular"
        record(db, "number.user", by=by, subject=account.id, number=number.e164, person=whose)
        raise_event(db, "number.changed", account=account.id, number=number.e164, id=str(number.id))
    return number


def forget_person(db: TenantSession, account: Account, user_id: UUID) -> None:
    """Somebody leaves the account: their numbers stay with it, and are nobody's in particular."""
    theirs = update(Number).where(Number.account_id == account.id, Number.user_id == user_id).values(user_id=None)
    db.execute(theirs.execution_options(synchronize_session=False))


def free_run_out(db: TenantSession, *, most: int = 1000) -> int:
    """Tidy up rows whose reservation or quarantine is over; in any scope. Says how many there were."""
    over = and_(Number.state != NumberState.FREE, is_free())
    wanted = select(Number).where(over).order_by(Number.white_label_id, Number.id).limit(most)
    found = db.scalars(wanted.with_for_update(skip_locked=True)).all()
    for number in found:
        number.state, number.until = NumberState.FREE.value, None
        number.account_id = number.user_id = number.reserved_by = number.assigned_at = None
    return len(found)


NOBODYS: dict[str, Any] = {"account_id": None, "user_id": None, "reserved_by": None, "assigned_at": None}


def _reserved_by(account: Account) -> ColumnElement[bool]:
    return and_(Number.state == NumberState.RESERVED, Number.account_id == account.id)


def _move(db: TenantSession, number_id: UUID, only_if: ColumnElement[bool], **values: Any) -> Number | None:
    """Move a number if it still is as it should be, and return it as it is then; None when it is not."""
    moved = db.scalar(
        update(Number)
        .where(Number.id == number_id, only_if)
        .values(**values)
        .returning(Number.id)
        .execution_options(synchronize_session=False)
    )
    return db.locked(Number, number_id) if moved is not None else None


def _refuse_strangers(db: TenantSession, account: Account, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of the account's people. Raises NotFound when somebody else is named."""
    people = {user.id: user.display_name for _, user in members_of(db, account.id)}
    if not set(user_ids) <= set(people):
        raise NotFound
    return people


def count_assigned(db: TenantSession, account_id: UUID) -> int:
    wanted = select(func.count(Number.id)).where(Number.account_id == account_id, Number.state == NumberState.ASSIGNED)
    return db.scalar(wanted) or 0


def listen() -> None:
    """Hear of accounts that close, and be asked what begins with one. Called when the house is put together."""
    if release_all not in accounts.after_closed:
        accounts.after_closed.append(release_all)
    if begin_with_numbers not in also_begins:
        also_begins.append(begin_with_numbers)
