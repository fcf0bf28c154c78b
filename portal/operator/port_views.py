"""Port-in requests of every white label, moved from state to state by operator staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.kit.refusals import NotFound, Refusal
from portal.kit.web import page
from portal.numbers import porting
from portal.numbers.arriving import FROM_TODAY
from portal.numbers.flows import complete_port
from portal.numbers.models import PortDocument, PortRequest
from portal.numbers.port_views import download
from portal.operator.asked import asked_place
from portal.operator.pages import white_label_or_404
from portal.operator.port_forms import AcceptForm, RejectForm, ScheduleForm
from portal.operator.port_pages import OVER_PREFIX, in_stock_of, port_list, port_request_page, rivals_of

bp = Blueprint("operator_ports", __name__, url_prefix="/operator")
ONE = "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>"


@bp.get("/port-ins")
@operator_staff_only
def index() -> Response:
    """Open requests, the one that waits longest first, and what became of the latest others."""
    open_at, over_at = asked_place(request.args), asked_place(request.args, OVER_PREFIX)
    with reading(PLATFORM) as db:
        found = port_list(db, open_at, over_at)
    return page("operator/port-ins.html", found=found)


@bp.get(ONE)
@operator_staff_only
def show(white_label_id: UUID, port_id: UUID) -> Response:
    return _show(white_label_id, port_id)


@bp.post(f"{ONE}/acceptance")
@operator_staff_only
def accept(white_label_id: UUID, port_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with _way_back(white_label_id, port_id), transaction(white_label_id) as db:
        port, form = _held(db, port_id), AcceptForm(db, prefix="accept")
        if is_valid := form.validate_on_submit():
            needs_address = bool(form.needs_address.data)
            porting.accept(db, port, price_class=form.price_class.data, needs_address=needs_address, by=actor())
    if not is_valid:
        return _show(white_label_id, port_id, accept=form)
    return _done(white_label_id, port_id, "The request is accepted. No money moved.")


@bp.post(f"{ONE}/day")
@operator_staff_only
def schedule(white_label_id: UUID, port_id: UUID) -> Response:
    tenant, form = white_label_or_404(white_label_id), ScheduleForm(prefix="day")
    form.time_zone = tenant.time_zone
    if not form.validate_on_submit() or form.day.data is None:
        return _show(white_label_id, port_id, schedule=form)
    with _way_back(white_label_id, port_id), transaction(white_label_id) as db:
        porting.schedule(db, _held(db, port_id), form.day.data, by=actor())
    return _done(white_label_id, port_id, "The day is agreed. No money moved.")


@bp.post(f"{ONE}/completion")
@operator_staff_only
def complete(white_label_id: UUID, port_id: UUID) -> Response:
    """The numbers are here: stock, account and charges in one transaction, or nothing at all."""
    white_label_or_404(white_label_id)
    with _way_back(white_label_id, port_id):
        charged = complete_port(white_label_id, port_id, by=actor())
    then = "Their charges are made." if charged == FROM_TODAY else f"No money moved: they are charged {charged}."
    return _done(white_label_id, port_id, f"The numbers are in the stock and assigned. {then}")


@bp.post(f"{ONE}/rejection")
@operator_staff_only
def reject(white_label_id: UUID, port_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    form = RejectForm(prefix="reject")
    if not form.validate_on_submit():
        return _show(white_label_id, port_id, reject=form)
    with _way_back(white_label_id, port_id), transaction(white_label_id) as db:
        porting.reject(db, _held(db, port_id), form.reason.data or "", by=actor())
    return _done(white_label_id, port_id, "The request is rejected. No money moved.")


@bp.get(f"{ONE}/documents/<uuid:document_id>")
@operator_staff_only
def document(white_label_id: UUID, port_id: UUID, document_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        paper = db.load(PortDocument, document_id)
        if paper is None or paper.port_request_id != port_id:
            raise NotFound
        return download(paper)


def _held(db: TenantSession, port_id: UUID) -> PortRequest:
    """The request with its account's row held before it. Raises NotFound."""
    known = db.load(PortRequest, port_id)
    if known is None:
        raise NotFound
    account = held_customer_or_404(db, known.account_id)
    return porting.port_or_404(db, account.id, port_id, held=True)


def _show(white_label_id: UUID, port_id: UUID, **came_back: object) -> Response:
    tenant = white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        found = port_request_page(db, port_id)
        fresh = {
            "accept": AcceptForm(db, formdata=None, prefix="accept"),
            "schedule": ScheduleForm(formdata=None, prefix="day"),
            "reject": RejectForm(formdata=None, prefix="reject"),
        }
    with reading(PLATFORM) as db:
        rivals, known = rivals_of(db, port_id, g.white_label), in_stock_of(db, port_id, g.white_label)
    form = next(iter(came_back.values()), None)
    forms = {**fresh, **came_back}
    return page("operator/port-in.html", tenant=tenant, found=found, rivals=rivals, known=known, forms=forms, form=form)


def _done(white_label_id: UUID, port_id: UUID, words: str) -> Response:
    flash(words, "ok")
    return redirect(_href(white_label_id, port_id), 303)


@contextmanager
def _way_back(white_label_id: UUID, port_id: UUID) -> Iterator[None]:
    """Whoever is refused goes back to the request, which says what is so now."""
    try:
        yield
    except NotFound:
        raise
    except Refusal as refused:
        refused.ways = (("Back to the request", _href(white_label_id, port_id)),)
        raise


def _href(white_label_id: UUID, port_id: UUID) -> str:
    return f"/operator/white-labels/{white_label_id}/port-ins/{port_id}"
