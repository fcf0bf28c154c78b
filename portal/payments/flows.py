"""Several transactions and the gateway between them: record, call, settle. Nothing is open while the gateway thinks."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import customer_or_404, held_customer_or_404, primary_user
from portal.audit.commands import SYSTEM, record
from portal.kit.bulk import insert_if_absent as insert
from portal.kit.clock import now
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.payments import commands
from portal.payments.gateway import (
    CheckoutOrder,
    GatewayBroken,
    GatewayRefused,
    GatewayUnreachable,
    Seen,
)
from portal.payments.models import Funding, GatewayCustomer
from portal.payments.queries import gateway_customer_of, open_funding_of
from portal.payments.stripe_gateway import StripeGateway, can_charge
from portal.whitelabels.models import GatewayCredential, WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label

log = structlog.get_logger()

Answer = TypeVar("Answer")

CHECKOUT_LIFE = timedelta(hours=23)
FORGET_AFTER = timedelta(minutes=30)

LOOKS_AT_ONCE, PLACE_WITHIN_S = 2, 0.5
_places: defaultdict[UUID, BoundedSemaphore] = defaultdict(partial(BoundedSemaphore, LOOKS_AT_ONCE))
"""How many pages of one white label wait for its gateway at once in this process; the others are shown without."""

CLOSED = "The account was closed meanwhile, so nothing more can be paid."


class PaymentPageClosed(Refusal):
    """The card page cannot be opened now."""

    status = 503
    heading = "The payment page cannot be reached"
    text = "Wait a minute and try again. Your answers are kept."
    moved = "No money was taken."


class PaymentNotConfirmed(Refusal):
    """A card page exists, and the gateway does not say what became of it: perhaps it was paid."""

    status = 503
    heading = "We cannot see your payment at the moment"
    text = "The card service gives no answer. Wait a minute and look again; you never pay twice."
    moved = "We do not know yet whether money was taken. If it was, we find the payment by ourselves."


@dataclass(frozen=True)
class Wish:
    """A person's wish to add money by card, and where the card page leads back to."""

    account_id: UUID
    amount: Money
    user_id: UUID
    return_url: str
    back_url: str


@dataclass(frozen=True)
class Opened:
    """Where to send the browser; without an address the money is there already."""

    funding_id: UUID
    url: str | None


def open_checkout(wish: Wish) -> Opened:
    """The card page for this wish: the open one when it fits, else a new one. Nothing is ever paid twice.

    Raises PaymentPageClosed when the gateway is away, not connected or refuses, or the account was closed meanwhile;
    PaymentNotConfirmed when a page exists already and its payment cannot be seen.
    """
    if not can_charge(wish.amount.minor, wish.amount.currency):
        raise commands.CannotTake("Choose an amount whose last digit is zero.", field="amount")
    try:
        return _opened(wish)
    except commands.DoesNotMatch as error:
        raise PaymentNotConfirmed from error


def _opened(wish: Wish) -> Opened:
    for _ in range(3):
        funding = _start(wish)
        seen = _session_for(funding, wish)
        funding = settled(funding.id, seen)
        if funding.is_open and funding.amount_minor != wish.amount.minor:
            funding = settled(funding.id, _called(funding, partial(_expire, session=seen.session)))
        elif funding.is_open and _is_closed(wish.account_id):
            # Whoever closed the account found no page to close yet.
            settled(funding.id, _called(funding, partial(_expire, session=seen.session)))
            raise PaymentPageClosed(CLOSED)
        elif funding.is_open:
            return Opened(funding.id, funding.checkout_url)
        if funding.state == "succeeded":
            return Opened(funding.id, None)
    raise PaymentPageClosed


def refresh(funding_id: UUID, *, is_quick: bool = False) -> Funding:
    """Look at the gateway and settle. Raises GatewayUnreachable when it gives no answer; a quick look waits less."""
    with reading() as db:
        funding = db.load(Funding, funding_id)
        assert funding is not None
        customer = _customer(db, funding)
    if funding.state == "succeeded":
        return funding
    gateway = gateway_of(funding, is_quick=is_quick)
    if funding.checkout_session is not None:
        return settled(funding.id, gateway.checkout(funding.checkout_session))
    found = gateway.find_checkout(customer, str(funding.id)) if customer else None
    return settled(funding.id, found) if found is not None else _never_made(funding)


def look(account_id: UUID) -> bool:
    """Ask the gateway about the account's payment that is still open, and settle it. False when there was no answer to
    go by, soon: pages are shown without it, and one white label's slow gateway must not hold up the pages of all."""
    with reading() as db:
        funding = open_funding_of(db, account_id)
    if funding is None:
        return True
    place = _places[funding.white_label_id]
    if not place.acquire(timeout=PLACE_WITHIN_S):
        return False
    try:
        refresh(funding.id, is_quick=True)
    except (GatewayUnreachable, GatewayRefused, commands.DoesNotMatch) as error:
        log.warning("payment.not_seen", funding=str(funding.id), error=str(error))
        return False
    finally:
        place.release()
    return True


def gateway_of(funding: Funding, *, is_quick: bool = False) -> StripeGateway:
    """The gateway this funding was made at, even when the white label has connected another one since.

    Reached by the newest key that the white label gave for it: the one of then may have been rolled.
    """
    with reading(funding.white_label_id) as db:
        same = select(GatewayCredential).where(
            GatewayCredential.gateway_account == funding.gateway_account,
            GatewayCredential.livemode == funding.livemode,
        )
        newest_first = same.order_by(GatewayCredential.connected_at.desc(), GatewayCredential.id.desc())
        credential = db.scalars(newest_first).first()
    assert credential is not None
    return gateway_for(credential, is_quick=is_quick)


