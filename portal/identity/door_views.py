"""Between the password and everything else: the code of the second factor, or setting one up."""

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.identity import factor_pages, factors, flows
from portal.identity.again import sparing
from portal.identity.factor_pages import WRONG, WRONG_SPARE
from portal.identity.forms import CodeForm, EnrolForm, RecoveryForm
from portal.identity.guards import half_signed_in_only, person_at_the_door
from portal.kit.db import transaction
from portal.kit.sessions import browser_session
from portal.kit.web import page, safe_next

bp = Blueprint("door", __name__, url_prefix="/login")


@bp.get("/code")
@half_signed_in_only
def code_page() -> Response:
    return _code_page(_code_form())


@bp.post("/code")
@half_signed_in_only
def show_code() -> Response:
    form = _code_form()
    if not form.validate_on_submit():
        return _code_page(form)
    if not flows.show_factor(person_at_the_door(), form.code.data or ""):
        form.code.errors = [WRONG_SPARE if isinstance(form, RecoveryForm) else WRONG]
        return _code_page(form, status=401)
    if isinstance(form, RecoveryForm):
        flash("That recovery code is used up. Is the phone lost? Move to another one under Your profile.", "wait")
    return redirect(_way_back() or "/", 303)


@bp.get("/second-factor")
@half_signed_in_only
def enrolment_page() -> Response:
    return _enrolment(_enrol_form())


@bp.post("/second-factor")
@sparing
@half_signed_in_only
def enrol() -> Response:
    """The recovery codes stand on this answer and nowhere else."""
    form, person = _enrol_form(), person_at_the_door()
    if not form.validate_on_submit():
        return _enrolment(form)
    fresh = factor_pages.shown_right(person, form.new_code.data or "")
    if fresh is None:
        form.new_code.errors = [WRONG]
        return _enrolment(form)
    with transaction() as db:
        made = factors.turn_on(db, person, fresh, session_kept=browser_session.name)
    factor_pages.forget_waiting()
    flows.pass_the_door(person, made.id)
    return page("identity/recovery-codes.html", codes=fresh.words, on=_way_back() or "/", frame="house/flow.html")


def _enrol_form() -> EnrolForm:
    """The password is not asked twice in a row."""
    form = EnrolForm()
    if flows.gave_password_just_now():
        del form.present
    return form


def _code_form() -> CodeForm | RecoveryForm:
    return RecoveryForm() if "recovery" in request.args else CodeForm()


def _code_page(form: CodeForm | RecoveryForm, *, status: int = 200) -> Response:
    with_phone = isinstance(form, CodeForm)
    person = person_at_the_door()
    return page(
        "identity/code.html", form=form, with_phone=with_phone, user=person, way_back=_way_back(), status=status
    )


def _enrolment(form: EnrolForm) -> Response:
    shown = factor_pages.enrolment(person_at_the_door())
    return page("identity/enrol.html", form=form, shown=shown, way_back=_way_back(), at_door=True)


def _way_back() -> str | None:
    return safe_next(request.values.get("next"))
