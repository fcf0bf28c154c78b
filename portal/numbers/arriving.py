"""Numbers of a port-in request that are here: into the stock, to their account and charged, or nothing at all."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.audit.commands import Actor, record
from portal.billing.changes import Change, due_minor
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import Refusal
from portal.numbers.assigning import announce, refuse_closed_doors
from portal.numbers.charging import NotSold, charge, price_classes
from portal.numbers.e164 import international
from portal.numbers.letters import tell_payers
from portal.numbers.lifecycle import NumberState, PortState
from portal.numbers.models import Number, NumberBlock, PortRequest, StockNumber
from portal.numbers.porting import Ported, move, requester, tell
from portal.numbers.preparing import carry_out
from portal.numbers.stock import holder_name
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import operator, white_label
from portal.whitelabels.words import day as day_words


class PortNotDue(Refusal):
    heading = "The agreed day has not come"

    def __init__(self, day: str) -> None:
        super().__init__(f"The numbers move on {day}. If they are here already, move the day first.")


class InTheStock(Refusal):
    """Told to the operator alone: it may be with another white label."""

    heading = "This number is in the stock already"

    def __init__(self, e164: str) -> None:
        super().__init__(
            f"{international(e164)} cannot come in a second time. Retire it in the stock first, once nobody has it, "
            "or reject the request."
        )


def complete(everything: TenantSession, db: TenantSession, account: Account, port: PortRequest, *, by: Actor) -> str:
    """The numbers are here: they come into the operator's stock, and to the account, which is charged for them.
    Returned is from when on, in words.

    `everything` and `db` are one transaction. The caller holds the rows of the account and the request. Raises
    PortMoved, PortNotDue, InTheStock, NoNumbersNow, and what billing raises; then nothing was done. What was wanted of
    them is done as far as it fits.
    """
    move(port, PortState.COMPLETED)
    tenant = white_label(db)
    if waits_until := day_waited_for(port, tenant):
        raise PortNotDue(day_words(waits_until, tenant))
    refuse_closed_doors(account)
    ported = [Ported.read(each) for each in sorted(port.numbers, key=lambda each: str(each["e164"]))]
    if not {each.price_class for each in ported} <= set(price_classes(db)):
        raise NotSold
    _into_stock(everything, db, port, ported, by)
    numbers = [_into_account(db, account, each) for each in ported]
    changes = charge(db, account, {each.price_class for each in ported}, agreed_minor=None, by=by)
    for number in numbers:
        announce(db, account, number, by=by)
    left_out, charged = carry_out(db, account, port, numbers), _when_charged(account, changes, tenant)
    tell(
        db, port, "port-in.completed", by, letter=True, charged=charged, **({"left_out": left_out} if left_out else {})
    )
    if (sender := requester(db, port)) is not None:
        due = sum(due_minor(account, change) for change in changes)
        tell_payers(db, account, numbers, due, by=Actor("user", sender.id, sender.display_name))
    return charged


FROM_TODAY, ONCE_ACTIVE = "from today", "once the account is active"


def _when_charged(account: Account, changes: Sequence[Change], tenant: WhiteLabel) -> str:
    """What follows "They are charged": while an account is inactive nothing is, nor before its first period."""
    if account.state == State.INACTIVE:
        return ONCE_ACTIVE
    first = max((change.day for change in changes), default=today(tenant.time_zone))
    return FROM_TODAY if first <= today(tenant.time_zone) else f"from {day_words(first, tenant)}"


def day_waited_for(port: PortRequest, tenant: WhiteLabel) -> date | None:
    """The agreed day, while it has not begun where the white label is: nothing is charged before it."""
    if port.agreed_day is None or port.agreed_day <= today(tenant.time_zone):
        return None
    return port.agreed_day


def _into_stock(
    everything: TenantSession, db: TenantSession, port: PortRequest, ported: list[Ported], by: Actor
) -> None:
    white_label_id = db.tenant
    owner = operator(everything)
    assert owner is not None
    block = NumberBlock(
        white_label_id=owner.id,
        id=new_id(),
        name=f"Ported in, {port.reference}",
        count=len(ported),
        holder_id=white_label_id,
        handed_at=now(),
        created_by=by.name,
    )
    everything.put(block)
    facts = {"name": block.name, "count": block.count, "white_label": holder_name(everything, white_label_id)}
    record(everything, "numbers.block-made", by=by, of=owner.id, subject=block.id, **facts)
    shared = {"white_label_id": owner.id, "block_id": block.id, "holder_id": white_label_id}
    for each in ported:
        if insert_if_absent(everything, StockNumber, id=new_id(), **shared, **asdict(each)):
            continue
        stock_id = _brought_back(everything, owner.id, {**shared, **asdict(each)})
        if stock_id is None:
            raise InTheStock(each.e164)
        record(everything, "numbers.put-back", by=by, of=owner.id, subject=stock_id, number=each.e164)
        record(db, "numbers.put-back", by=Actor(by.kind, None, by.name), subject=block.id, number=each.e164)
    everything.flush()


def _brought_back(everything: TenantSession, owner_id: UUID, values: dict[str, Any]) -> UUID | None:
    """A retired number is nobody's, and its old block does not count it: it goes on as part of the new one. Returned
    is its row in the stock."""
    it = StockNumber.white_label_id == owner_id, StockNumber.e164 == values["e164"], StockNumber.retired_at.is_not(None)
    back = update(StockNumber).where(*it).values(**values, retired_at=None).returning(StockNumber.id)
    return everything.scalar(back.execution_options(synchronize_session=False))


def _into_account(db: TenantSession, account: Account, ported: Ported) -> Number:
    facts = {"state": NumberState.ASSIGNED.value, "account_id": account.id, "assigned_at": now()}
    number_id = new_id()
    if not insert_if_absent(db, Number, id=number_id, **facts, **asdict(ported)):
        raise InTheStock(ported.e164)
    number = db.load(Number, number_id)
    assert number is not None
    return number
