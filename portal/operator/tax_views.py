"""The tax on a white label's wholesale: what holds, what is to come, and a new rate from a day on."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.catalogue import commands as catalogue, tax_pages as rate_pages
from portal.catalogue.forms import RateForm, WithdrawalForm
from portal.catalogue.prices import WHOLESALE
from portal.catalogue.words import still_there
from portal.identity.guards import actor, operator_staff_only
from portal.kit.db import reading, transaction
from portal.kit.refusals import BadInput
from portal.kit.web import page
from portal.operator import tax_pages
from portal.operator.tax_pages import TaxDesk, desk_or_404
from portal.whitelabels.words import day

bp = Blueprint("operator_tax", __name__, url_prefix="/operator/white-labels/<uuid:white_label_id>/tax")


@bp.get("")
@operator_staff_only
def index(white_label_id: UUID) -> Response:
    return _index(desk_or_404(white_label_id))


@bp.get("/rates")
@operator_staff_only
def review_rate(white_label_id: UUID) -> Response:
    """What a new rate would do, before anything is saved."""
    desk = desk_or_404(white_label_id)
    form = RateForm(request.args, meta={"csrf": False})
    if not form.validate():
        return _index(desk, form)
    try:
        with reading(white_label_id) as db:
            found = rate_pages.review(db, WHOLESALE, form.begins, form.percent.ppm)
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _index(desk, form)
    return page("operator/tax-review.html", found=found, desk=desk, fields=form.fields)


@bp.post("/rates")
@operator_staff_only
def set_rate(white_label_id: UUID) -> Response:
    desk, form = desk_or_404(white_label_id), RateForm()
    if not form.validate_on_submit():
        return _index(desk, form)
    try:
        with transaction(white_label_id) as db:
            catalogue.set_tax_rate(db, WHOLESALE, form.begins, form.percent.ppm, by=actor())
    except (catalogue.TooLate, catalogue.ChargedAlready) as refused:
        form.valid_from.errors = [refused.text]
        return _index(desk, form)
    flash(f"The rate is set from {day(form.begins, desk.tenant)}. No money moved.", "ok")
    return redirect(desk.base, 303)


@bp.post("/rates/withdrawal")
@operator_staff_only
def withdraw_rate(white_label_id: UUID) -> Response:
    """Take back a rate whose day has not come; where it is too late, the page says so."""
    desk, form = desk_or_404(white_label_id), WithdrawalForm()
    if not form.validate_on_submit() or form.valid_from.data is None:
        raise BadInput
    try:
        with transaction(white_label_id) as db:
            catalogue.withdraw_tax_rate(db, WHOLESALE, form.valid_from.data, by=actor())
        flash("The rate is withdrawn. No money moved.", "ok")
    except (catalogue.NothingToWithdraw, catalogue.TooLate, catalogue.ChargedAlready) as refused:
        flash(still_there(refused, day(form.valid_from.data, desk.tenant), "rate"), "note")
    return redirect(desk.base, 303)


def _index(desk: TaxDesk, came_back: RateForm | None = None) -> Response:
    with reading(desk.tenant.id) as db:
        found = tax_pages.tax_page(db)
    return page("operator/tax.html", found=found, desk=desk, rate=came_back or RateForm(None), form=came_back)
