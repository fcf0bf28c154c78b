"""Signed hints from the gateway: checked, stored, answered; a job looks the object up and settles."""

import json
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Response, request
from sqlalchemy import bindparam, select

from portal.identity.guards import anyone
from portal.kit import jobs
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.kit.ids import new_id
from portal.kit.prepared import Prepared
from portal.payments import commands, trial
from portal.payments.flows import gateway_for
from portal.payments.gateway import GatewayRefused, GatewayUnreachable, Seen
from portal.payments.models import Funding, WebhookEvent
from portal.payments.stripe_gateway import is_signed
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import credential_for_webhook

log = structlog.get_logger()
bp = Blueprint("webhooks", __name__)

LONGEST = 512 * 1024
KNOWN = Prepared(select(WebhookEvent.id).where(WebhookEvent.event == bindparam("event")))


@bp.post("/webhooks/stripe/<slug>")
@anyone
def receive(slug: str) -> Response:
    """2xx only once the event is durable. The address is unguessable; the signature is what counts."""
    with reading(PLATFORM) as db:
        credential = credential_for_webhook(db, slug)
    if credential is None:
        return Response("no such webhook\n", 404, mimetype="text/plain")
    secret = credential.webhook_secret
    if not secret:
        return Response("this webhook is not configured\n", 503, mimetype="text/plain")
    payload = request.get_data(cache=False, parse_form_data=False)
    if len(payload) > LONGEST or not is_signed(payload, request.headers.get("Stripe-Signature"), secret):
        log.warning("webhook.refused", slug=slug[:6], address=request.remote_addr)
        return Response("the signature does not fit\n", 400, mimetype="text/plain")
    event = _event(payload)
    if event is None or bool(event.get("livemode")) != credential.livemode:
        log.warning("webhook.refused", slug=slug[:6], reason="not an event of this mode")
        return Response("this is not an event of this account and mode\n", 400, mimetype="text/plain")
    # One that comes again is recognised by reading alone, and waits for nobody who writes.
    with reading(credential.white_label_id) as db:
        is_known = KNOWN.first(db, event=event["id"]) is not None
    if not is_known:
        with transaction(credential.white_label_id) as db:
            _store(db, credential, event)
    return Response("stored\n", 200, mimetype="text/plain")


def _event(payload: bytes) -> dict[str, Any] | None:
    """The event when the body has the shape of one."""
    try:
        event = json.loads(payload)
        known = isinstance(event["id"], str) and isinstance(event["type"], str)
        return event if known and isinstance(event["data"]["object"]["id"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def _store(db: TenantSession, credential: GatewayCredential, event: dict[str, Any]) -> None:
    """Storing the same event twice is harmless: its id is unique in the tenant."""
    found = db.load(GatewayCredential, credential.id)
    if found is not None:
        found.last_event_at = now()
    thing = event["data"]["object"]
    hint = {
        "payment_intent": thing.get("payment_intent"),
        "metadata": thing.get("metadata") or {},
        "object": thing.get("object"),
    }
    row_id = new_id()
    fresh = insert_if_absent(
        db,
        WebhookEvent,
        id=row_id,
        event=event["id"],
        type=event["type"],
        object_id=thing["id"],
        credential_id=credential.id,
        body=hint,
    )
    if fresh:
        jobs.enqueue(db, "payments.webhook", {"event": str(row_id)}, key=f"webhook:{row_id}")


@jobs.job("payments.webhook")
def handle(payload: dict[str, Any]) -> None:
    """Look up the object that the event is about and settle its funding. An unknown one is tried again, visibly."""
    event_id = UUID(payload["event"])
    with reading() as db:
        event = db.load(WebhookEvent, event_id)
        credential = db.load(GatewayCredential, event.credential_id) if event is not None else None
    if event is None or credential is None or event.handled_at is not None:
        return
    try:
        seen = _look_up(event, credential)
    except GatewayUnreachable as error:
        raise jobs.TryLater(str(error)) from error
    except GatewayRefused as error:
        _note(event_id, f"the gateway refused: {error}")
        raise jobs.TryLater(str(error)) from error
    if seen is None:
        _note(event_id, "not about a payment of ours", handled=True)
        return
    _settle(event_id, seen)


def _look_up(event: WebhookEvent, credential: GatewayCredential) -> Seen | None:
    gateway = gateway_for(credential)
    if event.object_id.startswith("cs_"):
        return gateway.checkout(event.object_id)
    intent = event.object_id if event.object_id.startswith("pi_") else event.body.get("payment_intent")
    return gateway.checkout_of_intent(intent) if isinstance(intent, str) else None


def _settle(event_id: UUID, seen: Seen) -> None:
    if trial.is_test(seen):
        trial.hear(seen)
        _note(event_id, "a test payment", handled=True)
        return
    funding_id = _funding_id(seen)
    if funding_id is None:
        _note(event_id, "not a funding of ours", handled=True)
        return
    try:
        with transaction() as db:
            if db.scalar(select(Funding.id).where(Funding.id == funding_id)) is None:
                raise jobs.TryLater("no such funding here yet")
            commands.settle(db, funding_id, seen)
            _write_down(db, event_id, "settled", handled=True)
    except commands.DoesNotMatch as error:
        _note(event_id, f"refused: {error}", handled=True)
        raise jobs.GiveUp(str(error)) from error
    except jobs.TryLater as error:
        _note(event_id, str(error))
        raise


def _funding_id(seen: Seen) -> UUID | None:
    try:
        return UUID(seen.funding_id or "")
    except ValueError:
        return None


def _note(event_id: UUID, outcome: str, *, handled: bool = False) -> None:
    with transaction() as db:
        _write_down(db, event_id, outcome, handled=handled)


def _write_down(db: TenantSession, event_id: UUID, outcome: str, *, handled: bool) -> None:
    event = db.locked(WebhookEvent, event_id)
    if event is not None:
        event.outcome = outcome[:500]
        event.handled_at = now() if handled else None
