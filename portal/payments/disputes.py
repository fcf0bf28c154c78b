"""Disputes: the holder of a card contests a payment at their bank, which takes the money back until it is decided."""

from collections.abc import Callable

from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.commands import SYSTEM, record
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.ledger import entry
from portal.ledger.commands import post
from portal.payments.gateway import SeenDispute
from portal.payments.models import OPEN_DISPUTES, Dispute, Funding

ASKED, TAKEN, RETURNED, LOST, CLOSED = "asked", "taken", "returned", "lost", "closed"

after_dispute: list[Callable[[TenantSession, Funding, Dispute, str], None]] = []
"""Each hears, in the same transaction, what became of a dispute: one of the five steps above."""


def settle_dispute(db: TenantSession, funding: Funding, seen: SeenDispute) -> None:
    """Bring a dispute to where the gateway says it is, only forward: money taken is an entry, as is money given back.

    An inquiry moves nothing. Whoever calls holds the funding's row.
    """
    db.locked(Account, funding.account_id)
    dispute, steps = _row(db, funding, seen)
    source = f"dispute:{seen.gateway_id}"
    if dispute.taken_at is None and any(not move.came_back for move in seen.moves):
        dispute.amount_minor, dispute.taken_at = seen.amount_minor, now()
        post(db, entry.dispute(source, funding.account_id, dispute.amount_minor, funding.currency))
        steps.append(TAKEN)
    if dispute.is_taken and any(move.came_back for move in seen.moves):
        dispute.returned_at = now()
        post(db, entry.dispute(f"{source}:returned", funding.account_id, -dispute.amount_minor, funding.currency))
        steps.append(RETURNED)
    for move in seen.moves:
        if move.fee_minor:
            post(db, entry.fee(f"fee:{move.gateway_id}", move.fee_minor, funding.currency))
    before, dispute.state = dispute.state, _state(dispute, seen)
    dispute.answer_by = seen.answer_by if dispute.state in OPEN_DISPUTES else None
    if dispute.state != before and dispute.state in (LOST, CLOSED):
        steps.append(dispute.state)
    _tell(db, funding, dispute, steps)


def _row(db: TenantSession, funding: Funding, seen: SeenDispute) -> tuple[Dispute, list[str]]:
    dispute = db.scalar(select(Dispute).where(Dispute.gateway_id == seen.gateway_id))
    if dispute is not None:
        return dispute, []
    made = Dispute(
        gateway_id=seen.gateway_id,
        funding_id=funding.id,
        amount_minor=seen.amount_minor,
        reason=seen.reason,
        state="inquiry" if seen.is_inquiry else "open",
    )
    return db.put(made), [ASKED] if seen.is_inquiry else []


def _state(dispute: Dispute, seen: SeenDispute) -> str:
    """An older answer that arrives late brings nothing back that was decided."""
    if dispute.state not in OPEN_DISPUTES:
        return dispute.state
    if not seen.is_over:
        return "inquiry" if seen.is_inquiry else "open"
    return {"won": "won", "lost": LOST if dispute.is_taken else CLOSED}.get(seen.status, CLOSED)


def _tell(db: TenantSession, funding: Funding, dispute: Dispute, steps: list[str]) -> None:
    for step in steps:
        record(
            db,
            f"dispute.{step}",
            by=SYSTEM,
            subject=funding.account_id,
            reference=funding.reference,
            amount_minor=dispute.amount_minor,
        )
    db.flush()
    for step in steps:
        for hear in after_dispute:
            hear(db, funding, dispute, step)
