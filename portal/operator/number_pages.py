"""What the operator's pages about numbers show, as ready words."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select

from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.paging import Key
from portal.kit.sheets import csv_lines, safe
from portal.numbers.e164 import KINDS, international, national, place_name
from portal.numbers.intake import FATES
from portal.numbers.models import NumberBlock
from portal.numbers.stock import import_or_404
from portal.numbers.stock_models import ImportFates, NumberImport
from portal.operator.fate_pages import FatesPage, fates_page, stage_of
from portal.operator.number_queries import (
    Found,
    HolderTotals,
    Search,
    all_numbers,
    countries_in_stock,
    numbers_page,
    totals,
)
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels
from portal.whitelabels.words import moment

BASE = "/operator/numbers"
EXPORTED = ("number", "national", "country", "type", "area", "price_class", "needs_address", "holder", "state", "block")
IMPORTS_SHOWN = 50


@dataclass(frozen=True)
class NumberLine:
    """One number as the list shows it. `state` is a key of the state badges."""

    href: str
    number: str
    national: str
    kind: str
    country: str
    area: str
    price_class: str
    needs_address: bool
    state: str
    holder: str
    block: str
    block_href: str


@dataclass(frozen=True)
class NumbersPart:
    """One page of numbers with the way to its neighbours."""

    lines: list[NumberLine]
    previous_href: str
    next_href: str


@dataclass(frozen=True)
class ListPage:
    part: NumbersPart
    tiles: list[tuple[str, str, str]]
    holders: list[tuple[str, str, str, str, str, str, str]]
    """Name, address, all, free, reserved, assigned, quarantined."""
    countries: list[tuple[str, str]]
    white_labels: list[tuple[str, str]]
    export_href: str
    is_empty: bool


@dataclass(frozen=True)
class ImportPage:
    """`is_going_on` says that a job is at it."""

    row: NumberImport
    rows: list[tuple[str, str]]
    counts: list[tuple[str, str, str]]
    fates: FatesPage
    is_going_on: bool
    progress: str
    href: str
    block_href: str


def list_page(host: WhiteLabel, search: Search) -> ListPage:
    with reading(PLATFORM) as db:
        tenants = {each.id: each.name for each in white_labels(db)}
        sums = totals(db, host)
        part = numbers_part(db, host, search, BASE, tenants)
        countries = countries_in_stock(db, host)
    query = urlencode(search.query)
    return ListPage(
        part=part,
        tiles=_tiles(sums),
        holders=[_holder_row(each, tenants) for each in sums],
        countries=sorted(((code, place_name(code)) for code in countries), key=lambda pair: pair[1]),
        white_labels=[(str(id), name) for id, name in tenants.items()],
        export_href=f"{BASE}/export.csv" + (f"?{query}" if query else ""),
        is_empty=not sums,
    )


def numbers_part(
    db: TenantSession, host: WhiteLabel, search: Search, base: str, tenants: dict[UUID, str]
) -> NumbersPart:
    found = numbers_page(db, host, search)
    blocks = _block_names(db, host, {each.number.block_id for each in found.rows})
    lines = [_line(each, tenants, blocks) for each in found.rows]
    return NumbersPart(lines, _href(base, search, "after", found.newer), _href(base, search, "before", found.older))


def _block_names(db: TenantSession, host: WhiteLabel, ids: set[UUID]) -> dict[UUID, str]:
    wanted = select(NumberBlock.id, NumberBlock.name).where(NumberBlock.white_label_id == host.id)
    return {id: name for id, name in db.execute(wanted.where(NumberBlock.id.in_(ids)))}  # noqa: C416


def _line(found: Found, tenants: dict[UUID, str], blocks: dict[UUID, str]) -> NumberLine:
    number = found.number
    return NumberLine(
        href=f"{BASE}/{number.id}",
        number=international(number.e164),
        national=national(number.e164),
        kind=KINDS[number.kind],
        country=place_name(number.country),
        area=number.area,
        price_class=number.price_class,
        needs_address=number.needs_address,
        state=found.state,
        holder=tenants.get(number.holder_id, "") if number.holder_id else "",
        block=blocks.get(number.block_id, ""),
        block_href=f"{BASE}/blocks/{number.block_id}",
    )


def _href(base: str, search: Search, name: str, key: Key | None) -> str:
    """The neighbouring page, or nothing when there is none."""
    return f"{base}?{urlencode({**search.query, name: f'{key[1]}_{key[0]}'})}" if key else ""


def _tiles(sums: list[HolderTotals]) -> list[tuple[str, str, str]]:
    stock = sum(each.total for each in sums if each.holder_id is None)
    away = [each for each in sums if each.holder_id is not None]
    passing = sum(each.reserved + each.quarantined for each in away)
    return [
        ("In stock", f"{stock:,}", "To be handed to a white label"),
        ("Free with white labels", f"{sum(each.free for each in away):,}", "Their customers can have them"),
        ("Assigned", f"{sum(each.assigned for each in away):,}", "Charged while their account is active"),
        ("Reserved or resting", f"{passing:,}", "Free again by themselves"),
    ]


def _holder_row(each: HolderTotals, tenants: dict[UUID, str]) -> tuple[str, str, str, str, str, str, str]:
    if each.holder_id is None:
        return "The stock", f"{BASE}?state=stock", f"{each.total:,}", "", "", "", ""
    figures = [f"{n:,}" for n in (each.total, each.free, each.reserved, each.assigned, each.quarantined)]
    name = tenants.get(each.holder_id, "A white label")
    return name, f"{BASE}?holder={each.holder_id}", figures[0], figures[1], figures[2], figures[3], figures[4]


def numbers_csv(host: WhiteLabel, search: Search) -> Iterator[str]:
    """The header, then a line a number, by columns that an import reads. E.164 is digits after its +: no formula."""
    with reading(PLATFORM) as db:
        tenants = {each.id: each.name for each in white_labels(db)}
        rows = db.execute(select(NumberBlock.id, NumberBlock.name).where(NumberBlock.white_label_id == host.id))
        blocks = {id: name for id, name in rows}  # noqa: C416 - a row is not typed as a pair
        yield from csv_lines(EXPORTED, (_exported(each, tenants, blocks) for each in all_numbers(db, host, search)))


def _exported(found: Found, tenants: dict[UUID, str], blocks: dict[UUID, str]) -> tuple[str, ...]:
    number = found.number
    holder = tenants.get(number.holder_id, "") if number.holder_id else ""
    return (
        number.e164,
        safe(national(number.e164)),
        number.country,
        number.kind,
        safe(number.area),
        number.price_class,
        "yes" if number.needs_address else "no",
        safe(holder),
        found.state,
        safe(blocks.get(number.block_id, "")),
    )


def imports_page(db: TenantSession, host: WhiteLabel) -> list[tuple[str, str, str, str, str]]:
    """The newest: address, name, state, lines, when and by whom."""
    wanted = select(NumberImport).order_by(NumberImport.created_at.desc(), NumberImport.id.desc())
    return [
        (f"{BASE}/imports/{x.id}", x.name, x.state, f"{x.lines:,}", f"{moment(x.created_at, host)}, {x.created_by}")
        for x in db.scalars(wanted.limit(IMPORTS_SHOWN))
    ]


def import_page(db: TenantSession, host: WhiteLabel, import_id: UUID, view: str, first: int) -> ImportPage:
    """`view` is LOOK or EVERY of the lines, from the `first` one on."""
    row = import_or_404(db, import_id)
    href = f"{BASE}/imports/{row.id}"
    words = {"added": "To be added" if stage_of(row) == "check" else "Added"}
    return ImportPage(
        row=row,
        rows=_import_rows(row, host),
        counts=[(words.get(what, name), f"{getattr(row, what):,}", what) for what, name in FATES.items()],
        fates=fates_page(db, row, href, view, first),
        is_going_on=row.state in ("checking", "taking"),
        progress=f"{row.lines_done:,} of {row.lines:,} lines",
        href=href,
        block_href=f"{BASE}/blocks/{row.block_id}" if row.block_id else "",
    )


def _import_rows(row: NumberImport, host: WhiteLabel) -> list[tuple[str, str]]:
    return [
        ("Price class", f"{row.price_class}, for lines that name none"),
        ("Country", place_name(row.country) if row.country else "Written with +, or each line names it"),
        ("Type", KINDS[row.kind] if row.kind else "As the numbering plan of its country has it"),
        ("Sent", f"{moment(row.created_at, host)} by {row.created_by}"),
    ]


def fates_lines(host_id: UUID, import_id: UUID, header: str) -> Iterator[str]:
    """The fates of all lines as CSV: of the taking in, where it has begun."""
    with reading(host_id) as db:
        row = import_or_404(db, import_id)
        wanted = select(ImportFates.content).where(
            ImportFates.import_id == import_id, ImportFates.stage == stage_of(row)
        )
        yield header
        yield from db.scalars(wanted.order_by(ImportFates.first).execution_options(yield_per=10))
