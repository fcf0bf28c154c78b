"""The jobs behind the stock: checking and taking in a file, bringing a block to a white label and taking it back.

Each goes on where it stopped, and may run twice or side by side. A white label's own rows are written in its scope.
"""

import io
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from portal.audit.commands import Actor, record
from portal.audit.models import AuditRow
from portal.kit import jobs
from portal.kit.bulk import insert_if_absent, insert_many
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.ids import new_id
from portal.numbers.assigning import is_free
from portal.numbers.intake import BATCH, FATES, Fate, Intake, fates_csv, take_batch
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number, StockNumber
from portal.numbers.stock import BACK, HAND, IMPORT, NumbersInUse, block_or_404, came_back, holder_name, price_classes
from portal.numbers.stock_file import Reader, Terms, read_lines
from portal.numbers.stock_models import Handover, ImportFates, NumberImport

STAGES = {"checking": "check", "taking": "take"}


@jobs.job(IMPORT)
def run_import(payload: dict[str, Any]) -> None:
    """Check the file, or take it in: whichever it is at."""
    import_id, tenant = UUID(payload["import_id"]), _tenant()
    with reading(tenant) as db:
        found = db.load(NumberImport, import_id)
        if found is None or found.state not in STAGES:
            return
        content, stage = found.content or b"", STAGES[found.state]
        terms = Terms(found.price_class, frozenset(price_classes(db)), found.country, found.kind)
    lines = read_lines(io.BytesIO(content))
    intake = Intake(Reader(terms), found.block_id)
    for line in islice(lines, found.lines_done):
        intake.pass_over(line)
    done = found.lines_done
    while batch := list(islice(lines, BATCH)):
        if not take_batch(tenant, intake, batch, partial(_advance, import_id, stage, done)):
            return  # another worker is at it
        done += len(batch)
    _finish_import(tenant, import_id, stage, done)


def _advance(import_id: UUID, stage: str, done: int, db: TenantSession, fates: Sequence[Fate]) -> bool:
    """Count a batch, and keep its fates. Says no when somebody else has done it."""
    state = next(state for state, name in STAGES.items() if name == stage)
    counts = {what: getattr(NumberImport, what) + sum(fate.what == what for fate in fates) for what in FATES}
    claimed = db.scalar(
        update(NumberImport)
        .where(NumberImport.id == import_id, NumberImport.state == state, NumberImport.lines_done == done)
        .values(lines_done=done + len(fates), **counts)
        .returning(NumberImport.id)
    )
    if claimed is not None:
        other = sum(fate.what != "added" or fate.why != "" for fate in fates)
        db.add(ImportFates(import_id=import_id, stage=stage, first=done, other=other, content=fates_csv(fates)))
    return claimed is not None


def _finish_import(tenant: UUID, import_id: UUID, stage: str, done: int) -> None:
    values: dict[str, Any] = {"state": "checked", "lines": done, "lines_done": done}
    if stage == "take":
        values = {"state": "done", "lines": done, "content": None, "finished_at": now()}
    state = next(state for state, name in STAGES.items() if name == stage)
    with transaction(tenant) as db:
        db.execute(
            update(NumberImport).where(NumberImport.id == import_id, NumberImport.state == state).values(**values)
        )


@jobs.job(HAND)
def bring(payload: dict[str, Any]) -> None:
    """Make the white label's rows of a block, batch by batch."""
    tenant = _tenant()
    handover = _handover(tenant, payload)
    while handover is not None and (rows := _next_rows(tenant, handover)):
        with transaction(handover.holder_id) as db:
            insert_many(db, Number, [_number(row) for row in rows], skip_known=True)
        handover = _moved(tenant, handover, rows)
    if handover is not None:
        _tell_trail(handover, "numbers.received", handover.moved)
        _end(tenant, handover)


def _next_rows(tenant: UUID, handover: Handover) -> list[StockNumber]:
    wanted = select(StockNumber).where(
        StockNumber.block_id == handover.block_id,
        StockNumber.e164 > handover.through,
        StockNumber.retired_at.is_(None),
    )
    with reading(tenant) as db:
        return list(db.scalars(wanted.order_by(StockNumber.e164).limit(BATCH)))


