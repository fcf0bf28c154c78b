"""The page behind the link of letters about a new second factor: it was not me. Nobody needs to be signed in."""

from uuid import UUID

from flask import Blueprint, g, redirect, session
from werkzeug.wrappers import Response

from portal.identity import denials
from portal.identity.commands import LinkIsDead
from portal.identity.guards import anyone
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.kit.limits import limiter
from portal.kit.web import page
from portal.whitelabels.words import moment

bp = Blueprint("denial", __name__, url_prefix="/not-me")


@bp.get("/<token>")
@limiter.limit("60 per hour")
@anyone
def open_link(token: str) -> Response:
    """Move the token out of the address at once. Nothing is consumed: a mail scanner may open this all day."""
    with reading() as db:
        factor = denials.factor_of_token(db, token)
    if factor is None:
        raise LinkIsDead
    session["not_me"] = str(factor.id)
    return redirect("/not-me", 303)


@bp.get("")
@anyone
def denial_page() -> Response:
    with reading() as db:
        factor = denials.deniable(db, _factor_id())
        user = db.load(User, factor.user_id) if factor is not None else None
    if factor is None or user is None:
        raise LinkIsDead
    return page("identity/not-me.html", user=user, since=moment(factor.created_at, g.white_label))


@bp.post("")
@limiter.limit("10 per hour")
@anyone
def deny() -> Response:
    with transaction() as db:
        denials.deny(db, _factor_id())
    session.pop("not_me", None)
    return page("identity/not-me-done.html")


def _factor_id() -> UUID:
    if "not_me" not in session:
        raise LinkIsDead
    return UUID(session["not_me"])
