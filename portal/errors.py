"""How errors look: in the brand of the host that was asked, saying what happened and whether money moved."""

import secrets
from collections.abc import Sequence

import structlog
from flask import Response, current_app, g, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.accounts.guards import standing
from portal.arrears.flows import tell_of_refusal
from portal.billing.commands import NotEnoughCredit
from portal.kit.logs import mask, traceback_of
from portal.kit.refusals import Refusal, Ways

log = structlog.get_logger()

NOTHING = "Nothing was changed and no money moved."


def error_page(
    code: int,
    heading: str,
    text: str,
    *,
    moved: str = NOTHING,
    ways: Ways = (),
    may_need_link: bool = True,
    reference: str = "",
) -> Response:
    """`reference` is that of a crash, under which its traceback was logged."""
    if g.get("white_label") is None:
        return plain_page(code, reference)
    actions = [{"href": href, "label": label} for label, href in (*ways, ("Go to the start page", "/"))]
    if may_need_link and not current_user.is_authenticated:
        actions.append({"href": "/activation/lost", "label": "Send me a new activation link"})
    is_at_home = code < 500 and current_user.is_authenticated
    if not reference:
        reference = _new_reference()
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


def plain_page(code: int, reference: str = "", portals: Sequence[tuple[str, str]] = ()) -> Response:
    """For hosts that are nobody's, and for when nothing else can be shown: no brand, no navigation.

    `portals` are names and addresses to go on to.
    """
    # Without what other pages are given: that asks who is signed in.
    template = current_app.jinja_env.get_template("errors/plain.html")
    return Response(template.render(code=code, reference=reference, portals=portals), code, mimetype="text/html")


def crash_page(error: BaseException) -> Response:
    """Something broke that nobody foresaw: its traceback is logged under the reference that the page shows."""
    reference = write_down(error)
    try:
        return error_page(
            500,
            "Something broke on our side",
            "It was written down. Try again in a minute.",
            moved="What was not confirmed on a page was not done. A card payment that went through is found by itself.",
            reference=reference,
        )
    except Exception as another:
        # The page asks the database who is signed in, and that may be what is broken.
        log.error("crash.page", reference=reference, traceback=traceback_of(another, request.path))
        return plain_page(500, reference)


def write_down(error: BaseException) -> str:
    """Log the traceback of an error once, however often it is met on its way out. Returns its reference."""
    if g.get("crashed_with") is not error:
        g.crashed_with, g.crash_reference = error, _new_reference()
        words = traceback_of(error, request.path)
        log.error("crash", reference=g.crash_reference, path=mask(request.path), traceback=words)
    return str(g.crash_reference)


def _new_reference() -> str:
    """Short enough to read out on the telephone, and one of four thousand million."""
    return secrets.token_hex(4).upper()


def refusal_page(refused: Refusal) -> AnyResponse:
    if isinstance(refused, NotEnoughCredit):
        tell_of_refusal(g.white_label.id)
        if current_user.is_authenticated and standing().staff_role is not None:
            refused.heading, refused.text = refused.own_words
    if refused.now_at and request.method in ("GET", "HEAD"):
        return redirect(refused.now_at, 303)
    return error_page(
        refused.status,
        refused.heading,
        refused.text,
        moved=refused.moved,
        ways=refused.ways,
        may_need_link=refused.may_need_link,
    )
