"""Webhooks against the bare endpoint: a new one up to its posting, and one that came before.

What the gateway answers when it is asked is made up here: it is the gateway's time.
"""

import hashlib
import hmac
import json
import secrets
import time
from itertools import cycle
from typing import Any
from unittest.mock import patch
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from bench.goals import DUPLICATE, WEBHOOK, Result
from bench.houses import House
from bench.measuring import BATCH, Arm, interleaved, prepared
from portal.accounts.models import Account
from portal.kit.clock import now
from portal.kit.db import reading, scoped, transaction
from portal.kit.ids import new_id
from portal.payments import webhooks
from portal.payments.gateway import Seen
from portal.payments.models import Funding, WebhookEvent
from portal.whitelabels.models import GatewayCredential
from tests.accounts.making import OPTION_1, active, customer, seen, start_payment

SECRET = "whsec_known_to_the_bench"  # noqa: S105 - opens nothing

def webhook_results(house: House, bare: FlaskClient) -> list[Result]:
    credential = _connected(house)
    client = house.app.test_client()

    def send(event: dict[str, Any]) -> None:
        body, at = json.dumps(event).encode(), int(time.time())
        mark = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={at},v1={mark}"}
        address = f"http://{house.cast.northwind.host}/webhooks/stripe/{credential.webhook_slug}"
        if client.post(address, data=body, headers=headers, content_type="application/json").status_code != 200:
            raise RuntimeError("the webhook was refused")

    def settle(funding: Funding) -> None:
        event = _event(f"cs_{funding.id.hex}")
        send(event)
        with scoped(house.white_label), patch.object(webhooks, "gateway_for", lambda known: _Gateway(funding)):
            webhooks.handle({"event": str(_stored(house, event["id"]))})

    payers = cycle(_payers(house))
    funding = lambda: _funding(house, next(payers))  # noqa: E731
    posting = prepared(house.meter, lambda: bare.post("/"), funding, settle)
    known = _event("cs_known")
    arms = [Arm("bare", lambda: bare.post("/")), Arm("ours", lambda: send(known))]
    again = interleaved(house.meter, arms, budget_s=8)
    note = f"{again['ours'].ms} against {again['bare'].ms} of CPU"
    first = f"{posting.ms} against {posting.base_ms} of CPU: received, stored, and settled by the job"
    return [
        Result("webhook with posting : bare endpoint", WEBHOOK, posting.ratio, first),
        Result("duplicate webhook : bare endpoint", DUPLICATE, again["ours"].ratio, note),
    ]


class _Gateway:
    """A gateway that says the payment of one funding went through."""

    def __init__(self, funding: Funding) -> None:
        self.funding = funding

    def checkout(self, session: str) -> Seen:
        return seen(self.funding, session=session, status="complete", paid=True)


def _connected(house: House) -> GatewayCredential:
    made = GatewayCredential(
        id=new_id(), webhook_slug=secrets.token_urlsafe(24), gateway_account="acct_bench", livemode=False,
        currency="GBP", key_hint="bench", sealed_key="", connected_by="bench", checked_at=now(), problems=[],
        white_label_id=house.white_label,
    )  # fmt: skip
    made.keep_webhook_secret(SECRET)
    with transaction(house.white_label) as db:
        db.put(made)
    return made


def _payers(house: House) -> list[UUID]:
    """As many as a batch has: an account has one open payment at a time."""
    with transaction(house.white_label) as db:
        plan = house.cast.northwind.plans["desk"]
        return [active(db, customer(db, plan, OPTION_1, name=f"Payer {n}"), 100_000).id for n in range(BATCH)]


def _funding(house: House, account_id: UUID) -> Funding:
    with transaction(house.white_label) as db:
        account = db.load(Account, account_id)
        assert account is not None
        return start_payment(db, account, 1000)


def _event(object_id: str) -> dict[str, Any]:
    thing = {"id": object_id, "object": "checkout.session", "metadata": {}}
    kind = "checkout.session.completed"
    return {"id": f"evt_{secrets.token_hex(8)}", "type": kind, "livemode": False, "data": {"object": thing}}


def _stored(house: House, event: str) -> UUID:
    with reading(house.white_label) as db:
        return db.scalars(select(WebhookEvent.id).where(WebhookEvent.event == event)).one()
