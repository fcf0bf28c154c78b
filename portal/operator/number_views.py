"""The operator's number stock: found, brought in by file or range, handed to white labels in blocks and taken back."""

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import reading, transaction
from portal.kit.forms import PortalForm
from portal.kit.paging import Key, Place
from portal.kit.sheets import csv_answer
from portal.kit.web import page
from portal.numbers import stock
from portal.numbers.e164 import KINDS
from portal.numbers.intake import COLUMNS as FATE_COLUMNS
from portal.numbers.stock_file import COLUMNS, MOST_BYTES, MOST_LINES, NotANumberFile
from portal.operator import block_pages, number_flows, number_pages
from portal.operator.asked import asked_id, asked_place
from portal.operator.number_forms import FileForm, RangeForm
from portal.operator.number_queries import STATES, Search

bp = Blueprint("operator_numbers", __name__, url_prefix="/operator/numbers")
LIMITS = (MOST_BYTES // 1024**2, f"{MOST_LINES:,}", f"{stock.MOST_IN_RANGE:,}")


@bp.get("")
@operator_staff_only
def index() -> Response:
    search = _search()
    found = number_pages.list_page(g.white_label, search)
    return page("operator/numbers.html", found=found, search=search, kinds=KINDS, states=STATES)


@bp.get("/export.csv")
@operator_staff_only
def export() -> Response:
    return csv_answer("numbers.csv", number_pages.numbers_csv(g.white_label, _search()))


@bp.get("/new")
@operator_staff_only
def new() -> Response:
    return _new()


@bp.post("/files")
@operator_staff_only
def send_file() -> Response:
    """A file to be checked. It is confirmed on the page of its import."""
    form = FileForm(classes=_classes(), prefix="file")
    if not form.validate_on_submit():
        return _new(file=form)
    with form.file.data.stream as stream:
        content = stream.read(MOST_BYTES + 1)
    try:
        with transaction() as db:
            made = stock.begin_import(db, form.file_name, content, form.terms, by=actor())
    except NotANumberFile as refused:
        form.file.errors = [str(refused)]
        return _new(file=form)
    return redirect(f"{number_pages.BASE}/imports/{made.id}", 303)


@bp.post("/ranges")
@operator_staff_only
def send_range() -> Response:
    form = RangeForm(classes=_classes(), prefix="range")
    if not form.validate_on_submit() or form.chosen is None:
        return _new(range=form)
    with transaction() as db:
        made = stock.begin_range(db, form.chosen, form.terms, by=actor())
    return redirect(f"{number_pages.BASE}/imports/{made.id}", 303)


@bp.get("/imports")
@operator_staff_only
def imports() -> Response:
    with reading() as db:
        found = number_pages.imports_page(db, g.white_label)
    return page("operator/number-imports.html", found=found)


@bp.get("/imports/<uuid:import_id>")
@operator_staff_only
def show_import(import_id: UUID) -> Response:
    view, first = request.args.get("lines", ""), request.args.get("from", 0, type=int)
    with reading() as db:
        found = number_pages.import_page(db, g.white_label, import_id, view, first)
    return page("operator/number-import.html", found=found, follow=found.href if found.is_going_on else "")


@bp.get("/imports/<uuid:import_id>/fates.csv")
@operator_staff_only
def fates(import_id: UUID) -> Response:
    with reading() as db:
        stock.import_or_404(db, import_id)
    header = io.StringIO()
    csv.writer(header).writerow(FATE_COLUMNS)
    lines: Iterator[str] = number_pages.fates_lines(g.white_label.id, import_id, header.getvalue())
    return csv_answer("fates.csv", lines)


@bp.post("/imports/<uuid:import_id>/confirmation")
@operator_staff_only
def confirm(import_id: UUID) -> Response:
    with transaction() as db:
        stock.confirm_import(db, import_id, by=actor())
    return redirect(f"{number_pages.BASE}/imports/{import_id}", 303)


@bp.post("/imports/<uuid:import_id>/removal")
@operator_staff_only
def drop(import_id: UUID) -> Response:
    with transaction() as db:
        stock.drop_import(db, import_id, by=actor())
    flash("The file is dropped. Nothing came into the stock.", "ok")
    return redirect(f"{number_pages.BASE}/imports", 303)


@bp.get("/blocks")
@operator_staff_only
def blocks() -> Response:
    place = asked_place(request.args)
    return page("operator/number-blocks.html", found=block_pages.blocks_page(g.white_label, place))


@bp.get("/blocks/<uuid:block_id>")
@operator_staff_only
def show_block(block_id: UUID) -> Response:
    found = block_pages.block_page(g.white_label, block_id, _search(block_id))
    return page("operator/number-block.html", found=found, follow=found.href if found.moving else "")


@bp.get("/blocks/<uuid:block_id>/hand-over")
@operator_staff_only
def review_hand_over(block_id: UUID) -> Response:
    """What handing the block over does, before it is done."""
    found = block_pages.hand_review(g.white_label, block_id, number_flows.asked_white_label(request.args.get("to")))
    return page("operator/number-hand-over.html", found=found)


@bp.post("/blocks/<uuid:block_id>/hand-over")
@operator_staff_only
def hand_over(block_id: UUID) -> Response:
    to = number_flows.asked_white_label(request.form.get("to"))
    number_flows.hand_over(g.white_label.id, block_id, to, by=actor())
    flash(f"The block goes to {to.name}. No money moved.", "ok")
    return redirect(f"{number_pages.BASE}/blocks/{block_id}", 303)


@bp.get("/blocks/<uuid:block_id>/return")
@operator_staff_only
def review_return(block_id: UUID) -> Response:
    return page("operator/number-return.html", found=block_pages.return_review(g.white_label, block_id))


@bp.post("/blocks/<uuid:block_id>/return")
@operator_staff_only
def take_back(block_id: UUID) -> Response:
    number_flows.take_back(g.white_label.id, block_id, by=actor())
    flash("The block is coming back. No money moved.", "ok")
    return redirect(f"{number_pages.BASE}/blocks/{block_id}", 303)


def _new(**came_back: PortalForm) -> Response:
    classes = _classes()
    forms = {
        "file": FileForm(None, classes=classes, prefix="file"),
        "range": RangeForm(None, classes=classes, prefix="range", data={"country": g.white_label.country}),
        **came_back,
    }
    form = next(iter(came_back.values()), None)
    return page("operator/number-new.html", forms=forms, form=form, classes=classes, columns=COLUMNS, limits=LIMITS)


def _classes() -> dict[str, str]:
    with reading() as db:
        return stock.price_classes(db)


def _search(block_id: UUID | None = None) -> Search:
    asked = request.args
    return Search(
        words=asked.get("q", "").strip()[:60],
        country=asked.get("country", "")[:3],
        kind=asked.get("type", "")[:20],
        state=asked.get("state", "")[:20],
        holder=asked_id(asked["holder"]) if asked.get("holder") else None,
        block=block_id,
        place=Place(_number_key(asked.get("before")), _number_key(asked.get("after"))),
    )


def _number_key(words: str | None) -> Key | None:
    """A page begins at a number and its row's id."""
    if not words:
        return None
    id, _, e164 = words.partition("_")
    return e164[:20], asked_id(id)
