"""What the operator's pages about blocks of numbers show: where they are, and what handing one over would do."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select

from portal.kit.db import PLATFORM, reading
from portal.kit.paging import Key, Order, Place, window
from portal.numbers.models import NumberBlock
from portal.numbers.stock import (
    BlockInStock,
    BlockOnItsWay,
    BlockTaken,
    NoPriceClass,
    NothingInBlock,
    NumbersInUse,
    block_or_404,
    holder_name,
    is_on_its_way,
)
from portal.numbers.stock_flows import numbers_in_use
from portal.numbers.stock_models import Handover
from portal.operator.number_flows import classes_missing
from portal.operator.number_pages import BASE, NumbersPart, numbers_part
from portal.operator.number_queries import Search
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels
from portal.whitelabels.words import moment

WAYS_SHOWN = 20
BLOCKS_SHOWN = 50


@dataclass(frozen=True)
class BlockLine:
    href: str
    name: str
    count: str
    state: str
    holder: str
    made: str


@dataclass(frozen=True)
class BlockPage:
    block: NumberBlock
    href: str
    state: str
    holder: str
    rows: list[tuple[str, str]]
    part: NumbersPart
    moving: Handover | None
    progress: str
    ways: list[tuple[str, str, str]]
    white_labels: list[tuple[str, str]]


def block_page(host: WhiteLabel, block_id: UUID, search: Search) -> BlockPage:
    with reading(host.id) as db:
        block = block_or_404(db, block_id)
        wanted = select(Handover).where(Handover.block_id == block_id).order_by(Handover.asked_at.desc())
        ways = list(db.scalars(wanted.limit(WAYS_SHOWN)))
    base = f"{BASE}/blocks/{block_id}"
    with reading(PLATFORM) as db:
        tenants = {each.id: each.name for each in white_labels(db)}
        part = numbers_part(db, host, search, base, tenants)
    moving = next((each for each in ways if each.state == "moving"), None)
    holder = tenants.get(block.holder_id, "") if block.holder_id else ""
    return BlockPage(
        block=block,
        href=base,
        state="moving" if moving else "handed" if block.holder_id else "stock",
        holder=holder,
        rows=_block_rows(block, holder, host),
        part=part,
        moving=moving,
        progress=f"{moving.moved:,} of {block.count:,} numbers" if moving else "",
        ways=[_way(each, tenants, host) for each in ways if each.state != "moving"],
        white_labels=[(str(id), name) for id, name in tenants.items()],
    )


def _block_rows(block: NumberBlock, holder: str, host: WhiteLabel) -> list[tuple[str, str]]:
    made = f"{moment(block.created_at, host)} by {block.created_by}"
    rows = [("Numbers", f"{block.count:,}"), ("Came into the stock", made)]
    if block.handed_at is not None:
        rows.append(("With", f"{holder}, since {moment(block.handed_at, host)}"))
    return rows


def _way(each: Handover, tenants: dict[UUID, str], host: WhiteLabel) -> tuple[str, str, str]:
    """A state, what happened, and when."""
    name = tenants.get(each.holder_id, "a white label")
    what = f"Handed to {name}" if each.direction == "hand" else f"Taken back from {name}"
    if each.state == "refused":
        what = f"Not taken back. {each.note}"
    return each.state, what, f"{moment(each.finished_at or each.asked_at, host)} by {each.asked_by}"


@dataclass(frozen=True)
class BlocksPage:
    lines: list[BlockLine]
    newer_href: str
    older_href: str


def blocks_page(host: WhiteLabel, place: Place) -> BlocksPage:
    order = Order(NumberBlock.created_at, NumberBlock.id)
    wanted = select(NumberBlock).where(NumberBlock.count > 0)
    with reading(host.id) as db:
        tenants = {each.id: each.name for each in white_labels(db)}
        found = window(
            lambda limited: list(db.scalars(limited)),
            wanted,
            order,
            place,
            size=BLOCKS_SHOWN,
            key_of=lambda block: (block.created_at, block.id),
        )
    lines = [_block_line(block, tenants, host) for block in found.rows]
    return BlocksPage(lines, _blocks_href("after", found.newer), _blocks_href("before", found.older))


def _blocks_href(name: str, key: Key | None) -> str:
    return f"{BASE}/blocks?{urlencode({name: f'{key[1]}_{key[0].isoformat()}'})}" if key else ""


def _block_line(block: NumberBlock, tenants: dict[UUID, str], host: WhiteLabel) -> BlockLine:
    return BlockLine(
        href=f"{BASE}/blocks/{block.id}",
        name=block.name,
        count=f"{block.count:,}",
        state="handed" if block.holder_id else "stock",
        holder=tenants.get(block.holder_id, "") if block.holder_id else "",
        made=f"{moment(block.created_at, host)}, {block.created_by}",
    )


@dataclass(frozen=True)
class Review:
    """What an act on a block would do; `obstacle` is why it cannot be done, with the way to put that right."""

    block: NumberBlock
    href: str
    title: str
    what: str
    effects: list[str]
    to: str
    obstacle: str
    way: str
    way_words: str


def hand_review(host: WhiteLabel, block_id: UUID, to: WhiteLabel) -> Review:
    missing = classes_missing(host.id, block_id, to)
    with reading(host.id) as db:
        block = block_or_404(db, block_id)
        if block.holder_id is not None:
            raise BlockTaken(holder_name(db, block.holder_id))
        if not block.count and is_on_its_way(db, block_id):
            raise BlockOnItsWay
    obstacle = NoPriceClass(to.name, missing).text if missing else ""
    return Review(
        block=block,
        href=f"{BASE}/blocks/{block_id}",
        title=f"Hand “{block.name}” to {to.name}?",
        what=_count_words(block),
        effects=[
            f"All of them are free numbers of {to.name}, which its customers can have.",
            f"Each one that is assigned is charged to {to.name} by its price class, from then on.",
            "The block can be taken back as long as none of its numbers is in use.",
        ],
        to=str(to.id),
        obstacle=obstacle if block.count else NothingInBlock.text,
        way=f"{BASE.removesuffix('/numbers')}/prices" if block.count else f"{BASE}/blocks/{block_id}?state=retired",
        way_words="Go to the default prices" if block.count else "Show its retired numbers",
    )


def return_review(host: WhiteLabel, block_id: UUID) -> Review:
    used = numbers_in_use(host.id, block_id)
    with reading(host.id) as db:
        block = block_or_404(db, block_id)
        if block.holder_id is None:
            raise BlockInStock
        holder = holder_name(db, block.holder_id)
    return Review(
        block=block,
        href=f"{BASE}/blocks/{block_id}",
        title=f"Take “{block.name}” back from {holder}?",
        what=_count_words(block),
        effects=[
            f"{holder} no longer has any of these numbers, and cannot assign them.",
            "They are in stock again, to be handed to any white label.",
            "If one is reserved or assigned before it is done, nothing is taken back.",
        ],
        to="",
        obstacle=NumbersInUse(holder, used).text if used else "",
        way=f"{BASE}?holder={block.holder_id}&state=assigned",
        way_words="Show the numbers in use",
    )


def _count_words(block: NumberBlock) -> str:
    if not block.count:
        return "It holds no number that is offered."
    return "It holds one number." if block.count == 1 else f"It holds {block.count:,} numbers."