def gateway_for(credential: GatewayCredential, *, is_quick: bool = False) -> StripeGateway:
    return StripeGateway(credential.key, is_quick=is_quick)


def _is_closed(account_id: UUID) -> bool:
    with reading() as db:
        return customer_or_404(db, account_id).state == State.CLOSED


def _start(wish: Wish) -> Funding:
    with transaction() as db:
        account = held_customer_or_404(db, wish.account_id)
        if account.state == State.CLOSED:
            raise PaymentPageClosed(CLOSED)
        credential = gateway_credential(db)
        if credential is None:
            raise PaymentPageClosed(
                f"{white_label(db).name} takes no card payments at the moment. Write to us and we will sort it out."
            )
        return commands.open_funding(db, account, wish.amount, credential, user_id=wish.user_id)


def _session_for(funding: Funding, wish: Wish) -> Seen:
    """The funding's session: as the gateway has it, or made now under the funding's stored key."""
    if funding.checkout_session is not None:
        session = funding.checkout_session
        return _called(funding, lambda gateway: gateway.checkout(session))
    customer = _called(funding, lambda gateway: _gateway_customer(gateway, funding))
    if funding.state == "unknown":
        found = _called(funding, lambda gateway: gateway.find_checkout(customer, str(funding.id)))
        if found is not None:
            return found
        with transaction() as db:
            funding = commands.after_look_up(db, funding.id)
    order = _order(funding, customer, wish)
    return _called(funding, lambda gateway: gateway.create_checkout(order))


def _called(funding: Funding, ask: Callable[[StripeGateway], Answer]) -> Answer:
    """Ask the gateway; when its answer is lost or refused, record that, and tell the person plainly."""
    try:
        return ask(gateway_of(funding))
    except GatewayUnreachable as error:
        problem = "5xx" if isinstance(error, GatewayBroken) else "no answer"
        with transaction() as db:
            commands.note_unknown(db, funding.id, f"{problem}: {error}")
        log.warning("gateway.unreachable", funding=str(funding.id), error=str(error))
        # Nobody can have paid on a page that was never opened; of an open one we must not say so.
        raise (PaymentNotConfirmed if funding.checkout_session else PaymentPageClosed) from error
    except GatewayRefused as error:
        with transaction() as db:
            commands.note_failed(db, funding.id, str(error))
        log.error("gateway.refused", funding=str(funding.id), error=str(error))
        if funding.checkout_session:
            raise PaymentNotConfirmed from error
        raise PaymentPageClosed(
            "The card payment service does not accept payments for us at the moment. We were told. Try again later."
        ) from error


def _expire(gateway: StripeGateway, session: str) -> Seen:
    return gateway.expire_checkout(session)


def settled(funding_id: UUID, seen: Seen) -> Funding:
    """Settle in a transaction of its own. Raises DoesNotMatch."""
    with transaction() as db:
        return commands.settle(db, funding_id, seen)


def _never_made(funding: Funding) -> Funding:
    """The gateway has no session of this funding, so nobody can have paid. After a while it is over."""
    with transaction() as db:
        held = db.locked(Funding, funding.id)
        assert held is not None
        if held.is_open and now() - held.created_at > FORGET_AFTER:
            held.state, held.settled_at = "failed", now()
            held.last_problem = "The gateway knows nothing of it."
            record(db, "funding.failed", by=SYSTEM, subject=held.account_id, reference=held.reference)
        return held


def _gateway_customer(gateway: StripeGateway, funding: Funding) -> str:
    with reading() as db:
        account = db.load(Account, funding.account_id)
        assert account is not None
        known, email = _customer(db, funding), primary_user(db, account.id).email
    if known is not None:
        return known
    told = f"{account.name}\n{email}\n{account.number}"
    key = f"customer-{account.id}-{hashlib.sha256(told.encode()).hexdigest()[:12]}-{funding.attempt}"
    made = gateway.create_customer(name=account.name, email=email, account_number=account.number, idempotency_key=key)
    with transaction() as db:
        insert(
            db,
            GatewayCustomer,
            account_id=account.id,
            gateway_account=funding.gateway_account,
            livemode=funding.livemode,
            customer=made,
        )
        return _customer(db, funding) or made


def _customer(db: TenantSession, funding: Funding) -> str | None:
    credential = db.load(GatewayCredential, funding.credential_id)
    return gateway_customer_of(db, funding.account_id, credential) if credential is not None else None


def _order(funding: Funding, customer: str, wish: Wish) -> CheckoutOrder:
    with reading() as db:
        tenant: WhiteLabel = white_label(db)
        account = db.load(Account, funding.account_id)
    assert account is not None
    # Made from stored facts only: a repeat under the same key must say the very same, or the gateway refuses it.
    return CheckoutOrder(
        funding_id=str(funding.id),
        idempotency_key=funding.idempotency_key,
        customer=customer,
        amount_minor=funding.amount_minor,
        currency=funding.currency,
        reference=funding.reference,
        account_number=account.number,
        description="Account credit",
        success_url=wish.return_url,
        cancel_url=wish.back_url,
        expires_at=_expiry(funding),
        brand_name=tenant.name,
        brand_colour=tenant.colour,
        locale=tenant.locale,
    )


def _expiry(funding: Funding) -> datetime:
    return funding.created_at + CHECKOUT_LIFE + (funding.attempt - 1) * timedelta(minutes=1)
