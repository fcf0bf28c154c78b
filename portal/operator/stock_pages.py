"""What the page of one number of the stock shows, as ready words."""

from dataclasses import dataclass
from uuid import UUID

from portal.kit.db import PLATFORM, reading
from portal.numbers.correcting import FACTS, rests_until, stock_number
from portal.numbers.e164 import international, national, place_name
from portal.numbers.models import NumberBlock
from portal.numbers.stock import holder_name
from portal.operator.number_pages import BASE
from portal.operator.number_queries import state_of
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.words import day, local_day, moment

WHY_NOT = "It is reserved or assigned. It can be changed here when it is free, and retired when it is released."


@dataclass(frozen=True)
class StockPage:
    """`why_not_correct` and `why_not_retire` are empty when the act is possible now. `rests_until` is the day to
    which a retired number rests when it is put back."""

    href: str
    number: str
    state: str
    holder: str
    rows: list[tuple[str, str]]
    block: str
    block_href: str
    facts: dict[str, str]
    is_retired: bool
    why_not_correct: str
    why_not_retire: str
    effects: list[str]
    rests_until: str


def stock_page(host: WhiteLabel, stock_id: UUID) -> StockPage:
    """Raises NotFound."""
    with reading(PLATFORM) as db:
        row = stock_number(db, host.id, stock_id)
        state = state_of(db, row)
        block = db.get(NumberBlock, (host.id, row.block_id))
        holder = holder_name(db, row.holder_id) if row.holder_id else ""
        until = rests_until(db, row) if row.retired_at is not None and row.holder_id is not None else None
    rows = [
        ("Written there", national(row.e164)),
        ("Country", place_name(row.country)),
        ("With", holder or "The stock"),
    ]
    if row.retired_at is not None:
        rows.append(("Retired", moment(row.retired_at, host)))
    is_open = state in ("stock", "free")
    facts = {name: getattr(row, name) for name in FACTS} | {"needs_address": "yes" if row.needs_address else "no"}
    return StockPage(
        href=f"{BASE}/{row.id}",
        number=international(row.e164),
        state=state,
        holder=holder,
        rows=rows,
        block=block.name if block is not None else "",
        block_href=f"{BASE}/blocks/{row.block_id}",
        facts=facts,
        is_retired=row.retired_at is not None,
        why_not_correct="" if is_open else WHY_NOT,
        why_not_retire="" if is_open or state == "quarantined" else WHY_NOT,
        effects=_effects(holder, rests=state == "quarantined"),
        rests_until=day(local_day(until, host), host) if until is not None else "",
    )


def _effects(holder: str, *, rests: bool) -> list[str]:
    gone = [f"{holder} no longer has it, and cannot assign it."] if holder else []
    back = "It rests: whoever gave it up cannot have it back while it is retired. Put back, it rests to the same day."
    return [
        *gone,
        *([back] if rests else []),
        "It is offered to nobody, and no file or range brings it back.",
        "It stays in the list as retired, and can be put back there.",
    ]
