"""What the operator puts right in the stock: a free number's facts, and numbers that are not to be offered any more.

The operator's row and that of the white label that has the number are one transaction seen by two sessions:
`everything` is in the platform's scope, `db` in the scope of whoever has the number.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update

from portal.audit.commands import Actor, record
from portal.audit.models import AuditRow
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotFound, Refusal
from portal.numbers.assigning import is_free
from portal.numbers.e164 import international
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number, NumberBlock, StockNumber
from portal.numbers.stock import BlockOnItsWay, NoPriceClass, holder_name, is_on_its_way, missing_classes

FACTS = ("kind", "area", "price_class", "needs_address")


class NumberInUse(Refusal):
    heading = "This number is in use"

    def __init__(self, e164: str, what: str) -> None:
        super().__init__(f"{international(e164)} is reserved or assigned. {what}")


class RetiredAlready(Refusal):
    heading = "This number is retired"
    text = "Put it back first."


class NotRetired(Refusal):
    heading = "This number is not retired"
    text = "It is in the stock as it is."


@dataclass(frozen=True)
class Facts:
    """What can be put right; country and digits are the number itself."""

    kind: str
    area: str
    price_class: str
    needs_address: bool


def held_number(everything: TenantSession, owner_id: UUID, stock_id: UUID) -> StockNumber:
    """A number of the stock, held with its block, so that the block stays where it is meanwhile.

    Raises NotFound, and BlockOnItsWay while the block is moved or filled.
    """
    known = stock_number(everything, owner_id, stock_id)
    block = select(NumberBlock.id).where(NumberBlock.white_label_id == owner_id, NumberBlock.id == known.block_id)
    everything.execute(block.with_for_update())
    if is_on_its_way(everything, known.block_id):
        raise BlockOnItsWay
    wanted = _is_it(owner_id, stock_id).with_for_update().execution_options(populate_existing=True)
    held = everything.scalar(wanted)
    if held is None:
        raise NotFound
    return held


def stock_number(everything: TenantSession, owner_id: UUID, stock_id: UUID) -> StockNumber:
    """Raises NotFound."""
    found = everything.scalar(_is_it(owner_id, stock_id))
    if found is None:
        raise NotFound
    return found


def correct(everything: TenantSession, db: TenantSession, row: StockNumber, new: Facts, *, by: Actor) -> None:
    """Put a free number's facts right, with its white label too. Nobody is charged otherwise for what they have.

    Raises RetiredAlready, NumberInUse, and NoPriceClass when the white label does not sell the class.
    """
    if row.retired_at is not None:
        raise RetiredAlready
    if row.holder_id is not None:
        _correct_held(everything, db, row, new)
    changed = {
        what: f"{getattr(row, what)} → {value}" for what, value in asdict(new).items() if getattr(row, what) != value
    }
    for what, value in asdict(new).items():
        setattr(row, what, value)
    if changed:
        _tell(everything, db, row, "numbers.corrected", by, changed=changed)


def _correct_held(everything: TenantSession, db: TenantSession, row: StockNumber, new: Facts) -> None:
    missing = missing_classes(db, {new.price_class})
    if missing:
        raise NoPriceClass(holder_name(everything, row.holder_id), missing)
    free = update(Number).where(Number.e164 == row.e164, is_free()).values(**asdict(new)).returning(Number.id)
    if db.scalar(free.execution_options(synchronize_session=False)) is None:
        raise NumberInUse(row.e164, "It can be corrected when it is free again.")


def retire(everything: TenantSession, db: TenantSession, row: StockNumber, *, by: Actor) -> None:
    """Offer a free or resting number to nobody any more; the trail keeps when its rest ends, for `put_back`. Raises
    RetiredAlready and NumberInUse."""
    if row.retired_at is not None:
        raise RetiredAlready
    until = None
    if row.holder_id is not None:
        gone = delete(Number).where(Number.e164 == row.e164, _is_nobodys()).returning(Number.id, Number.until)
        was = db.execute(gone.execution_options(synchronize_session=False)).first()
        if was is None:
            raise NumberInUse(row.e164, "It can be retired once its account has released it.")
        until = was.until
    row.retired_at = now()
    _count(everything, row, -1)
    rest = {"until": until.isoformat()} if until is not None and until > now() else {}
    _tell(everything, db, row, "numbers.retired", by, **rest)


def put_back(everything: TenantSession, db: TenantSession, row: StockNumber, *, by: Actor) -> None:
    """A retired number is free again with whoever has its block, or rests as long as it would have rested. Raises
    NotRetired, and NoPriceClass."""
    if row.retired_at is None:
        raise NotRetired
    if row.holder_id is not None:
        missing = missing_classes(db, {row.price_class})
        if missing:
            raise NoPriceClass(holder_name(everything, row.holder_id), missing)
        facts = {name: getattr(row, name) for name in ("e164", "country", *FACTS)}
        until = rests_until(everything, row)
        state = NumberState.QUARANTINED if until is not None else NumberState.FREE
        insert_if_absent(db, Number, id=new_id(), state=state.value, until=until, **facts)
    row.retired_at = None
    _count(everything, row, 1)
    _tell(everything, db, row, "numbers.put-back", by)


def rests_until(everything: TenantSession, row: StockNumber) -> datetime | None:
    """The end of the rest in which a number was retired, while that is still to come."""
    wanted = select(AuditRow).where(
        AuditRow.white_label_id == row.white_label_id,
        AuditRow.subject_id == row.id,
        AuditRow.action == "numbers.retired",
    )
    last = everything.scalars(wanted.order_by(AuditRow.id.desc()).limit(1)).first()
    until = datetime.fromisoformat(last.details["until"]) if last is not None and "until" in last.details else None
    return until if until is not None and until > now() else None


def _is_it(owner_id: UUID, stock_id: UUID) -> Select[StockNumber]:
    return select(StockNumber).where(StockNumber.white_label_id == owner_id, StockNumber.id == stock_id)


def _is_nobodys() -> ColumnElement[bool]:
    return or_(is_free(), Number.state == NumberState.QUARANTINED)


def _count(everything: TenantSession, row: StockNumber, more: int) -> None:
    block = update(NumberBlock).where(NumberBlock.white_label_id == row.white_label_id, NumberBlock.id == row.block_id)
    everything.execute(block.values(count=NumberBlock.count + more).execution_options(synchronize_session=False))


def _tell(everything: TenantSession, db: TenantSession, row: StockNumber, act: str, by: Actor, **more: Any) -> None:
    """The operator's trail, and that of the white label that has the number."""
    record(everything, act, by=by, of=row.white_label_id, subject=row.id, number=row.e164, **more)
    everything.flush()
    if row.holder_id is not None:
        record(db, act, by=Actor(by.kind, None, by.name), subject=row.block_id, number=row.e164, **more)
