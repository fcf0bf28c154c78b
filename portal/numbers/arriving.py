"""Numbers of a port-in request that are here: into the stock, to their account and charged, or nothing at all."""

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update

from portal.accounts.models import Account
from portal.audit.commands import Actor
from portal.kit.clock import now, today
from portal.kit.db import TenantSession, insert_if_absent
from portal.kit.ids import new_id
from portal.kit.refusals import Refusal
from portal.numbers.assigning import announce, refuse_closed_doors
from portal.numbers.charging import NotSold, charge, price_classes
from portal.numbers.e164 import international
from portal.numbers.lifecycle import NumberState, PortState
from portal.numbers.models import Number, NumberBlock, PortRequest, StockNumber
from portal.numbers.porting import Ported, move, tell
from portal.numbers.preparing import carry_out
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


def complete(everything: TenantSession, db: TenantSession, account: Account, port: PortRequest, *, by: Actor) -> None:
    """The numbers are here: they come into the operator's stock, and to the account, which is charged for them.

    `everything` and `db` are one transaction. The caller holds the rows of the account and the request. Raises
    PortMoved, PortNotDue, InTheStock, NoNumbersNow, and what billing raises; then nothing was done. What was wanted of
    them is done as far as it fits.
    """
    move(port, PortState.COMPLETED)
    if waits_until := day_waited_for(port, tenant := white_label(db)):
        raise PortNotDue(day_words(waits_until, tenant))
    refuse_closed_doors(account)
    ported = [Ported.read(each) for each in sorted(port.numbers, key=lambda each: str(each["e164"]))]
    if not {each.price_class for each in ported} <= set(price_classes(db)):
        raise NotSold
    _into_stock(everything, db.tenant, port, ported, by)
    numbers = [_into_account(db, account, each) for each in ported]
    charge(db, account, {each.price_class for each in ported}, agreed_minor=None, by=by)
    for number in numbers:
        announce(db, account, number, by=by)
    left_out = carry_out(db, account, port, numbers)
    tell(db, port, "port-in.completed", by, letter=True, **({"left_out": left_out} if left_out else {}))


def day_waited_for(port: PortRequest, tenant: WhiteLabel) -> date | None:
    """The agreed day, while it has not begun where the white label is: nothing is charged before it."""
    if port.agreed_day is None or port.agreed_day <= today(tenant.time_zone):
        return None
    return port.agreed_day


def _into_stock(
    everything: TenantSession, white_label_id: UUID, port: PortRequest, ported: list[Ported], by: Actor
) -> None:
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
    shared = {"white_label_id": owner.id, "block_id": block.id, "holder_id": white_label_id}
    for each in ported:
        is_new = insert_if_absent(everything, StockNumber, id=new_id(), **shared, **asdict(each))
        if not is_new and not _brought_back(everything, owner.id, {**shared, **asdict(each)}):
            raise InTheStock(each.e164)


def _brought_back(everything: TenantSession, owner_id: UUID, values: dict[str, Any]) -> bool:
    """A retired number is nobody's, and its old block does not count it: it goes on as part of the new one."""
    it = StockNumber.white_label_id == owner_id, StockNumber.e164 == values["e164"], StockNumber.retired_at.is_not(None)
    back = update(StockNumber).where(*it).values(**values, retired_at=None).returning(StockNumber.id)
    return everything.scalar(back.execution_options(synchronize_session=False)) is not None


def _into_account(db: TenantSession, account: Account, ported: Ported) -> Number:
    facts = {"state": NumberState.ASSIGNED.value, "account_id": account.id, "assigned_at": now()}
    number_id = new_id()
    if not insert_if_absent(db, Number, id=number_id, **facts, **asdict(ported)):
        raise InTheStock(ported.e164)
    number = db.load(Number, number_id)
    assert number is not None
    return number
