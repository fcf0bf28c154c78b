"""What changes fundings and refunds. Every way money becomes ours, or leaves, ends in `settle`."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.commands import SYSTEM, Actor, record
from portal.identity.models import User
from portal.kit import jobs
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.money import Money
from portal.kit.refusals import Refusal
from portal.kit.series import next_number
from portal.ledger import entry
from portal.ledger.commands import post
from portal.payments.disputes import settle_dispute
from portal.payments.gateway import Seen, SeenRefund
from portal.payments.models import OPEN_STATES, Funding, GatewayRefund
from portal.payments.queries import disputed_minor, kept_minor
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import white_label

log = structlog.get_logger()

Listener = Callable[[TenantSession, Funding], None]
RefundListener = Callable[[TenantSession, Funding, GatewayRefund], None]
after_funding: list[Listener] = []
after_decline: list[Listener] = []
after_refund: list[RefundListener] = []


class DoesNotMatch(Exception):
    """What the gateway shows is not what we asked for: another amount, currency, mode or funding. Never settled."""


class CannotTake(Refusal):
    heading = "This amount cannot be taken by card"


def open_funding(
    db: TenantSession, account: Account, amount: Money, credential: GatewayCredential, *, user_id: UUID | None
) -> Funding:
    """The account's one open funding, or a new one. The caller holds the account's row, so two tabs share it."""
    wanted = select(Funding).where(Funding.account_id == account.id, Funding.state.in_(OPEN_STATES))
    found = db.scalar(wanted)
    if found is not None:
        return found
    funding = Funding(
        reference=_reference(db, today(white_label(db).time_zone)),
        account_id=account.id,
        user_id=user_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        gateway_account=credential.gateway_account,
        livemode=credential.livemode,
        credential_id=credential.id,
    )
    db.put(funding)
    payer = db.load(User, user_id) if user_id is not None else None
    by = Actor("customer", payer.id, payer.display_name) if payer is not None else SYSTEM
    record(db, "funding.started", by=by, subject=account.id, reference=funding.reference, amount_minor=amount.minor)
    return funding


def _reference(db: TenantSession, day: date) -> str:
    return f"F-{day.year}-{next_number(db, f'funding-{day.year}'):06d}"


def note_unknown(db: TenantSession, funding_id: UUID, problem: str) -> None:
    """The gateway gave no answer that counts: the funding waits as unknown until somebody looked it up."""
    funding = db.locked(Funding, funding_id)
    if funding is not None and funding.is_open:
        funding.state = "unknown"
        funding.last_problem = problem[:300]


def note_failed(db: TenantSession, funding_id: UUID, problem: str) -> None:
    """The gateway refused to open a card page, so no money can have moved."""
    funding = db.locked(Funding, funding_id)
    if funding is not None and funding.is_open and funding.checkout_session is None:
        funding.state = "failed"
        funding.last_problem = problem[:300]
        funding.settled_at = now()


def after_look_up(db: TenantSession, funding_id: UUID) -> Funding:
    """The gateway knows nothing of the last attempt. A new key is used only when an error is cached under the old."""
    funding = db.locked(Funding, funding_id)
    assert funding is not None
    if funding.is_open and funding.checkout_session is None and (funding.last_problem or "").startswith("5xx"):
        funding.attempt += 1
        funding.last_problem = None
    return funding


def settle(db: TenantSession, funding_id: UUID, seen: Seen) -> Funding:
    """Bring a funding to where the gateway says it is; only forward, once, whoever calls and however often.

    Raises DoesNotMatch, and changes nothing, when the gateway's object is not the one this funding asked for.
    """
    funding = db.locked(Funding, funding_id)
    if funding is None:
        raise DoesNotMatch(f"no funding {funding_id}")
    # The account before its balances, as a billing run takes them: two that wait for each other are a deadlock.
    db.locked(Account, funding.account_id)
    _check(funding, seen)
    funding.checkout_session, funding.checkout_url = seen.session, seen.url or funding.checkout_url
    funding.payment_intent = seen.intent or funding.payment_intent
    if seen.paid and funding.state != "succeeded":
        _succeed(db, funding, seen)
    elif funding.is_open:
        _still_open(db, funding, seen)
    if seen.paid:
        _post_fee(db, funding, seen)
        for refund in seen.refunds:
            settle_refund(db, funding, refund)
        for dispute in seen.disputes:
            settle_dispute(db, funding, dispute)
    return funding


def _check(funding: Funding, seen: Seen) -> None:
    wanted = (str(funding.id), funding.amount_minor, funding.currency, funding.livemode)
    shown = (seen.funding_id, seen.amount_minor, seen.currency, seen.livemode)
    other_session = funding.checkout_session is not None and funding.checkout_session != seen.session
    if wanted != shown or other_session:
        log.error("funding.mismatch", funding=str(funding.id), wanted=wanted, shown=shown, session=seen.session)
        raise DoesNotMatch(f"{funding.reference}: asked for {wanted}, the gateway shows {shown}")


def _succeed(db: TenantSession, funding: Funding, seen: Seen) -> None:
    source = f"funding:{funding.id}"
    post(db, entry.funding(source, funding.account_id, funding.amount_minor, funding.currency))
    funding.state, funding.settled_at, funding.card = "succeeded", now(), seen.card
    funding.last_problem = None
    record(
        db,
        "funding.succeeded",
        by=SYSTEM,
        subject=funding.account_id,
        reference=funding.reference,
        amount_minor=funding.amount_minor,
        card=seen.card,
    )
    db.flush()
    for listener in after_funding:
        listener(db, funding)


def _still_open(db: TenantSession, funding: Funding, seen: Seen) -> None:
    if seen.status == "expired":
        funding.state, funding.settled_at = "expired", now()
        record(db, "funding.expired", by=SYSTEM, subject=funding.account_id, reference=funding.reference)
    else:
        funding.state, funding.last_problem = "pending", None
    if seen.decline and seen.decline != funding.last_decline:
        _note_decline(db, funding, seen.decline)
    db.flush()


def _note_decline(db: TenantSession, funding: Funding, why: str) -> None:
    is_first = funding.last_decline is None
    funding.last_decline = why
    record(db, "funding.declined", by=SYSTEM, subject=funding.account_id, reference=funding.reference, why=why)
    for listener in after_decline if is_first else ():
        listener(db, funding)


def _post_fee(db: TenantSession, funding: Funding, seen: Seen) -> None:
    if seen.fee_minor and seen.fee_id:
        post(db, entry.fee(f"fee:{seen.fee_id}", seen.fee_minor, funding.currency))


def request_refund(db: TenantSession, funding: Funding, reason: str) -> None:
    """Write down that what is left of a funding goes back; a job asks the gateway. Asking twice is one refund."""
    left = kept_minor(db, funding)
    if left <= 0:
        return
    refund = GatewayRefund(funding_id=funding.id, amount_minor=left, reason=reason)
    db.put(refund)
    db.flush()
    jobs.enqueue(db, "payments.refund", {"refund": str(refund.id)}, key=f"refund:{refund.id}")
    record(db, "refund.requested", by=SYSTEM, subject=funding.account_id, reference=funding.reference, reason=reason)


def ask_for_less(db: TenantSession, funding: Funding, refund: GatewayRefund) -> bool:
    """Give up a refund of more than is left of the funding, and ask for what is left. False when it is not more.

    While a dispute holds some of it nothing can be given back: it is asked for again when that is decided.
    """
    is_disputed = disputed_minor(db, funding) > 0
    if refund.state != "created" or (kept_minor(db, funding) >= 0 and not is_disputed):
        return False
    refund.state = "failed"
    db.flush()
    if not is_disputed:
        request_refund(db, funding, refund.reason)
    return True


def settle_refund(db: TenantSession, funding: Funding, seen: SeenRefund) -> None:
    """Book what the gateway paid back, ours or one made in its own dashboard; reverse it when it failed later."""
    db.locked(Account, funding.account_id)
    refund = _refund_row(db, funding, seen)
    source = f"refund:{seen.gateway_id}"
    if seen.status == "succeeded" and refund.state == "created":
        post(db, entry.refund(source, funding.account_id, seen.amount_minor, funding.currency))
        refund.state, refund.settled_at = "succeeded", now()
        record(
            db,
            "refund.succeeded",
            by=SYSTEM,
            subject=funding.account_id,
            reference=funding.reference,
            amount_minor=seen.amount_minor,
        )
        db.flush()
        for listener in after_refund:
            listener(db, funding, refund)
    elif seen.status in ("failed", "canceled") and refund.state != "failed":
        if refund.state == "succeeded":
            reversal = entry.funding(f"{source}:reversed", funding.account_id, seen.amount_minor, funding.currency)
            post(db, reversal)
        refund.state = "failed"
        record(db, "refund.failed", by=SYSTEM, subject=funding.account_id, reference=funding.reference)


def _refund_row(db: TenantSession, funding: Funding, seen: SeenRefund) -> GatewayRefund:
    refund = db.scalar(select(GatewayRefund).where(GatewayRefund.gateway_id == seen.gateway_id))
    if refund is None and seen.refund_id is not None:
        refund = db.locked(GatewayRefund, UUID(seen.refund_id))
    if refund is None:
        refund = GatewayRefund(funding_id=funding.id, amount_minor=seen.amount_minor, reason="made at the gateway")
        db.put(refund)
    refund.gateway_id = seen.gateway_id
    return refund
