"""The page where an invitation is taken up."""

from typing import Any

from flask import Blueprint, flash, redirect, session
from werkzeug.wrappers import Response

from portal.identity.guards import anyone, half_signed_in, to_sign_in
from portal.kit.db import reading
from portal.kit.limits import limiter
from portal.kit.web import page
from portal.people import joining, queries
from portal.people.joining import Door, Who

bp = Blueprint("invitations", __name__, url_prefix="/invitations")


@bp.get("/<token>")
@anyone
def open_invitation(token: str) -> Response:
    """Move the token out of the address at once. Nothing is consumed, however often scanners come by."""
    with reading() as db:
        found = queries.invitation_for_token(db, token)
    if found is None:
        return _dead()
    session["invitation"] = str(found.id)
    return redirect("/invitations", 303)


@bp.get("")
@anyone
def invitation() -> Response:
    with reading() as db:
        at = joining.door(db)
    return _page(at, at.form()) if at is not None else _dead()


@bp.post("")
@limiter.limit("20 per hour", deduct_when=lambda response: response.status_code != 303)
@anyone
def accept() -> Response:
    with reading() as db:
        at = joining.door(db)
    if at is None:
        return _dead()
    form, was_unset = at.form(), at.who is Who.UNSET
    if not form.validate_on_submit() or not joining.let_in(at, form):
        return _page(at, form, is_mailed=was_unset)
    if half_signed_in() is not None:
        return to_sign_in("/invitations")
    flash(f"Welcome to {at.account.name}.", "ok")
    return redirect(f"/account/{at.account.id}", 303)


def _page(at: Door, form: Any, *, is_mailed: bool = False) -> Response:
    return page("people/invitation.html", at=at, who=at.who, form=form, is_mailed=is_mailed)


def _dead() -> Response:
    return page("people/dead-invitation.html", status=410)
