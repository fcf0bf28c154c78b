"""Addresses that belong to no room: the way in, the brand's style, and what machines ask."""

from flask import Blueprint, Response, g, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from portal.accounts.guards import NO_ACCOUNT, standing
from portal.identity.guards import anyone, signed_in_only, to_sign_in
from portal.kit.db import database, reading
from portal.kit.refusals import NotFound
from portal.kit.web import page
from portal.whitelabels.colour import on_colour
from portal.whitelabels.queries import white_label

bp = Blueprint("front", __name__)


@bp.get("/")
@anyone
def start() -> AnyResponse:
    """Each role begins where its work is."""
    if not current_user.is_authenticated:
        return to_sign_in()
    return redirect(_home(), 303)


def _home() -> str:
    if g.white_label.is_operator:
        return "/operator/white-labels"
    person = standing()
    if person.is_administrator:
        return "/customers"
    if person.is_finance:
        return "/finance/charges"
    if person.unfinished:
        return "/activation/payment"
    return "/account" if person.readable_accounts else NO_ACCOUNT


@bp.get(NO_ACCOUNT)
@signed_in_only
def no_account() -> AnyResponse:
    """Where somebody arrives who can sign in and belongs to no account any more."""
    if g.white_label.is_operator or standing().has_place:
        return redirect("/", 303)
    if standing().ended_accounts:
        # It tells of the account that was not finished, and of the money that was paid for it.
        return redirect("/activation/return", 303)
    return page("identity/no-account.html", why=standing().why_no_place)


@bp.get("/brand.css")
@anyone
def brand_style() -> Response:
    """One line a host: the brand's colour. It was checked to be #rrggbb when it was stored."""
    response = Response(f":root {{ --brand: {g.white_label.colour}; }}\n", mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@bp.get("/icon.svg")
@anyone
def icon() -> Response:
    """What the browser shows on its tab: the first letter of the name on the brand's colour."""
    fill, letter = g.white_label.colour, g.white_label.name.strip()[:1].upper()
    svg = render_template("house/icon.svg", fill=fill, ink=on_colour(fill), letter=letter)
    response = Response(svg, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@bp.get("/health/live")
@anyone
def live() -> Response:
    return Response("ok\n", mimetype="text/plain")


@bp.get("/health/ready")
@anyone
def ready() -> Response:
    """Whether the database answers. For this machine only: what comes through a proxy finds nothing."""
    if request.remote_addr not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        raise NotFound
    with database().platform.connect() as connection:
        connection.execute(text("select 1"))
    return Response("ok\n", mimetype="text/plain")


@bp.get("/logo")
@anyone
def logo() -> Response:
    with reading() as db:
        png = white_label(db).logo
    if png is None:
        raise NotFound
    response = Response(png, mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
