"""The operator's stock, read together with what white labels do with their part of it: found, filtered, counted.

All of it has the platform's scope, and names the operator's tenant itself. Nothing here counts the whole stock: blocks
know how many numbers they hold, and only those in use are counted one by one, from an index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from portal.kit.clock import now
from portal.kit.db import TenantSession, holds, stream
from portal.kit.paging import FIRST_PAGE, Key, Order, Place, Window, window
from portal.numbers.e164 import KINDS, NotANumber, read_number, searched_digits
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number, NumberBlock, StockNumber
from portal.whitelabels.models import WhiteLabel

PAGE = 25
STATES = {
    "stock": "In stock",
    "free": "Free with a white label",
    "reserved": "Reserved",
    "assigned": "Assigned",
    "quarantined": "Quarantined",
    "retired": "Retired",
}
ORDER = Order(StockNumber.e164, StockNumber.id, is_descending=False)


@dataclass(frozen=True)
class Search:
    """What the list is asked for. `state` is one of STATES, `kind` one of KINDS; what is unknown is left out."""

    words: str = ""
    country: str = ""
    kind: str = ""
    state: str = ""
    holder: UUID | None = None
    block: UUID | None = None
    place: Place = FIRST_PAGE

    @property
    def query(self) -> dict[str, str]:
        """The parts of the address that say it, but for the page and the block."""
        holder = str(self.holder) if self.holder else ""
        asked = {"q": self.words, "country": self.country, "type": self.kind, "state": self.state, "holder": holder}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Found:
    """A number of the stock, and its state with whoever holds it: one of STATES."""

    number: StockNumber
    state: str

    @property
    def key(self) -> Key:
        return self.number.e164, self.number.id


@dataclass(frozen=True)
class HolderTotals:
    """Numbers of the stock (`holder_id` None) or of one white label, by state."""

    holder_id: UUID | None
    total: int
    reserved: int = 0
    assigned: int = 0
    quarantined: int = 0

    @property
    def free(self) -> int:
        return max(self.total - self.reserved - self.assigned - self.quarantined, 0)


def numbers_page(db: TenantSession, host: WhiteLabel, search: Search) -> Window[Found]:
    def run(limited: Select[*tuple[Any, ...]]) -> list[Found]:
        return [_found(row) for row in db.execute(limited)]

    return window(run, _matching(host, search), ORDER, search.place, size=PAGE, key_of=lambda found: found.key)


def all_numbers(db: TenantSession, host: WhiteLabel, search: Search) -> Iterator[Found]:
    """Everything that matches, in the order of the digits, a batch at a time."""
    for row in stream(db, _matching(host, search).order_by(*ORDER.by(upwards=True))):
        yield _found(row)


def _found(row: Any) -> Found:
    number, state, until = row
    return Found(number, _state(number, state, until))


def state_of(db: TenantSession, number: StockNumber) -> str:
    """The state of one number with whoever holds it: one of STATES."""
    wanted = select(Number.state, Number.until).where(
        Number.white_label_id == number.holder_id, Number.e164 == number.e164
    )
    row = db.execute(wanted).first()
    return _state(number, row.state if row else None, row.until if row else None)


def _state(number: StockNumber, state: str | None, until: datetime | None) -> str:
    """A reservation or a quarantine that has run out counts as free at once."""
    if number.retired_at is not None:
        return "retired"
    if number.holder_id is None:
        return "stock"
    ran_out = until is not None and until <= now()
    return "free" if state is None or ran_out else state


def _matching(host: WhiteLabel, search: Search) -> Select[*tuple[Any, ...]]:
    with_holder = and_(Number.white_label_id == StockNumber.holder_id, Number.e164 == StockNumber.e164)
    wanted = select(StockNumber, Number.state, Number.until).outerjoin(Number, with_holder)
    wanted = wanted.where(StockNumber.white_label_id == host.id)
    if search.block is not None:
        wanted = wanted.where(StockNumber.block_id == search.block)
    if search.country:
        wanted = wanted.where(StockNumber.country == search.country)
    if search.kind in KINDS:
        wanted = wanted.where(StockNumber.kind == search.kind)
    if search.holder is not None:
        wanted = wanted.where(StockNumber.holder_id == search.holder)
    if search.state in STATES:
        wanted = wanted.where(_is(search.state))
    if search.words:
        wanted = wanted.where(_found_by(search.words, search.country or host.country))
    return wanted


def _is(state: str) -> ColumnElement[bool]:
    if state == "retired":
        return StockNumber.retired_at.is_not(None)
    offered = StockNumber.retired_at.is_(None)
    if state == "stock":
        return and_(offered, StockNumber.holder_id.is_(None))
    if state == "free":
        ran_out = and_(Number.until.is_not(None), Number.until <= now())
        is_free = or_(Number.state.is_(None), Number.state == NumberState.FREE, ran_out)
        return and_(offered, StockNumber.holder_id.is_not(None), is_free)
    return and_(Number.state == state, or_(Number.until.is_(None), Number.until > now()))


def _found_by(words: str, country: str) -> ColumnElement[bool]:
    """A whole number in any writing, some of its digits, or an area."""
    digits = searched_digits(words)
    if not digits or any(c.isalpha() for c in words):
        return holds(StockNumber.area, words)
    try:
        whole = read_number(words, country)
    except NotANumber:
        return holds(StockNumber.e164, digits)
    is_it = StockNumber.e164 == whole.e164
    return is_it if whole.is_listed else or_(is_it, holds(StockNumber.e164, digits))


def totals(db: TenantSession, host: WhiteLabel) -> list[HolderTotals]:
    """The stock first, then each white label that holds numbers."""
    summed = select(NumberBlock.holder_id, func.sum(NumberBlock.count)).where(NumberBlock.white_label_id == host.id)
    sizes = {holder: int(count) for holder, count in db.execute(summed.group_by(NumberBlock.holder_id))}
    used = _in_use(db, [holder for holder in sizes if holder is not None])
    found = [HolderTotals(holder, count, **used.get(holder, {})) for holder, count in sizes.items()]
    return sorted(found, key=lambda each: (each.holder_id is not None, -each.total))


def _in_use(db: TenantSession, holders: list[UUID]) -> dict[UUID | None, dict[str, int]]:
    counted = select(Number.white_label_id, Number.state, func.count(Number.id)).where(
        Number.white_label_id.in_(holders)
    )
    assigned = counted.where(Number.state == NumberState.ASSIGNED)
    passing = counted.where(Number.state.in_((NumberState.RESERVED, NumberState.QUARANTINED)), Number.until > now())
    found: dict[UUID | None, dict[str, int]] = {}
    for wanted in (assigned, passing):
        for holder, state, count in db.execute(wanted.group_by(Number.white_label_id, Number.state)):
            found.setdefault(holder, {})[state] = count
    return found


def countries_in_stock(db: TenantSession, host: WhiteLabel) -> list[str]:
    """From country to country by the index, however many numbers lie between."""
    found: list[str] = []
    while True:
        wanted = select(func.min(StockNumber.country)).where(StockNumber.white_label_id == host.id)
        country = db.scalar(wanted.where(StockNumber.country > found[-1]) if found else wanted)
        if country is None:
            return found
        found.append(country)
