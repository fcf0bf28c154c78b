"""How errors look: in the brand of the host that was asked, saying what happened and whether money moved."""

import structlog
from flask import Response, g, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.kit.ids import new_id
from portal.kit.logs import mask
from portal.kit.refusals import Refusal, Ways

log = structlog.get_logger()

NOTHING = "Nothing was changed and no money moved."


def error_page(code: int, heading: str, text: str, *, moved: str = NOTHING, ways: Ways = ()) -> Response:
    if g.get("white_label") is None:
        return plain_page(code)
    actions = [{"href": href, "label": label} for label, href in (*ways, ("Go to the start page", "/"))]
    if not current_user.is_authenticated:
        actions.append({"href": "/activation/lost", "label": "Send me a new activation link"})
    is_at_home = code < 500 and current_user.is_authenticated
    reference = str(new_id())[-12:]
    log.info("error.page", reference=reference, status=code, path=mask(request.path))
    body = render_template(
        "errors/error.html",
        frame="house/shell.html" if is_at_home else "house/flow.html",
        code=code,
        heading=heading,
        text=text,
        moved=moved,
        actions=actions,
        reference=reference,
    )
    return Response(body, code, mimetype="text/html")


def plain_page(code: int) -> Response:
    """For hosts that are nobody's: no brand, no navigation."""
    return Response(render_template("errors/plain.html", code=code), code, mimetype="text/html")


def refusal_page(refused: Refusal) -> AnyResponse:
    if refused.now_at and request.method in ("GET", "HEAD"):
        return redirect(refused.now_at, 303)
    return error_page(refused.status, refused.heading, refused.text, moved=refused.moved, ways=refused.ways)
