"""Numbers that an account gave up and that rest: it can have them back before anybody else."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.commands import Actor
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound
from portal.numbers.assigning import (
    QUARANTINE,
    AssignedAlready,
    announce,
    refuse_closed_doors,
    refuse_too_many_today,
)
from portal.numbers.charging import charge, refuse_unsold
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number
from portal.numbers.queries import releases_of


def resting_of(db: TenantSession, account: Account) -> Sequence[Number]:
    """Those that rest because this account gave them up, in the order of their digits.

    A rest ends when the trail says that the account's own release ends it: nobody else's number is among them.
    """
    moment = now()
    ends = {row.details["number"]: row.details.get("until") for row in releases_of(db, account.id, moment - QUARANTINE)}
    wanted = select(Number).where(
        Number.e164.in_(sorted(ends)), Number.state == NumberState.QUARANTINED, Number.until > moment
    )
    found = db.scalars(wanted.order_by(Number.e164)).all()
    return [each for each in found if each.until is not None and each.until.isoformat() == ends[each.e164]]


def resting_or_404(db: TenantSession, account: Account, number_id: UUID) -> Number:
    """Raises AssignedAlready when the account has it, NotFound for one that does not rest because of this account."""
    for number in resting_of(db, account):
        if number.id == number_id:
            return number
    present = db.load(Number, number_id)
    is_its_own = present is not None and present.state == NumberState.ASSIGNED and present.account_id == account.id
    raise AssignedAlready if is_its_own else NotFound


def take_back(db: TenantSession, account: Account, number_id: UUID, *, agreed_minor: int | None, by: Actor) -> Number:
    """Give the account a number back that rests because it gave it up, charged as a new one would be. The caller holds
    the account's row.

    Raises NotFound, AssignedAlready, NoNumbersNow, EnoughForToday, NotSold, and what billing raises.
    """
    refuse_closed_doors(account)
    refuse_too_many_today(db, account, 1, by=by)
    db.locked(Number, number_id)
    number = resting_or_404(db, account, number_id)
    refuse_unsold(db, [number])
    number.state, number.account_id = NumberState.ASSIGNED.value, account.id
    number.until, number.assigned_at = None, now()
    db.flush()
    charge(db, account, {number.price_class}, agreed_minor=agreed_minor, by=by)
    announce(db, account, number, by=by)
    return number
