"""The operator's own staff, and help for whoever lost their phone: a colleague, or staff of a white label."""

from uuid import UUID

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from portal.identity.again import sparing
from portal.identity.factors import person_with_factor, take_away
from portal.identity.forms import TakeAwayForm
from portal.identity.guards import actor, me, operator_staff_only
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.kit.web import page
from portal.operator import pages, staff_pages

bp = Blueprint("operator_staff", __name__, url_prefix="/operator")
HERE = "/operator/staff"


@bp.get("/staff")
@operator_staff_only
def staff() -> Response:
    with reading() as db:
        found = staff_pages.staff_lines(db, me().id)
    return page("operator/staff.html", found=found)


@bp.get("/staff/<uuid:colleague_id>/lost-phone")
@operator_staff_only
def colleague_page(colleague_id: UUID) -> Response:
    return _colleague(colleague_id, TakeAwayForm())


@bp.post("/staff/<uuid:colleague_id>/lost-phone")
@sparing
@operator_staff_only
def help_colleague(colleague_id: UUID) -> Response:
    form = TakeAwayForm()
    if not form.validate_on_submit():
        return _colleague(colleague_id, form)
    with transaction() as db:
        person = take_away(db, colleague_id, reason=form.reason.data or "", by=actor())
    return _done(person, HERE)


@bp.get("/white-labels/<uuid:white_label_id>/staff/<uuid:member_id>/lost-phone")
@operator_staff_only
def member_page(white_label_id: UUID, member_id: UUID) -> Response:
    return _member(white_label_id, member_id, TakeAwayForm())


@bp.post("/white-labels/<uuid:white_label_id>/staff/<uuid:member_id>/lost-phone")
@sparing
@operator_staff_only
def help_member(white_label_id: UUID, member_id: UUID) -> Response:
    form = TakeAwayForm()
    if not form.validate_on_submit():
        return _member(white_label_id, member_id, form)
    pages.white_label_or_404(white_label_id)
    with transaction(white_label_id) as db:
        staff_pages.member_or_404(db, member_id, by=actor())
        person = take_away(db, member_id, reason=form.reason.data or "", by=actor())
    return _done(person, f"/operator/white-labels/{white_label_id}")


def _done(person: User, back: str) -> Response:
    flash(f"The second factor of {person.display_name} is taken away, and a letter tells them.", "ok")
    return redirect(back, 303)


def _colleague(colleague_id: UUID, form: TakeAwayForm) -> Response:
    with reading() as db:
        person = person_with_factor(db, colleague_id, by=actor())
    return page("identity/lost-phone.html", form=form, person=person, back=HERE, crumbs=[("Staff", HERE)])


def _member(white_label_id: UUID, member_id: UUID, form: TakeAwayForm) -> Response:
    tenant = pages.white_label_or_404(white_label_id)
    back = f"/operator/white-labels/{white_label_id}"
    with reading(white_label_id) as db:
        person = staff_pages.member_or_404(db, member_id, by=actor())
    crumbs = [("White labels", "/operator/white-labels"), (tenant.name, back)]
    return page("identity/lost-phone.html", form=form, person=person, back=back, crumbs=crumbs)
