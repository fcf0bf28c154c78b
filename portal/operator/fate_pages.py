"""What became of each line of a file of numbers, a page at a time: those to look at first, or every one."""

import csv
import io
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.kit.db import TenantSession
from portal.numbers.intake import FATES
from portal.numbers.stock_models import ImportFates, NumberImport

SHOWN = 50
LOOK, EVERY = "look", "every"


class FateLine(NamedTuple):
    line: str
    number: str
    fate: str
    why: str

    @property
    def is_to_look_at(self) -> bool:
        """It holds no new number, or goes against the numbering plans."""
        return self.fate != FATES["added"] or self.why != ""


@dataclass(frozen=True)
class FatesPage:
    """`views` are label, address and whether it is the present one; `words` say which lines of how many these are."""

    lines: list[FateLine]
    views: list[tuple[str, str, bool]]
    words: str
    newer: str
    older: str


class _Batch(NamedTuple):
    """Some of the wanted lines: `begins` is how many of them come before these."""

    id: UUID
    begins: int
    size: int


def stage_of(row: NumberImport) -> str:
    """The fates that count now: of the check, or of the taking in, where it has begun."""
    return "check" if row.state in ("checking", "checked", "dropped") else "take"


def fates_page(db: TenantSession, row: NumberImport, href: str, view: str, first: int) -> FatesPage:
    """The lines of a view from the `first` one on, counted from 0. Without a line to look at, every line is shown."""
    batches = {name: _batches(kept, name, row) for name in (LOOK, EVERY)} if (kept := _kept(db, row)) else {}
    total = {name: sum(batch.size for batch in batches.get(name, [])) for name in (LOOK, EVERY)}
    shown = view if total.get(view) else LOOK if total[LOOK] else EVERY
    begins = max(0, min(first, total[shown] - 1)) // SHOWN * SHOWN
    lines = _lines(db, batches.get(shown, []), shown, begins)

    def at(place: int) -> str:
        return f"{href}?lines={shown}&from={place}#lines" if 0 <= place < total[shown] else ""

    names = {LOOK: "Lines to look at", EVERY: "Every line"}
    views = [(f"{names[each]}, {n:,}", f"{href}?lines={each}#lines", each == shown) for each, n in total.items() if n]
    words = f"{begins + 1:,} to {begins + len(lines):,} of {total[shown]:,}"
    return FatesPage(lines, views, words, at(begins - SHOWN), at(begins + SHOWN))


def _kept(db: TenantSession, row: NumberImport) -> list[tuple[UUID, int, int]]:
    """Id, first line and number of lines to look at, of each batch in order: a file has some hundred at most."""
    wanted = select(ImportFates.id, ImportFates.first, ImportFates.other).where(
        ImportFates.import_id == row.id, ImportFates.stage == stage_of(row)
    )
    return [(id, first, other) for id, first, other in db.execute(wanted.order_by(ImportFates.first))]


def _batches(kept: list[tuple[UUID, int, int]], view: str, row: NumberImport) -> list[_Batch]:
    """The size tells where the next batch begins, among the lines of this view."""
    if view == EVERY:
        ends = [*(first for _, first, _ in kept[1:]), sum(getattr(row, what) for what in FATES)]
        return [_Batch(id, first, end - first) for (id, first, _), end in zip(kept, ends, strict=True)]
    begins = accumulate((other for _, _, other in kept), initial=0)
    return [_Batch(id, before, other) for (id, _, other), before in zip(kept, begins, strict=False)]


def _lines(db: TenantSession, batches: list[_Batch], view: str, begins: int) -> list[FateLine]:
    found: list[FateLine] = []
    for batch in batches:
        if batch.begins + batch.size <= begins or batch.begins >= begins + SHOWN:
            continue
        content = db.scalars(select(ImportFates.content).where(ImportFates.id == batch.id)).one()
        wanted = [line for line in _read(content) if view == EVERY or line.is_to_look_at]
        found += wanted[max(0, begins - batch.begins) :]
    return found[:SHOWN]


def _read(content: str) -> list[FateLine]:
    """The mark that keeps a spreadsheet from reading a formula is for the CSV alone.

    A line ends as CSV says. `splitlines` knows more ends, such as U+2028, and those may stand within a cell.
    """
    return [
        FateLine(line, written.removeprefix("'"), fate, why.removeprefix("'"))
        for line, written, _, fate, why in csv.reader(io.StringIO(content, newline=""))
    ]
