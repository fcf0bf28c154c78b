"""One's own second factor: turned on, moved to another phone, new recovery codes, turned off."""

from flask import Blueprint, flash, redirect
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from portal.identity import factor_pages, factors, flows
from portal.identity.again import sparing
from portal.identity.factor_pages import WRONG
from portal.identity.factors import Fresh
from portal.identity.forms import EnrolForm, FactorForm, NewPhoneForm
from portal.identity.guards import me, must_have_factor, signed_in_only
from portal.identity.models import SecondFactor
from portal.identity.queries import factor_of
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotAllowed
from portal.kit.sessions import browser_session
from portal.kit.web import page

bp = Blueprint("second_factor", __name__, url_prefix="/profile/second-factor")


@bp.get("")
@signed_in_only
def enrolment_page() -> Response:
    return redirect("/profile", 303) if _has_factor() else _enrolment(EnrolForm())


@bp.post("")
@sparing
@signed_in_only
def turn_on() -> Response:
    form = EnrolForm()
    if not form.validate_on_submit():
        return _enrolment(form)
    fresh = factor_pages.shown_right(me(), form.new_code.data or "")
    if fresh is None:
        form.new_code.errors = [WRONG]
        return _enrolment(form)
    with transaction() as db:
        made = factors.turn_on(db, me(), fresh, session_kept=browser_session.name)
    return _begin(made, fresh)


@bp.get("/phone")
@signed_in_only
def phone_page() -> Response:
    return _phone(NewPhoneForm()) if _has_factor() else redirect("/profile", 303)


@bp.post("/phone")
@sparing
@signed_in_only
def change_phone() -> Response:
    form = NewPhoneForm()
    if not form.validate_on_submit():
        return _phone(form)
    fresh = factor_pages.shown_right(me(), form.new_code.data or "")
    if fresh is None:
        form.new_code.errors = [WRONG]
        return _phone(form)
    judged = factors.judge(me(), form.code.data or "")
    with transaction() as db:
        made = factors.change_phone(db, me(), judged, fresh, session_kept=browser_session.name)
    if made is None:
        form.code.errors = [WRONG]
        return _phone(form)
    return _begin(made, fresh)


@bp.get("/codes")
@signed_in_only
def codes_page() -> Response:
    return _asked("codes", FactorForm()) if _has_factor() else redirect("/profile", 303)


@bp.post("/codes")
@sparing
@signed_in_only
def renew_codes() -> Response:
    """They stand on this answer and nowhere else."""
    form = FactorForm()
    if not form.validate_on_submit():
        return _asked("codes", form)
    judged, codes = factors.judge(me(), form.code.data or ""), factors.mint()
    with transaction() as db:
        is_done = factors.renew_codes(db, me(), judged, codes)
    if not is_done:
        form.code.errors = [WRONG]
        return _asked("codes", form)
    return _codes([code for code, _ in codes])


@bp.get("/removal")
@signed_in_only
def removal_page() -> Response:
    _refuse_staff()
    return _asked("off", FactorForm()) if _has_factor() else redirect("/profile", 303)


@bp.post("/removal")
@sparing
@signed_in_only
def turn_off() -> Response:
    _refuse_staff()
    form = FactorForm()
    if not form.validate_on_submit():
        return _asked("off", form)
    judged = factors.judge(me(), form.code.data or "")
    with transaction() as db:
        is_done = factors.turn_off(db, me(), judged)
    if not is_done:
        form.code.errors = [WRONG]
        return _asked("off", form)
    flash("The second factor is off. Your password alone signs you in.", "ok")
    return redirect("/profile", 303)


def _refuse_staff() -> None:
    if must_have_factor(me()):
        raise NotAllowed("Whoever works here needs a second factor. You can move it to another phone.")


def _has_factor() -> bool:
    with reading() as db:
        return factor_of(db, me().id) is not None


def _begin(made: SecondFactor, fresh: Fresh) -> Response:
    """This session has seen the new phone. The recovery codes stand on this answer and nowhere else."""
    factor_pages.forget_waiting()
    flows.pass_the_door(me(), made.id)
    return _codes(fresh.words)


def _codes(codes: list[str]) -> Response:
    return page("identity/recovery-codes.html", codes=codes, on="/profile", frame="house/shell.html")


def _enrolment(form: EnrolForm) -> Response:
    return page("identity/enrol.html", form=form, shown=factor_pages.enrolment(me()), way_back=None, at_door=False)


def _phone(form: NewPhoneForm) -> Response:
    return page("identity/factor-phone.html", form=form, shown=factor_pages.enrolment(me()))


def _asked(what: str, form: FlaskForm) -> Response:
    return page(f"identity/factor-{what}.html", form=form, user=me())
