"""What changes the stock: files and ranges come in, blocks go to white labels and come back. All within the operator's
own tenant; what this means for a white label's rows is done by the jobs of `stock_flows`, in that tenant's scope."""

import io
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from portal.audit.commands import Actor, record
from portal.catalogue.models import Service
from portal.kit import jobs
from portal.kit.bulk import insert_columns
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.ids import new_id
from portal.kit.refusals import NotFound, Refusal
from portal.numbers.e164 import NotANumber, international, read_number
from portal.numbers.models import NumberBlock, StockNumber
from portal.numbers.stock_file import MOST_BYTES, MOST_LINES, NotANumberFile, StockRow, Terms, read_lines, written_lines
from portal.numbers.stock_models import Handover, NumberImport
from portal.whitelabels.models import WhiteLabel

MOST_IN_RANGE = 10_000
IMPORT, HAND, BACK = "numbers.import", "numbers.hand-over", "numbers.take-back"


class NothingToAdd(Refusal):
    heading = "There is nothing to add"
    text = "No line of it holds a number that the stock does not have."


class NotChecked(Refusal):
    heading = "This was decided already"
    text = "It is no longer waiting for a decision. Open it again to see what became of it."


class BlockTaken(Refusal):
    heading = "This block is not free"

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} has it. Only a block in stock can be handed over.")


class BlockInStock(Refusal):
    heading = "This block is in stock already"
    text = "No white label has it, so there is nothing to take back."


class BlockOnItsWay(Refusal):
    heading = "This block is on its way"
    text = "Its numbers are being moved or added at this moment. Try again when that is done."


class NothingInBlock(Refusal):
    heading = "There is nothing to hand over"
    text = "Each of its numbers is retired, or went into another block. Put one back on its own page first."


class NoPriceClass(Refusal):
    heading = "The price is missing"

    def __init__(self, white_label: str, codes: Sequence[str]) -> None:
        super().__init__(
            f"{white_label} has no service that counts numbers with the code {' and '.join(codes)}. "
            "Offer it from the default prices first."
        )


class NumbersInUse(Refusal):
    heading = "Some of its numbers are in use"

    def __init__(self, white_label: str, count: int) -> None:
        found = "1 of its numbers is" if count == 1 else f"{count:,} of its numbers are"
        super().__init__(f"{found} not free with {white_label}. A block comes back as a whole, when all are free.")


@dataclass(frozen=True)
class Range:
    """Numbers from the first to the last, both included. `first` and `last` are E.164."""

    first: str
    last: str

    @property
    def name(self) -> str:
        first, last = (re.split("[ -]", international(e164)) for e164 in (self.first, self.last))
        end = last[-1] if first[:-1] == last[:-1] else international(self.last)
        return f"{international(self.first)} to {end}"

    @property
    def numbers(self) -> Iterable[str]:
        width = len(self.first) - 1
        return (f"+{n:0{width}}" for n in range(int(self.first[1:]), int(self.last[1:]) + 1))


def read_range(first: str, last: str, country: str | None) -> Range:
    """Two numbers in any usual writing. Raises NotANumber for what is no range, with the reason."""
    one, other = (read_number(words, country).e164 for words in (first, last))
    if len(one) != len(other):
        raise NotANumber("The first and the last number have to be of the same length.")
    count = int(other[1:]) - int(one[1:]) + 1
    if count < 1:
        raise NotANumber("The last number comes before the first.")
    if count > MOST_IN_RANGE:
        raise NotANumber(f"These are {count:,} numbers. A range holds {MOST_IN_RANGE:,} at most.")
    return Range(one, other)


def price_classes(db: TenantSession) -> dict[str, str]:
    """The tenant's services that are charged for numbers each month: codes and names."""
    wanted = select(Service.code, Service.name).where(
        Service.counts == "numbers", Service.kind == "recurring", Service.retired_at.is_(None)
    )
    return {code: name for code, name in db.execute(wanted.order_by(Service.name, Service.code))}  # noqa: C416


def begin_import(db: TenantSession, name: str, content: bytes, terms: Terms, *, by: Actor) -> NumberImport:
    """Keep a file to be checked by a job; nothing comes into the stock yet.

    Raises NotANumberFile when it is too long, or its first line names no columns.
    """
    read_lines(io.BytesIO(content))
    lines = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    if len(content) > MOST_BYTES:
        raise NotANumberFile(f"It is larger than {MOST_BYTES // 1024**2} MB. Send it in parts.")
    if lines > MOST_LINES:
        raise NotANumberFile(f"It has more than {MOST_LINES:,} lines. Send it in parts.")
    made = NumberImport(
        name=name,
        price_class=terms.price_class,
        country=terms.country,
        kind=terms.kind,
        content=content,
        lines=max(lines, 1),
        created_by=by.name,
    )
    db.put(made)
    record(db, "numbers.import-checked", by=by, subject=made.id, name=name, price_class=terms.price_class)
    jobs.enqueue(db, IMPORT, {"import_id": str(made.id)})
    return made


def begin_range(db: TenantSession, new: Range, terms: Terms, *, by: Actor) -> NumberImport:
    """A range is looked through and taken in as a file of its numbers would be."""
    return begin_import(db, new.name, written_lines(new.numbers), terms, by=by)


def confirm_import(db: TenantSession, import_id: UUID, *, by: Actor) -> None:
    """Take in what the check found to be new. Raises NotFound, NotChecked and NothingToAdd."""
    found = import_or_404(db, import_id)
    if found.state == "checked" and not found.added:
        raise NothingToAdd
    block = new_block(db, found.name, by=by)
    fresh = {"added": 0, "known": 0, "held": 0, "malformed": 0, "duplicate": 0, "lines_done": 0}
    _move_import(db, import_id, "taking", block_id=block.id, **fresh)
    record(db, "numbers.import-confirmed", by=by, subject=import_id, name=found.name, block=str(block.id))
    jobs.enqueue(db, IMPORT, {"import_id": str(import_id)})