def _number(row: StockNumber) -> dict[str, Any]:
    names = ("e164", "kind", "country", "area", "price_class", "needs_address")
    return {"id": new_id(), "state": NumberState.FREE.value, **{name: getattr(row, name) for name in names}}


def _moved(tenant: UUID, handover: Handover, rows: Sequence[StockNumber]) -> Handover | None:
    """None when another worker has gone on from here."""
    with transaction(tenant) as db:
        db.execute(
            update(Handover)
            .where(Handover.id == handover.id, Handover.through == handover.through)
            .values(through=rows[-1].e164, moved=Handover.moved + len(rows))
        )
        found = db.locked(Handover, handover.id)
        return found if found is not None and found.through == rows[-1].e164 else None


@jobs.job(BACK)
def take_back(payload: dict[str, Any]) -> None:
    """Delete the white label's rows of a block if all of them are free, in one transaction of its own."""
    tenant = _tenant()
    handover = _handover(tenant, payload)
    if handover is None:
        return
    with reading(tenant) as db:
        numbers = list(db.scalars(select(StockNumber.e164).where(StockNumber.block_id == handover.block_id)))
        holder = holder_name(db, handover.holder_id)
    try:
        with transaction(handover.holder_id) as db:
            _delete_free(db, numbers, holder)
    except NumbersInUse as refused:
        _end(tenant, handover, state="refused", note=refused.text)
        return
    _tell_trail(handover, "numbers.taken-back", len(numbers))
    _end(tenant, handover)


def in_use(db: TenantSession, numbers: Sequence[str]) -> int:
    """How many of these numbers are not free with this tenant."""
    parts = (numbers[n : n + BATCH] for n in range(0, len(numbers), BATCH))
    wanted = (select(func.count(Number.id)).where(Number.e164.in_(part), ~is_free()) for part in parts)
    return sum(db.scalar(each) or 0 for each in wanted)


def numbers_in_use(tenant: UUID, block_id: UUID) -> int:
    """How many numbers of a block are not free with the white label that has it; 0 for a block in stock."""
    with reading(tenant) as db:
        block = block_or_404(db, block_id)
        numbers = list(db.scalars(select(StockNumber.e164).where(StockNumber.block_id == block_id)))
    if block.holder_id is None:
        return 0
    with reading(block.holder_id) as db:
        return in_use(db, numbers)


def _delete_free(db: TenantSession, numbers: Sequence[str], holder: str) -> None:
    """Raises NumbersInUse, and then nothing may be kept."""
    left = 0
    for n in range(0, len(numbers), BATCH):
        part = Number.e164.in_(numbers[n : n + BATCH])
        db.execute(delete(Number).where(part, is_free()).execution_options(synchronize_session=False))
        left += db.scalar(select(func.count(Number.id)).where(part)) or 0
    if left:
        raise NumbersInUse(holder, left)


def _tenant() -> UUID:
    """The operator's own tenant, in whose scope these jobs run."""
    with reading() as db:
        return db.tenant


def _handover(tenant: UUID, payload: dict[str, Any]) -> Handover | None:
    """What is to be moved, unless that is done."""
    with reading(tenant) as db:
        found = db.load(Handover, UUID(payload["handover_id"]))
    return found if found is not None and found.state == "moving" else None


def _tell_trail(handover: Handover, action: str, count: int) -> None:
    """One row on the white label's own trail, however often the job runs: its id is the handover's."""
    with transaction(handover.holder_id) as db:
        insert_if_absent(
            db,
            AuditRow,
            id=handover.id,
            at=now(),
            action=action,
            actor_kind="operator",
            actor_id=None,
            actor_name=handover.asked_by,
            subject_id=handover.block_id,
            details={"count": count},
        )


def _end(tenant: UUID, handover: Handover, *, state: str = "done", note: str = "") -> None:
    with transaction(tenant) as db:
        claimed = db.scalar(
            update(Handover)
            .where(Handover.id == handover.id, Handover.state == "moving")
            .values(state=state, note=note, finished_at=now())
            .returning(Handover.id)
        )
        if claimed is None:
            return
        if handover.direction == "back" and state == "done":
            came_back(db, handover)
        by = Actor("operator", None, handover.asked_by)
        record(db, f"numbers.{handover.direction}-{state}", by=by, subject=handover.block_id, note=note)
