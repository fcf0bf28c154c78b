"""Everybody's own page: name, where letters go, password."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, session
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.identity import addresses, commands, factor_pages
from portal.identity.again import sparing, whoever
from portal.identity.forms import AddressForm, ConfirmForm, NameForm
from portal.identity.guards import anyone, is_me, me, signed_in_only
from portal.identity.models import AddressChange, User
from portal.identity.passwords import is_right
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter
from portal.kit.web import page
from portal.whitelabels.words import moment

bp = Blueprint("profile", __name__, url_prefix="/profile")


@bp.get("")
@signed_in_only
def show() -> Response:
    return _profile(NameForm(data={"display_name": me().display_name}))


@bp.post("/name")
@signed_in_only
def rename() -> Response:
    form = NameForm()
    if not form.validate_on_submit():
        return _profile(form)
    with transaction() as db:
        commands.rename(db, me().id, form.display_name.data or "")
    flash("Your name is changed.", "ok")
    return redirect("/profile", 303)


def _profile(form: NameForm) -> Response:
    with reading() as db:
        change, factor = addresses.open_change(db, me()), factor_pages.state_of(db, me())
    asked = moment(change.created_at, g.white_label) if change is not None else ""
    return page("identity/profile.html", form=form, user=me(), change=change, asked=asked, factor=factor)


@bp.get("/address")
@signed_in_only
def address_page() -> Response:
    return page("identity/address.html", form=AddressForm(), user=me())


@bp.post("/address")
@sparing
@limiter.limit("10 per hour", key_func=whoever)
@signed_in_only
def ask_for_address() -> Response:
    form = AddressForm()
    if not form.validate_on_submit() or not _ask(form):
        return page("identity/address.html", form=form, user=me())
    flash(f"A letter with a link went to {form.email.data}. Until you use it, letters go where they went.", "ok")
    return redirect("/profile", 303)


def _ask(form: AddressForm) -> bool:
    try:
        with transaction() as db:
            addresses.ask_for_address(db, me().id, form.address)
    except addresses.SameAddress as refused:
        form.email.errors = [refused.text]
        return False
    return True


@bp.post("/address/withdrawal")
@signed_in_only
def take_back() -> Response:
    with transaction() as db:
        addresses.take_back(db, me().id)
    flash("The new address is forgotten. Letters go where they went.", "ok")
    return redirect("/profile", 303)


@bp.get("/address/<token>")
@anyone
def open_link(token: str) -> Response:
    """Move the token out of the address at once. Nothing is consumed: a mail scanner may open this all day."""
    with reading() as db:
        change = addresses.change_of_token(db, token)
    if change is None:
        raise commands.LinkIsDead
    session["address_change"] = str(change.id)
    return redirect("/profile/confirmation", 303)


@bp.get("/confirmation")
@anyone
def confirmation_page() -> Response:
    change, user = _asked_change()
    return _confirmation(ConfirmForm(), change, user)


@bp.post("/confirmation")
@sparing
@anyone
def confirm() -> Response:
    """The link shows who reads the new mailbox; the password shows that this is the one who asked for it."""
    change, user = _asked_change()
    form = ConfirmForm()
    if not form.validate_on_submit() or not (is_me(user) or _knows_password(form, user)):
        return _confirmation(form, change, user)
    with transaction() as db:
        addresses.confirm_address(db, change.id)
    session.pop("address_change", None)
    whose = "Your letters" if is_me(user) else f"Letters for {user.login_name}"
    flash(f"{whose} go to {change.address} from now on.", "ok")
    return redirect("/profile", 303)


def _confirmation(form: ConfirmForm, change: AddressChange, user: User) -> Response:
    """Whoever opened the link reads whose address it is, and that somebody else is signed in, if one is."""
    other = me() if current_user.is_authenticated and not is_me(user) else None
    return page(
        "identity/address-confirmation.html", form=form, change=change, user=user, other=other, is_me=is_me(user)
    )


def _knows_password(form: ConfirmForm, user: User) -> bool:
    if is_right(form.password.data or "", user.password_hash):
        return True
    form.password.errors = ["This is not the password of the login."]
    return False


def _asked_change() -> tuple[AddressChange, User]:
    """The change whose link this browser opened, while it can be confirmed. Raises LinkIsDead."""
    with reading() as db:
        change = db.load(AddressChange, UUID(session["address_change"])) if "address_change" in session else None
        user = db.load(User, change.user_id) if change is not None else None
    if change is None or user is None or not addresses.is_open(change, user):
        raise commands.LinkIsDead
    return change, user
