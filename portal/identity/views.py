"""Sign in and out, forgotten and new passwords."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, request, session
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from portal.identity import commands, flows
from portal.identity.forms import ChangePasswordForm, ForgottenForm, NewPasswordForm, SignInForm
from portal.identity.guards import anyone, half_signed_in, me, signed_in_only
from portal.identity.models import User
from portal.identity.queries import live_password_link, password_link
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter, login_from_address
from portal.kit.sessions import browser_session
from portal.kit.web import page, safe_next

bp = Blueprint("identity", __name__)


def _failed(response: Response) -> bool:
    return response.status_code != 303


@bp.get("/login")
@anyone
def sign_in_page() -> Response:
    if current_user.is_authenticated or half_signed_in() is not None:
        return redirect("/", 303)
    return page("identity/login.html", form=SignInForm(), way_back=safe_next(request.args.get("next")))


@bp.post("/login")
@limiter.limit("10 per 15 minutes", key_func=login_from_address, deduct_when=_failed)
@limiter.limit("100 per hour", deduct_when=_failed)
@anyone
def sign_in() -> Response:
    form = SignInForm()
    way_back = safe_next(request.form.get("next"))
    if form.validate_on_submit():
        if flows.sign_in(form.login_name.data or "", form.password.data or "") is not None:
            return redirect(way_back or "/", 303)
        form.form_errors.append("The login name or the password is wrong.")
        return page("identity/login.html", form=form, way_back=way_back, status=401)
    return page("identity/login.html", form=form, way_back=way_back)


@bp.post("/logout")
@anyone
def sign_out() -> Response:
    logout_user()
    browser_session.end()
    return redirect("/login", 303)


@bp.get("/password/forgotten")
@anyone
def forgotten_page() -> Response:
    return page("identity/forgotten.html", form=ForgottenForm())


@bp.post("/password/forgotten")
@limiter.limit("5 per hour", key_func=login_from_address)
@limiter.limit("30 per hour")
@anyone
def forgotten() -> Response:
    form = ForgottenForm()
    if not form.validate_on_submit():
        return page("identity/forgotten.html", form=form)
    with transaction() as db:
        commands.request_reset(db, form.login_name.data or "")
    return page("identity/forgotten-sent.html", form=None)


@bp.get("/password/set/<token>", defaults={"purpose": "set-password"})
@bp.get("/password/reset/<token>", defaults={"purpose": "password-reset"})
@anyone
def open_password_link(token: str, purpose: str) -> Response:
    """Move the token out of the address at once. Nothing is consumed: a mail scanner may open this all day."""
    with reading() as db:
        link = live_password_link(db, purpose, token)
    if link is None:
        raise commands.LinkIsDead
    session["password_link"] = str(link.id)
    return redirect("/password/new", 303)


@bp.get("/password/new")
@anyone
def new_password_page() -> Response:
    return page("identity/new-password.html", form=NewPasswordForm(), user=_person_of_link())


@bp.post("/password/new")
@anyone
def new_password() -> Response:
    form, user = NewPasswordForm(), _person_of_link()
    if not form.validate_on_submit():
        return page("identity/new-password.html", form=form, user=user)
    try:
        with transaction() as db:
            commands.redeem_password_link(db, _link_id(), form.password.data or "")
    except commands.PasswordRefused as refused:
        form.password.errors = [refused.text]
        return page("identity/new-password.html", form=form, user=user)
    session.pop("password_link", None)
    flash("Your password is set. Sign in with it.", "ok")
    return redirect("/login", 303)


@bp.get("/password/change")
@signed_in_only
def change_password_page() -> Response:
    return page("identity/change-password.html", form=ChangePasswordForm(), must=me().must_change_password)


@bp.post("/password/change")
@limiter.limit("10 per 15 minutes", deduct_when=_failed)
@signed_in_only
def change_password() -> Response:
    form = ChangePasswordForm()
    if form.validate_on_submit() and _change(form):
        flash("Your password is changed. Other devices were signed out.", "ok")
        return redirect("/", 303)
    return page("identity/change-password.html", form=form, must=me().must_change_password)


def _change(form: ChangePasswordForm) -> bool:
    if form.present.data == form.password.data:
        form.password.errors = ["Choose one that differs from the present password."]
        return False
    try:
        with transaction() as db:
            user = db.load(User, me().id)
            assert user is not None
            commands.change_password(db, user, form.password.data or "", session_kept=browser_session.name)
    except commands.PasswordRefused as refused:
        form.password.errors = [refused.text]
        return False
    browser_session.rotate()
    return True


def _link_id() -> UUID:
    return UUID(session["password_link"])


def _person_of_link() -> User:
    with reading() as db:
        link = password_link(db, _link_id()) if "password_link" in session else None
        user = db.load(User, link.user_id) if link is not None else None
    if user is None:
        raise commands.LinkIsDead
    assert g.white_label.id == user.white_label_id
    return user
