"""Where a mail service tells of letters that came back, on the operator's own host."""

from hmac import compare_digest

import structlog
from flask import Blueprint, Response, g, jsonify, request

from portal.identity.guards import anyone
from portal.kit.clock import now
from portal.kit.refusals import NotFound
from portal.kit.settings import current
from portal.letters import bounces, webhook
from portal.letters.report import LONGEST

log = structlog.get_logger()
bp = Blueprint("mail_webhook", __name__)

RAW, SHORT = "message/rfc822", "application/json"


@bp.post("/webhooks/mail/<slug>")
@anyone
def receive(slug: str) -> Response:
    """2xx only once it is written down. The address is unguessable; the signature is what counts."""
    secret = current().mail_bounces_secret
    if not g.white_label.is_operator:
        raise NotFound
    if not secret:
        return _say("this webhook is not configured", 503)
    if not compare_digest(slug.encode(), webhook.slug(secret).encode()):
        return _say("no such webhook", 404)
    if request.mimetype not in (RAW, SHORT):
        return _say(f"send {RAW} or {SHORT}", 415)
    request.max_content_length = LONGEST
    body = request.get_data(cache=False, parse_form_data=False)
    if not _is_signed(body, secret):
        log.warning("bounces.refused", address=request.remote_addr)
        return _say("the signature does not fit, or its time is over", 401)
    return _take(body)


def _is_signed(body: bytes, secret: str) -> bool:
    timestamp, signed = (request.headers.get(f"X-Portal-{name}", "") for name in ("Timestamp", "Signature"))
    return webhook.is_signed(body, timestamp=timestamp, signed=signed, secret=secret, at=now())


def _take(body: bytes) -> Response:
    if request.mimetype == RAW:
        return _done(bounces.take(body))
    try:
        told = webhook.read(body)
    except webhook.NotReadable as refused:
        return _say(str(refused), 400)
    return _done(bounces.settle(told.places, told.fate))


def _done(outcome: bounces.Outcome) -> Response:
    return jsonify(outcome=outcome.value)


def _say(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain")