def drop_import(db: TenantSession, import_id: UUID, *, by: Actor) -> None:
    """Forget a file that was only checked. Raises NotFound and NotChecked."""
    found = import_or_404(db, import_id)
    _move_import(db, import_id, "dropped", content=None, finished_at=now())
    record(db, "numbers.import-dropped", by=by, subject=import_id, name=found.name)


def _move_import(db: TenantSession, import_id: UUID, state: str, **values: object) -> None:
    claimed = db.scalar(
        update(NumberImport)
        .where(NumberImport.id == import_id, NumberImport.state == "checked")
        .values(state=state, **values)
        .returning(NumberImport.id)
    )
    if claimed is None:
        raise NotChecked


def import_or_404(db: TenantSession, import_id: UUID) -> NumberImport:
    found = db.load(NumberImport, import_id)
    if found is None:
        raise NotFound
    return found


def new_block(db: TenantSession, name: str, *, by: Actor) -> NumberBlock:
    """An empty block, to be filled by `add_rows`."""
    block = NumberBlock(name=name, created_by=by.name)
    db.put(block)
    record(db, "numbers.block-made", by=by, subject=block.id, name=name)
    return block


def add_rows(db: TenantSession, block_id: UUID, rows: Sequence[StockRow]) -> None:
    """Put numbers into a block in stock. Raises IntegrityError when one of them is in the stock already."""
    if not rows:
        return
    # In the order of the digits, so that two who add the same numbers wait for each other and never cross.
    columns = dict(zip(StockRow._fields, map(list, zip(*sorted(rows), strict=True)), strict=True))
    insert_columns(db, StockNumber, {"id": [new_id() for _ in rows], **columns}, {"block_id": block_id})
    db.execute(update(NumberBlock).where(NumberBlock.id == block_id).values(count=NumberBlock.count + len(rows)))


def block_or_404(db: TenantSession, block_id: UUID) -> NumberBlock:
    block = db.load(NumberBlock, block_id)
    if block is None:
        raise NotFound
    return block


def classes_of(db: TenantSession, block_id: UUID) -> list[str]:
    """The price classes of a block's numbers."""
    offered = (StockNumber.block_id == block_id, StockNumber.retired_at.is_(None))
    wanted = select(StockNumber.price_class).where(*offered).distinct()
    return sorted(db.scalars(wanted))


def missing_classes(db: TenantSession, codes: Collection[str]) -> list[str]:
    """Those of the codes for which this tenant has no service that counts numbers."""
    return sorted(set(codes) - set(price_classes(db)))


def hand(db: TenantSession, block_id: UUID, to: WhiteLabel, *, by: Actor) -> Handover:
    """Give a block in stock to a white label; a job brings its numbers there.

    Raises NotFound, BlockTaken, BlockOnItsWay and NothingInBlock. Of two who do it at once, one reads who was first.
    """
    block = db.locked(NumberBlock, block_id)
    if block is None:
        raise NotFound
    if block.holder_id is not None:
        raise BlockTaken(holder_name(db, block.holder_id))
    if is_on_its_way(db, block_id):
        raise BlockOnItsWay
    if not block.count:
        raise NothingInBlock
    block.holder_id, block.handed_at = to.id, now()
    db.execute(update(StockNumber).where(StockNumber.block_id == block_id).values(holder_id=to.id))
    return _begin(db, block, to, "hand", HAND, by)


def ask_back(db: TenantSession, block_id: UUID, *, by: Actor) -> Handover:
    """Take a block back; a job does it, if all of its numbers are free then.

    Raises NotFound, BlockInStock and BlockOnItsWay.
    """
    block = db.locked(NumberBlock, block_id)
    if block is None:
        raise NotFound
    if block.holder_id is None:
        raise BlockInStock
    if is_on_its_way(db, block_id):
        raise BlockOnItsWay
    holder = db.get(WhiteLabel, block.holder_id)
    assert holder is not None
    return _begin(db, block, holder, "back", BACK, by)


def came_back(db: TenantSession, handover: Handover) -> None:
    """The white label's rows are gone: the block is in stock again."""
    db.execute(update(NumberBlock).where(NumberBlock.id == handover.block_id).values(holder_id=None, handed_at=None))
    db.execute(update(StockNumber).where(StockNumber.block_id == handover.block_id).values(holder_id=None))


def holder_name(db: TenantSession, holder_id: UUID | None) -> str:
    """Who has a block, for people: a white label's name, or the stock."""
    holder = db.get(WhiteLabel, holder_id) if holder_id else None
    return holder.name if holder else "The stock"


def is_on_its_way(db: TenantSession, block_id: UUID) -> bool:
    """Whether its numbers are being moved, or it is being filled."""
    moving = select(Handover.id).where(Handover.block_id == block_id, Handover.state == "moving")
    filling = select(NumberImport.id).where(NumberImport.block_id == block_id, NumberImport.state == "taking")
    return db.scalar(moving) is not None or db.scalar(filling) is not None


def _begin(db: TenantSession, block: NumberBlock, who: WhiteLabel, direction: str, job: str, by: Actor) -> Handover:
    made = Handover(block_id=block.id, holder_id=who.id, direction=direction, asked_by=by.name)
    db.put(made)
    what = "numbers.block-handed" if direction == "hand" else "numbers.block-asked-back"
    record(db, what, by=by, subject=block.id, name=block.name, white_label=who.name, count=block.count)
    jobs.enqueue(db, job, {"handover_id": str(made.id)}, key=f"{job}:{made.id}")
    return made
