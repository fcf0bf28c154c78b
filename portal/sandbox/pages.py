"""The hosted payment page, its 3-D Secure stand-in, and a front page that says what all this is."""

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for

from portal.sandbox import attempts, cards, money, passing, sessions
from portal.sandbox.errors import Json
from portal.sandbox.world import World

bp = Blueprint("pages", __name__)

RECENT = 25


@bp.get("/")
def index() -> Response:
    world = _world()
    with world.store.transaction():
        passing.catch_up(world)
        recent = world.store.newest("payment_intent", RECENT)
        accounts = {
            row["id"]: {**json.loads(row["facts"]), "key": row["key_hint"]}
            for row in world.store.rows("SELECT id, key_hint, facts FROM account ORDER BY created")
        }
    return _page("sandbox/index.html", recent=recent, accounts=accounts)


@bp.get("/c/pay/<id>")
def show(id: str) -> Response:
    world = _world()
    with world.store.transaction():
        session, intent = _session(world, id)
    if session["status"] != "open":
        return _over(session)
    payer = session.get("_payer") or {"email": session["customer_email"], "name": ""}
    details = session["customer_details"] or {}
    form = attempts.Form(email=payer["email"] or details.get("email") or "", holder=payer["name"] or "")
    return _card_form(session, intent, form)


@bp.post("/c/pay/<id>")
def pay(id: str) -> Response:
    """A form that was sent before does nothing: its token was used up by the first one."""
    world = _world()
    with world.store.transaction():
        session, intent = _session(world, id)
        if session["status"] != "open" or request.form.get("token") != session["_token"]:
            return _onwards(session, intent)
        form = attempts.read(request.form, attempts.today(world))
        if not form.mistakes:
            return _onwards(session, attempts.pay(world, session, form))
    return _card_form(session, intent, form, status=422)


@bp.get("/c/pay/<id>/challenge")
def challenge(id: str) -> Response:
    world = _world()
    with world.store.transaction():
        session, intent = _session(world, id)
    if session["status"] != "open" or intent is None or intent["status"] != "requires_action":
        return _onwards(session, intent)
    return _page("sandbox/challenge.html", session, session=session, intent=intent)


@bp.post("/c/pay/<id>/challenge")
def answer_challenge(id: str) -> Response:
    world = _world()
    with world.store.transaction():
        session, intent = _session(world, id)
        if session["status"] == "open" and intent is not None:
            intent = attempts.answer_challenge(world, session, is_passed=request.form.get("answer") == "complete")
        return _onwards(session, intent)


@bp.get("/c/pay/<id>/brand.css")
def brand(id: str) -> Response:
    """The white label's colours, as a file because the page allows no inline style."""
    world = _world()
    with world.store.transaction():
        session, _ = _session(world, id)
    colour = session["branding_settings"]["button_color"]
    css = f".card-form button {{ background: {colour}; color: {_ink_on(colour)}; }}\n"
    response = make_response(css)
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    return response


def _world() -> World:
    world: World = current_app.extensions["sandbox"]
    return world


def _session(world: World, id: str) -> tuple[Json, Json | None]:
    """The session and its intent, after whatever the passing of time did to them."""
    passing.catch_up(world)
    session = world.store.find_anywhere("checkout.session", id)
    if session is None:
        abort(404)
    intent = session["payment_intent"]
    return session, world.store.find_anywhere("payment_intent", intent) if intent else None


def _onwards(session: Json, intent: Json | None) -> Response:
    """Where a browser goes after it sent something: always by GET, so that reloading sends nothing twice."""
    if session["status"] == "complete":
        target = sessions.returned_to(session)
    elif intent is not None and intent["status"] == "requires_action":
        target = url_for("pages.challenge", id=session["id"])
    else:
        target = url_for("pages.show", id=session["id"])
    response = make_response(redirect(target, 303))
    return _guarded(response, session)


def _card_form(session: Json, intent: Json | None, form: attempts.Form, status: int = 200) -> Response:
    facts = [
        (item["description"], money.shown(item["amount_total"], session["currency"])) for item in session["_line_items"]
    ]
    metadata = session["metadata"]
    facts += [
        (label, metadata[key])
        for key, label in (("account", "Account"), ("reference", "Reference"))
        if metadata.get(key)
    ]
    response = _page(
        "sandbox/pay.html",
        session,
        session=session,
        intent=intent,
        form=form,
        facts=facts,
        amount=money.shown(session["amount_total"], session["currency"]),
    )
    response.status_code = status
    return response


def _over(session: Json) -> Response:
    back = sessions.returned_to(session) if session["status"] == "complete" else session["cancel_url"]
    return _page("sandbox/over.html", session, session=session, back=back)


def _page(template: str, about: Json | None = None, **facts: Any) -> Response:
    response = make_response(render_template(template, cards=cards.CARDS, shown=money.shown, **facts))
    return _guarded(response, about)


def _guarded(response: Response, session: Json | None) -> Response:
    """No script, no inline style; forms may lead on to the shop, because browsers hold redirects to `form-action`."""
    shop = ""
    if session is not None:
        address = urlsplit(session["success_url"])
        shop = f" {address.scheme}://{address.netloc}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action 'self'{shop}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on the colour (WCAG 2.2, relative luminance)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"
