"""Taking lines into the stock, a batch a transaction: each line has its fate, and a batch is done wholly or not at all.

A batch may be done again after a kill, and by two workers side by side: a number is in the stock once, by the database.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.kit.db import TenantSession, transaction
from portal.kit.sheets import safe
from portal.numbers.e164 import NotANumber, shown
from portal.numbers.models import NumberBlock, StockNumber
from portal.numbers.stock import add_rows, holder_name
from portal.numbers.stock_file import Line, Reader, StockRow

BATCH = 1000
TRIES = 5
FATES = {
    "added": "New",
    "known": "Already in stock",
    "held": "With a white label",
    "malformed": "Refused",
    "duplicate": "Twice in this file",
}
COLUMNS = ("line", "number", "e164", "fate", "why")


Known = dict[str, tuple[UUID, UUID | None, bool]]
"""What the stock has of a batch: block, holder, and whether the number is retired."""


class Fate(NamedTuple):
    """What becomes of one line. `what` is one of FATES; a line that is added has a `why` when it is worth a look."""

    line: int
    written: str
    e164: str
    what: str
    why: str


@dataclass
class Report:
    """How many lines met which fate so far."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))

    def add(self, fates: Iterable[Fate]) -> None:
        for fate in fates:
            self.counts[fate.what] += 1

    def words(self, *, is_trial: bool) -> str:
        n = self.counts
        would = "would be added" if is_trial else "added"
        end = " Nothing was changed." if is_trial else ""
        return (
            f"{n['added']:,} {would}, {n['known']:,} already in stock, {n['held']:,} with a white label, "
            f"{n['duplicate']:,} twice in the file, {n['malformed']:,} refused.{end}"
        )


@dataclass
class Intake:
    """One file's way into the stock. Without a `block_id` it is a trial, and `seen` holds the file's own numbers."""

    reader: Reader
    block_id: UUID | None = None
    seen: set[int] = field(default_factory=set)
    _names: dict[UUID, str] = field(default_factory=dict)

    def pass_over(self, line: Line) -> None:
        """A line that was judged in an earlier run; a trial has to remember it."""
        if self.block_id is None:
            try:
                self.seen.add(int(self.reader.read(line).e164[1:]))
            except NotANumber:
                return

    def judge(self, db: TenantSession, lines: Sequence[Line]) -> tuple[list[Fate], list[StockRow]]:
        """The fate of each line, and the rows that are new. Reads the stock once."""
        read = [self._read(line) for line in lines]
        known = self._known(db, [row.e164 for row, _ in read if row is not None])
        fates: list[Fate] = []
        fresh: list[StockRow] = []
        met: set[str] = set()
        for line, (row, note) in zip(lines, read, strict=True):
            if row is None:
                fates.append(Fate(line.number, _written(line), "", "malformed", note))
                continue
            what, why = self._what(row.e164, known, met)
            fates.append(Fate(line.number, _written(line), row.e164, what, why or note))
            if what == "added":
                met.add(row.e164)
                fresh.append(row)
        if self.block_id is None:
            self.seen.update(int(e164[1:]) for e164 in met)
        return fates, fresh

    def _read(self, line: Line) -> tuple[StockRow | None, str]:
        """The row and what is to be said of it, or no row and what is wrong."""
        try:
            return self.reader.judged(line)
        except NotANumber as wrong:
            return None, str(wrong)

    def _known(self, db: TenantSession, numbers: Sequence[str]) -> Known:
        wanted = select(StockNumber.e164, StockNumber.block_id, StockNumber.holder_id, StockNumber.retired_at)
        rows = db.execute(wanted.where(StockNumber.e164.in_(numbers))) if numbers else ()
        found = {e164: (block, holder, retired is not None) for e164, block, holder, retired in rows}
        for block_id, holder_id, _ in set(found.values()):
            self._name(db, block_id, holder_id)
        return found

    def _name(self, db: TenantSession, block_id: UUID, holder_id: UUID | None) -> None:
        if holder_id is not None:
            self._names[holder_id] = holder_name(db, holder_id)
        elif block_id not in self._names:
            block = db.load(NumberBlock, block_id)
            self._names[block_id] = block.name if block else ""

    def _what(self, e164: str, known: Known, met: set[str]) -> tuple[str, str]:
        if e164 in met or (self.block_id is None and int(e164[1:]) in self.seen):
            return "duplicate", "An earlier line has this number."
        if e164 not in known:
            return "added", ""
        block_id, holder_id, is_retired = known[e164]
        if block_id == self.block_id:
            return "duplicate", "An earlier line has this number."
        if is_retired:
            return "known", "It was retired. Put it back on its own page."
        if holder_id is None:
            return "known", f"It is in stock, in the block “{self._names[block_id]}”."
        return "held", f"{self._names[holder_id]} has it."


def take_lines(
    tenant: UUID,
    intake: Intake,
    lines: Iterable[Line],
    *,
    tell: Callable[[Sequence[Fate]], None] = lambda fates: None,
) -> Report:
    """All lines in batches, for the command line. `tell` hears each batch's fates."""
    report, rest = Report(), iter(lines)
    while batch := list(islice(rest, BATCH)):
        fates = take_batch(tenant, intake, batch)
        report.add(fates)
        tell(fates)
    return report


def take_batch(
    tenant: UUID,
    intake: Intake,
    batch: Sequence[Line],
    also: Callable[[TenantSession, list[Fate]], bool] = lambda db, fates: True,
) -> list[Fate]:
    """One batch in one transaction. `also` writes what belongs to it; when it says no, nothing of the batch is done."""
    for tried in range(TRIES):
        try:
            with transaction(tenant) as db:
                fates, fresh = intake.judge(db, batch)
                if not also(db, fates):
                    raise _Elsewhere
                if intake.block_id is not None:
                    add_rows(db, intake.block_id, fresh)
                return fates
        except IntegrityError:
            # Another import brought one of these numbers a moment ago: now it is there to be seen.
            if tried == TRIES - 1:
                raise
        except _Elsewhere:
            return []
    raise AssertionError("unreachable")


class _Elsewhere(Exception):
    pass


def fates_csv(fates: Iterable[Fate]) -> str:
    """Lines of CSV by COLUMNS. A number in E.164 begins with + and is nothing but digits after it: no formula."""
    out = io.StringIO()
    csv.writer(out).writerows(
        (fate.line, safe(fate.written), fate.e164, FATES[fate.what], safe(fate.why)) for fate in fates
    )
    return out.getvalue()


def _written(line: Line) -> str:
    return shown(line.cells.number.strip()) if line.cells else ""
