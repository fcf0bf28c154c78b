"""Connecting a white label's Stripe account, and finding out whether it is ready to take its customers' cards."""

import hashlib
import re
import secrets
from datetime import timedelta

from portal.audit.commands import Actor, record
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.refusals import Refusal, Ways
from portal.kit.settings import current
from portal.payments.flows import gateway_for
from portal.payments.gateway import Endpoint, GatewayAccount, GatewayRefused, GatewayUnreachable
from portal.payments.stripe_gateway import StripeGateway
from portal.whitelabels.models import GatewayCredential, WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label

FRESH = timedelta(minutes=1)
OTHER_ACCOUNT = "The key belongs to another Stripe account now. Connect it again."
MAY_NOT_CHARGE = "Stripe does not let this account take card payments yet."
NO_WEBHOOK = "Our webhook is not registered at Stripe. Connect the key again."
NOT_REACHED = "Stripe was not reached. We will ask again."
KEY_REFUSED = "Stripe does not accept the key any more. Replace it."
KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,240}")


class GatewayNotReady(Refusal):
    """Option 1 needs a gateway that was found ready just now."""

    heading = "Your gateway is not ready"
    ways: Ways = (("Look at the gateway", "/settings/gateway"),)


class KeyNotAccepted(Refusal):
    status = 422
    heading = "This key was not accepted"


def connect(key: str, *, by: Actor, register: bool = True) -> None:
    """Keep a white label's key after Stripe accepted it, and register our webhook. Raises KeyNotAccepted."""
    if not KEY.fullmatch(key):
        raise KeyNotAccepted("A key begins with sk_ or rk_ and is copied whole from Stripe.", field="key")
    if "_live_" in key[:8] and current().gateway_api_base.startswith("http://"):
        raise KeyNotAccepted("This is a demonstration: it takes test keys only.", field="key")
    gateway, why = StripeGateway(key), "Stripe does not accept this key. Copy it again, or make a new one."
    try:
        account = gateway.account()
        why = "This key may not read disputes. Allow that in Stripe, and give the key again."
        gateway.disputed_intents(now())
    except GatewayRefused as error:
        raise KeyNotAccepted(why, field="key") from error
    except GatewayUnreachable as error:
        raise KeyNotAccepted(
            "Stripe was not reached. Nothing was changed. Try again in a minute.", field="key"
        ) from error
    with transaction() as db:
        _replace(db, key, account, by)
    if register:
        check(register=True)


def disconnect(db: TenantSession, *, by: Actor) -> None:
    """Stop using the gateway. Its key is kept, sealed: payments made with it are still looked up and refunded."""
    credential = gateway_credential(db)
    if credential is not None:
        credential.ended_at = now()
        record(db, "gateway.disconnected", by=by, gateway_account=credential.gateway_account)


def check(*, register: bool = False) -> list[str]:
    """Ask the gateway itself whether it is ready, and keep the answer. Returns what is missing, in words."""
    with reading() as db:
        credential, tenant = gateway_credential(db), white_label(db)
    if credential is None:
        return ["No gateway is connected."]
    try:
        problems = _problems(credential, tenant, register)
    except GatewayUnreachable:
        problems = [NOT_REACHED]
    except GatewayRefused:
        problems = [KEY_REFUSED]
    with transaction() as db:
        kept = db.load(GatewayCredential, credential.id)
        if kept is not None:
            kept.checked_at, kept.problems = now(), problems
    return problems


def require_ready() -> None:
    """Raises GatewayNotReady unless the gateway was found ready within the last minute, asking it if need be."""
    with reading() as db:
        credential = gateway_credential(db)
    is_fresh = credential is not None and credential.checked_at is not None and now() - credential.checked_at < FRESH
    problems = credential.problems if credential is not None and is_fresh else check()
    if problems:
        raise GatewayNotReady(f"Option 1 needs your payment gateway. {' '.join(map(str, problems))}")


def _problems(credential: GatewayCredential, tenant: WhiteLabel, register: bool) -> list[str]:
    gateway = gateway_for(credential)
    account = gateway.account()
    found = []
    if account.id != credential.gateway_account or account.livemode != credential.livemode:
        found.append(OTHER_ACCOUNT)
    if not account.may_charge:
        found.append(MAY_NOT_CHARGE)
    endpoint = gateway.webhook(credential.webhook_endpoint) if credential.webhook_endpoint else None
    if register and (endpoint is None or endpoint.url != _webhook_url(credential, tenant)):
        endpoint = _register(gateway, credential, tenant)
    if endpoint is not None and not endpoint.hears_all:
        gateway.widen_webhook(endpoint.id)
    if endpoint is None or not endpoint.is_enabled or endpoint.url != _webhook_url(credential, tenant):
        found.append(NO_WEBHOOK)
    return found


def _register(gateway: StripeGateway, credential: GatewayCredential, tenant: WhiteLabel) -> Endpoint:
    url = _webhook_url(credential, tenant)
    # The address is part of the key: a portal that moved has to register anew.
    key = f"webhook-{credential.id}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
    endpoint = gateway.register_webhook(url, key)
    with transaction() as db:
        kept = db.load(GatewayCredential, credential.id)
        if kept is not None and endpoint.secret:
            kept.webhook_endpoint = endpoint.id
            kept.keep_webhook_secret(endpoint.secret)
    return endpoint


def _webhook_url(credential: GatewayCredential, tenant: WhiteLabel) -> str:
    return current().address(tenant.host, f"/webhooks/stripe/{credential.webhook_slug}")


def _replace(db: TenantSession, key: str, account: GatewayAccount, by: Actor) -> None:
    before = gateway_credential(db)
    if before is not None:
        before.ended_at = now()
        db.flush()
    made = GatewayCredential(
        white_label_id=db.tenant,
        webhook_slug=secrets.token_urlsafe(24),
        gateway_account=account.id,
        livemode=account.livemode,
        currency=account.currency,
        key_hint=f"{key[:8]}…{key[-4:]}",
        connected_by=by.name,
    )
    made.keep_key(key)
    db.put(made)
    record(db, "gateway.connected", by=by, gateway_account=account.id, livemode=account.livemode)
