"""Stripe, and nothing else of the house speaks to it. The version of its API is the one the library pins.

Amounts: Stripe counts in the ISO 4217 minor unit but for ISK and UGX, which have no minor unit in ISO and two places
at Stripe, and the three-decimal currencies, whose last digit must be zero
(docs.stripe.com/currencies, special cases).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import stripe
import structlog
from stripe import StripeClient

from portal.kit.settings import current
from portal.payments.gateway import (
    CheckoutOrder,
    Endpoint,
    GatewayAccount,
    GatewayBroken,
    GatewayRefused,
    GatewayUnreachable,
    KeyRefused,
    Seen,
    SeenDispute,
    SeenMove,
    SeenRefund,
)

log = structlog.get_logger()

TIMEOUT_S = 12
RETRIES = 1
QUICK_S = 3
"""For a page that can be shown without the answer: it is not asked for twice."""
TWO_PLACES_AT_STRIPE = {"ISK", "UGX"}
LAST_DIGIT_ZERO = {"BHD", "JOD", "KWD", "OMR", "TND"}
EVENTS: Any = [
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "charge.updated",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
]
_EVERYTHING = ["payment_intent.latest_charge.balance_transaction", "payment_intent.latest_charge.refunds"]

Answer = TypeVar("Answer")


@cache
def _http(timeout_s: int) -> stripe.HTTPClient:
    return stripe.RequestsClient(timeout=timeout_s)


def can_charge(amount_minor: int, currency: str) -> bool:
    """Whether Stripe can express the amount: it rounds nothing for us."""
    return currency not in LAST_DIGIT_ZERO or amount_minor % 10 == 0


def is_signed(payload: bytes, header: str | None, secret: str) -> bool:
    """Whether this body was signed with this secret within the last 300 s. An empty secret accepts nothing."""
    if not secret or not header:
        return False
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, header, secret, 300))
    except (stripe.SignatureVerificationError, ValueError):
        return False


class StripeGateway:
    """One white label's own Stripe account, reached with its own key."""

    def __init__(self, key: str, *, is_quick: bool = False) -> None:
        self._livemode = "_live_" in key[:8]
        self._client = StripeClient(
            key,
            base_addresses={"api": current().gateway_api_base},
            max_network_retries=0 if is_quick else RETRIES,
            http_client=_http(QUICK_S if is_quick else TIMEOUT_S),
        )

    def account(self) -> GatewayAccount:
        found = _ask(self._client.v1.accounts.retrieve_current)
        profile = _get(found, "business_profile")
        return GatewayAccount(
            id=found.id,
            name=_get(profile, "name") or "",
            country=_get(found, "country") or "",
            currency=(_get(found, "default_currency") or "").upper(),
            livemode=self._livemode,
            may_charge=bool(_get(found, "charges_enabled")),
            may_pay_out=bool(_get(found, "payouts_enabled")),
        )

    def create_customer(self, *, name: str, email: str, account_number: str, idempotency_key: str) -> str:
        made = _ask(
            lambda: self._client.v1.customers.create(
                params={"name": name, "email": email, "metadata": {"portal_account": account_number}},
                options={"idempotency_key": idempotency_key},
            )
        )
        return str(made.id)

    def create_checkout(self, order: CheckoutOrder) -> Seen:
        made = _ask(
            lambda: self._client.v1.checkout.sessions.create(
                params=_checkout_params(order), options={"idempotency_key": order.idempotency_key}
            )
        )
        return self._seen(made)

    def checkout(self, session: str) -> Seen:
        return self._seen(
            _ask(lambda: self._client.v1.checkout.sessions.retrieve(session, params={"expand": _EVERYTHING}))
        )

    def checkout_of_intent(self, intent: str) -> Seen | None:
        found = _ask(lambda: self._client.v1.checkout.sessions.list(params={"payment_intent": intent, "limit": 1}))
        return self.checkout(found.data[0].id) if found.data else None

    def find_checkout(self, customer: str, funding_id: str) -> Seen | None:
        """Look a lost session up by what we wrote into it, newest first, however many pages there are."""
        pages = _ask(
            lambda: list(
                self._client.v1.checkout.sessions.list(params={"customer": customer, "limit": 100}).auto_paging_iter()
            )
        )
        found = next((s for s in pages if _get(s, "client_reference_id") == funding_id), None)
        return self.checkout(found.id) if found is not None else None

    def expire_checkout(self, session: str) -> Seen:
        """Close a page that nobody should pay on any more. A page that was paid meanwhile stays paid."""
        try:
            _ask(lambda: self._client.v1.checkout.sessions.expire(session))
        except GatewayRefused:
            return self.checkout(session)
        return self.checkout(session)

    def refund(self, *, intent: str, amount_minor: int, currency: str, refund_id: str) -> SeenRefund:
        made = _ask(
            lambda: self._client.v1.refunds.create(
                params={
                    "payment_intent": intent,
                    "amount": _to_stripe(amount_minor, currency),
                    "metadata": {"portal_refund": refund_id},
                },
                options={"idempotency_key": f"refund-{refund_id}"},
            )
        )
        return _seen_refund(made, currency)

    def disputed_intents(self, since: datetime) -> dict[str, str]:
        """The payment's intent of each dispute that began since then, by the dispute's id."""
        wanted: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        found = _ask(lambda: list(self._client.v1.disputes.list(params=wanted).auto_paging_iter()))
        return {each.id: str(each.payment_intent) for each in found if _get(each, "payment_intent")}

    def register_webhook(self, url: str, idempotency_key: str) -> Endpoint:
        made = _ask(
            lambda: self._client.v1.webhook_endpoints.create(
                params={"url": url, "enabled_events": EVENTS, "description": "Portal"},
                options={"idempotency_key": idempotency_key},
            )
        )
        return Endpoint(made.id, made.url, made.status == "enabled", _get(made, "secret") or "")

    def webhook(self, endpoint: str) -> Endpoint | None:
        try:
            found = _ask(lambda: self._client.v1.webhook_endpoints.retrieve(endpoint))
        except KeyRefused:
            raise
        except GatewayRefused:
            return None
        hears_all = set(EVENTS) <= set(found.enabled_events) or "*" in found.enabled_events
        return Endpoint(found.id, found.url, found.status == "enabled", hears_all=hears_all)

    def widen_webhook(self, endpoint: str) -> None:
        """Let an endpoint of before hear of everything that we listen to today."""
        _ask(lambda: self._client.v1.webhook_endpoints.update(endpoint, params={"enabled_events": EVENTS}))

    def remove_webhook(self, endpoint: str) -> None:
        _ask(lambda: self._client.v1.webhook_endpoints.delete(endpoint))

    def _seen(self, session: Any) -> Seen:
        intent = _get(session, "payment_intent")
        whole = intent if not isinstance(intent, str) else None
        charge = _get(whole, "latest_charge")
        charge = charge if not isinstance(charge, str) else None
        currency = str(session.currency).upper()
        fee = _get(charge, "balance_transaction")
        fee = fee if not isinstance(fee, str) else None
        return Seen(
            session=session.id,
            url=_get(session, "url"),
            status=session.status,
            paid=session.payment_status == "paid",
            amount_minor=_from_stripe(_paid_or_asked(session, whole), currency),
            currency=currency,
            livemode=bool(session.livemode),
            funding_id=_get(session, "client_reference_id"),
            intent=intent if isinstance(intent, str) else _get(whole, "id"),
            needs_action=_get(whole, "status") == "requires_action",
            decline=_decline(whole),
            card=_card(charge),
            fee_minor=_in_ours(fee, fee.fee, currency) if fee is not None else None,
            fee_id=_get(fee, "id"),
            refunds=tuple(_seen_refund(r, currency) for r in _get(_get(charge, "refunds"), "data") or ()),
            disputes=self._disputes(charge, currency) if _get(charge, "disputed") else (),
        )

    def _disputes(self, charge: Any, currency: str) -> tuple[SeenDispute, ...]:
        """They are no part of the charge, and most charges have none: asked for where it says that there is one."""
        try:
            found = _ask(lambda: self._client.v1.disputes.list(params={"charge": charge.id, "limit": 100}))
        except KeyRefused:
            # A key from before disputes were asked for. All else of the payment still counts.
            log.warning("disputes.unreadable", charge=charge.id)
            return ()
        return tuple(_seen_dispute(each, currency) for each in found.data)


