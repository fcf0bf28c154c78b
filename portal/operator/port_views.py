"""Port-in requests of every white label, moved from state to state by operator staff."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect
from werkzeug.wrappers import Response

from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.kit.refusals import NotFound
from portal.kit.web import page
from portal.numbers import porting
from portal.numbers.arriving import InTheStock
from portal.numbers.flows import complete_port
from portal.numbers.models import PortDocument, PortRequest
from portal.numbers.port_views import download
from portal.operator.pages import white_label_or_404
from portal.operator.port_forms import AcceptForm, RejectForm, ScheduleForm
from portal.operator.port_pages import in_stock_of, port_list, port_request_page, rivals_of

bp = Blueprint("operator_ports", __name__, url_prefix="/operator")
ONE = "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>"


@bp.get("/port-ins")
@operator_staff_only
def index() -> Response:
    """Open requests, the one that waits longest first, and what became of the latest others."""
    with reading(PLATFORM) as db:
        found = port_list(db)
    return page("operator/port-ins.html", found=found)


@bp.get(ONE)
@operator_staff_only
def show(white_label_id: UUID, port_id: UUID) -> Response:
    return _show(white_label_id, port_id)


@bp.post(f"{ONE}/acceptance")
@operator_staff_only
def accept(white_label_id: UUID, port_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    with transaction(white_label_id) as db:
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
    with transaction(white_label_id) as db:
        porting.schedule(db, _held(db, port_id), form.day.data, by=actor())
    return _done(white_label_id, port_id, "The day is agreed. No money moved.")


@bp.post(f"{ONE}/completion")
@operator_staff_only
def complete(white_label_id: UUID, port_id: UUID) -> Response:
    """The numbers are here: stock, account and charges in one transaction, or nothing at all."""
    white_label_or_404(white_label_id)
    try:
        complete_port(white_label_id, port_id, by=actor())
    except InTheStock as refused:
        refused.ways = (("Back to the request", f"/operator/white-labels/{white_label_id}/port-ins/{port_id}"),)
        raise
    return _done(white_label_id, port_id, "The numbers are in the stock and assigned. Their charges are made.")


@bp.post(f"{ONE}/rejection")
@operator_staff_only
def reject(white_label_id: UUID, port_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    form = RejectForm(prefix="reject")
    if not form.validate_on_submit():
        return _show(white_label_id, port_id, reject=form)
    with transaction(white_label_id) as db:
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
    return redirect(f"/operator/white-labels/{white_label_id}/port-ins/{port_id}", 303)
