"""The operator suspends every customer of a white label, follows how far it is, and lifts it."""

from uuid import UUID

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.operator import pages, standstill, standstill_pages
from portal.operator.forms import LiftForm, StandstillForm

bp = Blueprint("operator_standstill", __name__, url_prefix="/operator/white-labels/<uuid:white_label_id>")


@bp.get("/suspension")
@operator_staff_only
def suspension(white_label_id: UUID) -> Response:
    """The question before it is done, and how far it is afterwards."""
    tenant = pages.white_label_or_404(white_label_id)
    return _suspension(white_label_id, StandstillForm(name=tenant.name))


@bp.post("/suspension")
@operator_staff_only
def suspend(white_label_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    form = StandstillForm(name=tenant.name)
    if not form.validate_on_submit():
        return _suspension(white_label_id, form)
    with transaction(white_label_id) as db:
        is_new = standstill.begin(db, reason=form.reason.data or "", by=actor())
    if is_new:
        flash(f"The customers of {tenant.name} are being suspended. Its people get a letter.", "ok")
    else:
        flash(f"The customers of {tenant.name} were suspended before. Nothing was changed.", "note")
    return redirect(f"/operator/white-labels/{white_label_id}/suspension", 303)


@bp.get("/reactivation")
@operator_staff_only
def reactivation(white_label_id: UUID) -> Response:
    pages.white_label_or_404(white_label_id)
    return _reactivation(white_label_id, LiftForm())


@bp.post("/reactivation")
@operator_staff_only
def lift(white_label_id: UUID) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    form = LiftForm()
    if not form.validate_on_submit():
        return _reactivation(white_label_id, form)
    with transaction(white_label_id) as db:
        was_standing = standstill.lift(db, reason=form.reason.data or "", by=actor())
    if was_standing:
        flash(f"The customers of {tenant.name} are being made active again. Its people get a letter.", "ok")
    else:
        flash(f"The customers of {tenant.name} were not suspended. Nothing was changed.", "note")
    return redirect(f"/operator/white-labels/{white_label_id}/suspension", 303)


def _suspension(white_label_id: UUID, form: StandstillForm) -> Response:
    with reading(white_label_id) as db:
        found = standstill_pages.standstill_page(db)
    here = f"/operator/white-labels/{white_label_id}/suspension"
    return page("operator/suspension.html", found=found, form=form, follow=here if found.goes_on else "")


def _reactivation(white_label_id: UUID, form: LiftForm) -> Response:
    with reading(white_label_id) as db:
        found = standstill_pages.standstill_page(db)
    if not found.stands:
        return redirect(f"/operator/white-labels/{white_label_id}/suspension", 303)
    return page("operator/reactivation.html", found=found, form=form)