def _checkout_params(order: CheckoutOrder) -> Any:
    facts = {"portal_funding": order.funding_id, "reference": order.reference, "account": order.account_number}
    return {
        "mode": "payment",
        "customer": order.customer,
        "client_reference_id": order.funding_id,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": _to_stripe(order.amount_minor, order.currency),
                    "product_data": {"name": order.description},
                },
            }
        ],
        "allowed_payment_method_types": ["card"],
        "metadata": facts,
        "payment_intent_data": {"metadata": facts, "description": f"{order.description}, {order.reference}"},
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": int(order.expires_at.timestamp()),
        "branding_settings": {"display_name": order.brand_name, "button_color": order.brand_colour},
        "expand": ["payment_intent"],
    }


def _ask(call: Callable[[], Answer]) -> Answer:
    """Make a call, and turn the library's errors into the three that the house knows."""
    try:
        return call()
    except stripe.APIConnectionError as error:
        raise GatewayUnreachable("Stripe was not reached") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise KeyRefused(error.user_message or "Stripe does not accept the key") from error
    except stripe.StripeError as error:
        if (error.http_status or 0) >= 500:
            raise GatewayBroken(f"Stripe answered {error.http_status}") from error
        if error.http_status in (409, 429):
            raise GatewayUnreachable(f"Stripe is busy ({error.http_status})") from error
        raise GatewayRefused(error.user_message or str(error)) from error


