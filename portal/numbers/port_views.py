"""Moving numbers here from another provider, asked for from either side of the account."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from uuid import UUID

from flask import Blueprint, flash, g, redirect, send_file
from werkzeug.wrappers import Response

from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor
from portal.kit.clock import today
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter
from portal.kit.refusals import NotFound
from portal.kit.web import page
from portal.numbers import porting
from portal.numbers.lifecycle import PortState
from portal.numbers.models import PortDocument, PortRequest
from portal.numbers.port_forms import DocumentForm, PortForm
from portal.numbers.port_pages import port_page
from portal.numbers.rights import NumbersDesk
from portal.numbers.views import ACCOUNT, CUSTOMERS, numbers_desk
from portal.whitelabels.words import day

bp = Blueprint("port_ins", __name__)


@bp.get("/customers/<uuid:account_id>/numbers/port-ins", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/port-ins", defaults=ACCOUNT)
@account_or_administrator_only
def new(side: Side, account_id: UUID) -> Response:
    return _form(numbers_desk(side, account_id, assigns=True), PortForm())


@bp.post("/customers/<uuid:account_id>/numbers/port-ins", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/port-ins", defaults=ACCOUNT)
@limiter.limit("60 per hour")
@account_or_administrator_only
def submit(side: Side, account_id: UUID) -> Response:
    desk, form = numbers_desk(side, account_id, assigns=True), PortForm()
    if not form.validate_on_submit():
        return _form(desk, form)
    try:
        with transaction() as db:
            made = porting.submit(db, held_customer_or_404(db, account_id), form.new, by=actor())
    except porting.NumberKnown as refused:
        form.numbers.errors = [refused.text]
        return _form(desk, form, own=refused.own)
    flash(f"Request {made.reference} is sent. Add the letter of authority now. No money moved.", "ok")
    return redirect(f"{desk.base}/port-ins/{made.id}", 303)


@bp.get("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>", defaults=ACCOUNT)
@account_or_administrator_only
def show(side: Side, account_id: UUID, port_id: UUID) -> Response:
    return _show(_port_desk(side, account_id), port_id, DocumentForm())


@bp.get("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/again", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/again", defaults=ACCOUNT)
@account_or_administrator_only
def correct(side: Side, account_id: UUID, port_id: UUID) -> Response:
    """A request that was rejected, to be corrected."""
    desk = numbers_desk(side, account_id, assigns=True)
    with _way_back(desk, port_id), reading() as db:
        port = porting.port_or_404(db, account_id, port_id)
        if port.state != PortState.REJECTED:
            raise porting.PortMoved(port.state)
    known = {name: getattr(port, name) for name in ("losing_provider", "losing_account", "wanted_day")}
    numbers = "\n".join(each["e164"] for each in port.numbers)
    return _form(desk, PortForm(data={"numbers": numbers, **known}), port_id)


@bp.post("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/again", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/again", defaults=ACCOUNT)
@account_or_administrator_only
def submit_again(side: Side, account_id: UUID, port_id: UUID) -> Response:
    desk, form = numbers_desk(side, account_id, assigns=True), PortForm()
    if not form.validate_on_submit():
        return _form(desk, form, port_id)
    try:
        with _way_back(desk, port_id), transaction() as db:
            account = held_customer_or_404(db, account_id)
            port = porting.port_or_404(db, account_id, port_id, held=True)
            porting.submit_again(db, account, port, form.new, by=actor())
    except porting.NumberKnown as refused:
        form.numbers.errors = [refused.text]
        return _form(desk, form, port_id, refused.own)
    flash(f"Request {port.reference} is sent again. No money moved.", "ok")
    return redirect(f"{desk.base}/port-ins/{port_id}", 303)


@bp.post("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/cancellation", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/cancellation", defaults=ACCOUNT)
@account_or_administrator_only
def cancel(side: Side, account_id: UUID, port_id: UUID) -> Response:
    desk = _port_desk(side, account_id)
    with _way_back(desk, port_id), transaction() as db:
        held_customer_or_404(db, account_id)
        port = porting.port_or_404(db, account_id, port_id, held=True)
        porting.cancel(db, port, by=actor())
    flash(f"Request {port.reference} is cancelled. The numbers stay where they are. No money moved.", "ok")
    return redirect(f"{desk.base}/port-ins/{port_id}", 303)


@bp.post("/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/documents", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/documents", defaults=ACCOUNT)
@limiter.limit("60 per hour")
@account_or_administrator_only
def add_document(side: Side, account_id: UUID, port_id: UUID) -> Response:
    desk, form = _port_desk(side, account_id), DocumentForm()
    if not form.validate_on_submit() or form.document is None:
        return _show(desk, port_id, form)
    with _way_back(desk, port_id), transaction() as db:
        held_customer_or_404(db, account_id)
        port = porting.port_or_404(db, account_id, port_id, held=True)
        porting.add_document(db, port, form.document, by=actor())
    flash("The document is added. Only you, your provider and the operator can read it.", "ok")
    return redirect(f"{desk.base}/port-ins/{port_id}", 303)


DOCUMENT = "numbers/port-ins/<uuid:port_id>/documents/<uuid:document_id>"


@bp.get(f"/customers/<uuid:account_id>/{DOCUMENT}", defaults=CUSTOMERS)
@bp.get(f"/account/<uuid:account_id>/{DOCUMENT}", defaults=ACCOUNT)
@account_or_administrator_only
def document(side: Side, account_id: UUID, port_id: UUID, document_id: UUID) -> Response:
    _port_desk(side, account_id)
    with reading() as db:
        port = porting.port_or_404(db, account_id, port_id)
        paper = db.load(PortDocument, document_id)
        if paper is None or paper.port_request_id != port.id:
            raise NotFound
        return download(paper)


def download(paper: PortDocument) -> Response:
    """A paper as a download, never shown in the page: what is in a PDF is a stranger's."""
    return send_file(BytesIO(paper.content), paper.media_type, as_attachment=True, download_name=paper.name)


@contextmanager
def _way_back(desk: NumbersDesk, port_id: UUID) -> Iterator[None]:
    """Whoever comes too late goes back to the request, which says where it stands now."""
    try:
        yield
    except porting.PortMoved as refused:
        refused.ways = (("Back to the request", f"{desk.base}/port-ins/{port_id}"),)
        raise


def _port_desk(side: Side, account_id: UUID) -> NumbersDesk:
    """Requests are the administrators'. Raises NotAllowed for others, and for whoever does not choose the numbers."""
    desk = numbers_desk(side, account_id)
    desk.refuse_strangers()
    return desk


def _form(desk: NumbersDesk, form: PortForm, port_id: UUID | None = None, own: PortRequest | None = None) -> Response:
    """`own` is the account's request that asks for one of the numbers already."""
    return page("numbers/port-form.html", desk=desk, form=form, port_id=port_id, own=own, earliest=_earliest())


def _earliest() -> str:
    return day(porting.earliest_day(today(g.white_label.time_zone)), g.white_label)


def _show(desk: NumbersDesk, port_id: UUID, form: DocumentForm) -> Response:
    with reading() as db:
        found = port_page(db, porting.port_or_404(db, desk.account.id, port_id), desk)
    return page("numbers/port.html", desk=desk, found=found, form=form)
