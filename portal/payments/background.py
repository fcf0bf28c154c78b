"""What is done with payments when nobody waits: looking up what stayed open, giving back, closing card pages."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, or_, select

from portal.audit.commands import SYSTEM, record
from portal.kit import jobs
from portal.kit.clock import now
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.payments import commands, flows
from portal.payments.gateway import GatewayRefused, GatewayUnreachable
from portal.payments.models import OPEN_STATES, Funding, GatewayRefund
from portal.payments.queries import unheard_disputes
from portal.payments.stripe_gateway import StripeGateway
from portal.whitelabels.models import GatewayCredential

log = structlog.get_logger()

LOOK_UP_AFTER = timedelta(minutes=2)
FLAG_AFTER = timedelta(hours=1)
DISPUTES_OF = timedelta(days=180)
"""A card's holder has about four months, and the decision takes two more."""


@jobs.every(60, "payments.janitor")
def find_open_fundings(payload: dict[str, Any]) -> None:
    """Look up whatever has been open for a while: an answer may be lost, a webhook may never come."""
    slot = int(now().timestamp() // 60)
    with transaction(PLATFORM) as db:
        old = select(Funding).where(Funding.state.in_(OPEN_STATES), Funding.updated_at < now() - LOOK_UP_AFTER)
        found = [(f.white_label_id, f.id) for f in db.scalars(old.limit(500))]
    for white_label_id, funding_id in found:
        with transaction(white_label_id) as db:
            jobs.enqueue(db, "payments.look-up", {"funding": str(funding_id)}, key=f"look-up:{funding_id}:{slot}")


@jobs.job("payments.look-up")
def look_up(payload: dict[str, Any]) -> None:
    """Resolve one open funding. An unknown one is flagged after an hour."""
    funding_id = UUID(payload["funding"])
    try:
        flows.refresh(funding_id)
    except (GatewayUnreachable, GatewayRefused, commands.DoesNotMatch) as error:
        with transaction() as db:
            _flag_if_old(db, funding_id, error)
    else:
        with transaction() as db:
            _touch(db, funding_id)


def _flag_if_old(db: TenantSession, funding_id: UUID, error: Exception) -> None:
    funding = db.locked(Funding, funding_id)
    if funding is None or not funding.is_open or now() - funding.created_at < FLAG_AFTER:
        return
    if not (funding.last_problem or "").startswith("flagged"):
        funding.last_problem = f"flagged: {error}"[:300]
        record(
            db, "funding.flagged", by=SYSTEM, subject=funding.account_id, reference=funding.reference, why=str(error)
        )


def _touch(db: TenantSession, funding_id: UUID) -> None:
    """So that a funding that is simply waiting for its customer is not looked up every minute."""
    funding = db.load(Funding, funding_id)
    if funding is not None and funding.is_open:
        funding.updated_at = now() + min(now() - funding.created_at, timedelta(minutes=15))


@jobs.every(21_600, "payments.disputes")
def find_disputes(payload: dict[str, Any]) -> None:
    """What a webhook did not tell: the gateways of each white label are asked for the disputes of the last months."""
    slot = int(now().timestamp() // 21_600)
    with reading(PLATFORM) as db:
        asked = {each.white_label_id for each in db.scalars(_gateways())}
    for white_label_id in asked:
        with transaction(white_label_id) as db:
            jobs.enqueue(db, "payments.look-for-disputes", {}, key=f"disputes:{white_label_id}:{slot}")


@jobs.job("payments.look-for-disputes")
def look_for_disputes(payload: dict[str, Any]) -> None:
    """Look up each payment whose dispute does not stand where the gateway says, those of a gateway before included."""
    with reading() as db:
        credentials = db.scalars(_gateways()).all()
    for credential in credentials:
        try:
            seen = flows.gateway_for(credential).disputed_intents(now() - DISPUTES_OF)
            with reading() as db:
                wanted = unheard_disputes(db, seen)
            for funding in wanted:
                _look_at_dispute(funding)
        except GatewayRefused as error:
            log.warning("disputes.refused", gateway=credential.gateway_account, error=str(error))
        except GatewayUnreachable as error:
            raise jobs.TryLater(str(error)) from error


def _look_at_dispute(funding: Funding) -> None:
    """One that cannot be settled must not hide those behind it."""
    assert funding.checkout_session is not None
    try:
        flows.settled(funding.id, flows.gateway_of(funding).checkout(funding.checkout_session))
    except (GatewayRefused, commands.DoesNotMatch) as error:
        log.error("dispute.unsettled", funding=str(funding.id), error=str(error))


def _gateways() -> Select[GatewayCredential]:
    """Those in use, and those that ended while one of their payments can still be disputed."""
    since = now() - DISPUTES_OF
    is_recent = or_(GatewayCredential.ended_at.is_(None), GatewayCredential.ended_at > since)
    return select(GatewayCredential).where(is_recent).order_by(GatewayCredential.id)


@jobs.job("payments.refund")
def refund(payload: dict[str, Any]) -> None:
    """Ask the gateway to pay a funding back in full; the stored id is the idempotency key."""
    with reading() as db:
        wanted = db.load(GatewayRefund, UUID(payload["refund"]))
        funding = db.load(Funding, wanted.funding_id) if wanted is not None else None
    if wanted is None or funding is None or wanted.state != "created" or funding.payment_intent is None:
        return
    gateway = flows.gateway_of(funding)
    try:
        seen = gateway.refund(
            intent=funding.payment_intent,
            amount_minor=wanted.amount_minor,
            currency=funding.currency,
            refund_id=str(wanted.id),
        )
    except GatewayUnreachable as error:
        raise jobs.TryLater(str(error)) from error
    except GatewayRefused:
        if not _asks_for_less(gateway, funding, wanted.id):
            raise
        return
    with transaction() as db:
        held = db.locked(Funding, funding.id)
        assert held is not None
        commands.settle_refund(db, held, seen)


def _asks_for_less(gateway: StripeGateway, funding: Funding, refund_id: UUID) -> bool:
    """Perhaps somebody gave a part back in the gateway's own dashboard, and we did not hear of it yet."""
    assert funding.checkout_session is not None
    seen = gateway.checkout(funding.checkout_session)
    with transaction() as db:
        held, refund = commands.settle(db, funding.id, seen), db.locked(GatewayRefund, refund_id)
        return refund is not None and commands.ask_for_less(db, held, refund)


@jobs.job("payments.close")
def close_page(payload: dict[str, Any]) -> None:
    """Close the card page of a funding that nobody should pay any more; what was paid meanwhile is settled."""
    funding_id = UUID(payload["funding"])
    try:
        funding = flows.refresh(funding_id)
        if funding.is_open and funding.checkout_session is not None:
            flows.settled(funding_id, flows.gateway_of(funding).expire_checkout(funding.checkout_session))
    except GatewayUnreachable as error:
        raise jobs.TryLater(str(error)) from error
