"""Emergency addresses that were validated, to be registered with the emergency services by operator staff."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect
from werkzeug.wrappers import Response

from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.web import page
from portal.numbers import emergency
from portal.operator.pages import white_label_or_404
from portal.operator.port_forms import RefuseAddressForm, RegisterForm
from portal.operator.port_pages import address_list, address_page

bp = Blueprint("operator_emergency", __name__, url_prefix="/operator")
ONE = "/white-labels/<uuid:white_label_id>/emergency/<uuid:number_id>"


@bp.get("/emergency")
@operator_staff_only
def index() -> Response:
    """Addresses that wait to be registered, the oldest first."""
    with reading(PLATFORM) as db:
        found = address_list(db, g.white_label)
    return page("operator/emergency.html", found=found)


@bp.get(ONE)
@operator_staff_only
def show(white_label_id: UUID, number_id: UUID) -> Response:
    return _show(white_label_id, number_id)


@bp.post(f"{ONE}/registration")
@operator_staff_only
def register(white_label_id: UUID, number_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    form = RegisterForm(prefix="register")
    if not form.validate_on_submit():
        return _show(white_label_id, number_id, register=form)
    entered, reference = form.entered.data or "", form.reference.data or ""
    with transaction(white_label_id) as db:
        emergency.register(db, number_id, entered_at=entered, reference=reference, by=actor())
    flash("The address is registered. No money moved.", "ok")
    return redirect("/operator/emergency", 303)


@bp.post(f"{ONE}/refusal")
@operator_staff_only
def refuse(white_label_id: UUID, number_id: UUID) -> Response:
    white_label_or_404(white_label_id)
    form = RefuseAddressForm(prefix="refuse")
    if not form.validate_on_submit():
        return _show(white_label_id, number_id, refuse=form)
    entered, reason = form.entered.data or "", form.reason.data or ""
    with transaction(white_label_id) as db:
        emergency.refuse(db, number_id, entered_at=entered, reason=reason, by=actor())
    flash("The address is refused, and the number stops working until it is corrected. No money moved.", "ok")
    return redirect("/operator/emergency", 303)


def _show(white_label_id: UUID, number_id: UUID, **came_back: object) -> Response:
    tenant = white_label_or_404(white_label_id)
    with reading(white_label_id) as db:
        found = address_page(db, number_id)
    fresh = {
        "register": RegisterForm(formdata=None, prefix="register", data={"entered": found.entered}),
        "refuse": RefuseAddressForm(formdata=None, prefix="refuse", data={"entered": found.entered}),
    }
    form = next(iter(came_back.values()), None)
    return page("operator/emergency-address.html", tenant=tenant, found=found, forms={**fresh, **came_back}, form=form)
