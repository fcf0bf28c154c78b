"""A test payment of the least amount: shows that card page, webhook and refund work, in test mode only.

It is nobody's money, so no entry is posted; the gateway gives all of it back at once.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.audit.commands import Actor, record
from portal.kit import jobs
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.money import exponent
from portal.kit.refusals import NotFound, Refusal
from portal.kit.settings import current
from portal.payments.flows import PaymentPageClosed, gateway_for
from portal.payments.gateway import CheckoutOrder, GatewayRefused, GatewayUnreachable, Seen
from portal.payments.models import GatewayTest
from portal.whitelabels.models import GatewayCredential, WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label

PREFIX = "test-"
LIFE = timedelta(hours=1)


class NoTestPayment(Refusal):
    heading = "A test payment is not possible"
    text = "Connect a gateway in test mode first. With a live key every payment is real."


def start(*, by: Actor) -> str:
    """The address of the card page. Raises NoTestPayment in live mode, PaymentPageClosed when the gateway is away."""
    with transaction() as db:
        credential, tenant = gateway_credential(db), white_label(db)
        if credential is None or credential.livemode:
            raise NoTestPayment
        amount = 10 ** max(exponent(tenant.currency), 2)
        test = GatewayTest(
            credential_id=credential.id, amount_minor=amount, currency=tenant.currency, started_by=by.name
        )
        db.put(test)
        record(db, "gateway.test-started", by=by, amount_minor=amount)
    try:
        seen = _open(test, credential, tenant)
    except (GatewayUnreachable, GatewayRefused) as error:
        with transaction() as db:
            _held(db, test.id).state = "failed"
        raise PaymentPageClosed("Stripe did not open a card page. Check the readiness, then try again.") from error
    with transaction() as db:
        held = _held(db, test.id)
        held.state, held.checkout_session = "open", seen.session
    assert seen.url is not None
    return seen.url


def look(test_id: UUID) -> None:
    """Ask the gateway what became of a test, and give the money back when it was paid. Raises NotFound."""
    with reading() as db:
        test = db.load(GatewayTest, test_id)
        credential = db.load(GatewayCredential, test.credential_id) if test is not None else None
    if test is None:
        raise NotFound
    if credential is None or test.checkout_session is None or test.state in ("refunded", "failed"):
        return
    try:
        _settle(gateway_for(credential).checkout(test.checkout_session))
    except (GatewayUnreachable, GatewayRefused) as error:
        raise PaymentPageClosed("Stripe was not reached. Look again in a minute.") from error


def is_test(seen: Seen) -> bool:
    return (seen.funding_id or "").startswith(PREFIX)


def hear(seen: Seen) -> None:
    """The webhook told of a test: what the test is for. Runs in the event's job, so twice is harmless."""
    with transaction() as db:
        test = db.locked(GatewayTest, UUID((seen.funding_id or "").removeprefix(PREFIX)))
        if test is not None and test.webhook_at is None:
            test.webhook_at = now()
    _settle(seen)


def _settle(seen: Seen) -> None:
    with transaction() as db:
        test = _held(db, UUID((seen.funding_id or "").removeprefix(PREFIX)))
        if seen.paid and test.state == "open":
            test.state, test.returned_at = "paid", now()
            payload = {"test": str(test.id), "intent": seen.intent}
            jobs.enqueue(db, "payments.test-refund", payload, key=f"test-refund:{test.id}")
        elif seen.status == "expired" and test.state == "open":
            test.state = "expired"


@jobs.job("payments.test-refund")
def give_back(payload: dict[str, Any]) -> None:
    with reading() as db:
        test = db.load(GatewayTest, UUID(payload["test"]))
        credential = db.load(GatewayCredential, test.credential_id) if test is not None else None
    if test is None or credential is None or test.state != "paid":
        return
    try:
        gateway_for(credential).refund(
            intent=payload["intent"], amount_minor=test.amount_minor, currency=test.currency, refund_id=str(test.id)
        )
    except GatewayUnreachable as error:
        raise jobs.TryLater(str(error)) from error
    with transaction() as db:
        _held(db, test.id).state = "refunded"


def _open(test: GatewayTest, credential: GatewayCredential, tenant: WhiteLabel) -> Seen:
    gateway, page = gateway_for(credential), current().address(tenant.host, f"/settings/gateway/tests/{test.id}")
    customer = gateway.create_customer(
        name=f"Test payment of {tenant.name}",
        email=tenant.support_email,
        account_number="test",
        idempotency_key=f"customer-test-{test.id}",
    )
    order = CheckoutOrder(
        funding_id=f"{PREFIX}{test.id}",
        idempotency_key=f"test-{test.id}",
        customer=customer,
        amount_minor=test.amount_minor,
        currency=test.currency,
        reference=f"TEST-{test.id.hex[-6:].upper()}",
        account_number="test",
        description="Test payment, refunded at once",
        success_url=page,
        cancel_url=page,
        expires_at=test.created_at + LIFE,
        brand_name=tenant.name,
        brand_colour=tenant.colour,
        locale=tenant.locale,
    )
    return gateway.create_checkout(order)


def _held(db: TenantSession, test_id: UUID) -> GatewayTest:
    test = db.locked(GatewayTest, test_id)
    if test is None:
        raise NotFound
    return test