def _paid_or_asked(session: Any, intent: Any) -> int:
    if session.payment_status == "paid" and intent is not None:
        return int(intent.amount_received)
    return int(session.amount_total)


def _decline(intent: Any) -> str | None:
    error = _get(intent, "last_payment_error")
    return (_get(error, "decline_code") or _get(error, "code") or "declined") if error is not None else None


def _card(charge: Any) -> str | None:
    card = _get(_get(charge, "payment_method_details"), "card")
    return f"{str(card.brand).title()} ending {card.last4}" if card is not None else None


def _seen_refund(refund: Any, currency: str) -> SeenRefund:
    ours = _get(_get(refund, "metadata"), "portal_refund")
    return SeenRefund(refund.id, _from_stripe(refund.amount, currency), refund.status or "succeeded", ours)


def _seen_dispute(dispute: Any, currency: str) -> SeenDispute:
    due = _get(_get(dispute, "evidence_details"), "due_by")
    return SeenDispute(
        gateway_id=dispute.id,
        amount_minor=_from_stripe(dispute.amount, currency),
        status=dispute.status,
        reason=_get(dispute, "reason") or "general",
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
        moves=tuple(
            SeenMove(
                move.id,
                move.amount > 0,
                _in_ours(move, abs(move.amount), currency),
                _in_ours(move, move.fee, currency),
            )
            for move in dispute.balance_transactions
        ),
    )


def _in_ours(move: Any, amount: int, currency: str) -> int | None:
    """An amount of a balance transaction: those are in the currency in which Stripe keeps the account's balance."""
    return _from_stripe(amount, currency) if str(move.currency).upper() == currency else None


def _get(thing: Any, name: str) -> Any:
    """A field of a Stripe object, or None: objects leave out what is empty in some versions."""
    return None if thing is None else getattr(thing, name, None)


def _to_stripe(amount_minor: int, currency: str) -> int:
    if not can_charge(amount_minor, currency):
        raise GatewayRefused(f"the last digit of an amount in {currency} must be zero")
    return amount_minor * 100 if currency in TWO_PLACES_AT_STRIPE else amount_minor


def _from_stripe(amount: int, currency: str) -> int:
    return amount // 100 if currency in TWO_PLACES_AT_STRIPE else amount
