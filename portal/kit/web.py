"""What every page shares: headers, safe ways back, forms, and the answer to a refusal. Knows no business."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, render_template, request
from flask_wtf import FlaskForm

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

HOST = re.compile(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$")


def asked_host() -> str | None:
    """The host this request names, in lower case and without its port, or None when it is malformed."""
    host = request.headers.get("Host", "").casefold()
    name, _, port = host.partition(":")
    if len(name) > 253 or not HOST.match(name) or (port and not port.isascii()) or (port and not port.isdigit()):
        return None
    return name


def allow_form_to(origin: str) -> None:
    """Let this page's forms end at another origin: a redirect after a POST is a form's end, too."""
    g.form_action = origin


def allow_sound() -> None:
    """Let this page play recordings that this host serves."""
    g.plays_sound = True


def add_headers(response: Response, *, secure: bool) -> Response:
    """The headers that every answer carries, errors included."""
    policy = dict(POLICY)
    if getattr(g, "form_action", None):
        policy["form-action"] = f"'self' {g.form_action}"
    if getattr(g, "plays_sound", False):
        policy["media-src"] = "'self'"
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items()))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Referrer-Policy", "no-referrer")
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    is_kept = request.path.startswith(("/static/", "/bootstrap/", "/brand.css", "/icon.svg"))
    if response.status_code >= 400 or not is_kept:
        headers["Cache-Control"] = "no-store"
    return response


def safe_next(given: str | None) -> str | None:
    """`given` when it is a plain path of this host, else None.

    Browsers drop tabs and line ends, and read a backslash as a slash; so the text is refused unless every character
    is a printable one without meaning, and it does not begin like a network path.
    """
    if not given or not re.fullmatch(r"/(?![/\\])[\w\-./~%?=&+:@,;]*", given, re.ASCII) or "\\" in given:
        return None
    if re.match(r"/(%09|%0a|%0d|%2f|%5c)", given, re.IGNORECASE):
        return None
    parts = urlsplit(given)
    return given if not parts.scheme and not parts.netloc else None


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Render a page. A page whose form came back with errors says so in its title and answers 422."""
    form = context.get("form")
    wrong = isinstance(form, FlaskForm) and bool(form.errors)
    body = render_template(template, has_errors=wrong or status == 422, **context)
    return Response(body, status=422 if wrong and status == 200 else status, mimetype="text/html")
