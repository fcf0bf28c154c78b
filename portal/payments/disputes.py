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
from portal.payments.models import Dispute, Funding

ASKED, TAKEN, RETURNED, LOST, CLOSED = "asked", "taken", "returned", "lost", "closed"

after_dispute: list[Callable[[TenantSession, Funding, Dispute, str], None]] = []
"""Each hears, in the same transaction, what became of a dispute: one of the five steps above."""


def settle_dispute(db: TenantSession, funding: Funding, seen: SeenDispute) -> None:
    """Bring a dispute to where the gateway says it is, only forward: money taken is an entry, as is money given back.

    An inquiry moves nothing. Whoever calls holds the funding's row.
    """
    db.locked(Account, funding.account_id)
    dispute = db.scalar(select(Dispute).where(Dispute.gateway_id == seen.gateway_id))
    is_new, dispute = dispute is None, dispute or _began(db, funding, seen)
    steps = [ASKED] if is_new and seen.is_inquiry else []
    steps += _move(db, funding, dispute, seen)
    before, dispute.state = dispute.state, _state(dispute, seen)
    dispute.answer_by = None if dispute.is_over else seen.answer_by
    if dispute.state != before and dispute.state in (LOST, CLOSED):
        steps.append(dispute.state)
    for step in steps:
        _note(db, funding, dispute, step)
    db.flush()
    for step in _worth_telling(dispute, steps) if is_new and dispute.is_over else steps:
        for hear in after_dispute:
            hear(db, funding, dispute, step)


def _move(db: TenantSession, funding: Funding, dispute: Dispute, seen: SeenDispute) -> list[str]:
    """Book what was taken and what came back, each once, and the fees."""
    steps, source = [], f"dispute:{seen.gateway_id}"
    came_back = [move for move in seen.moves if move.came_back]
    if dispute.taken_at is None and len(came_back) < len(seen.moves):
        dispute.amount_minor, dispute.taken_at = seen.amount_minor, now()
        post(db, entry.dispute(source, funding.account_id, dispute.amount_minor, funding.currency))
        steps.append(TAKEN)
    if dispute.taken_at is not None and dispute.returned_at is None and came_back:
        # Of a payment that was refunded in part before, a bank may give back the part that it had twice.
        parts = [dispute.amount_minor if move.amount_minor is None else move.amount_minor for move in came_back]
        dispute.returned_minor, dispute.returned_at = min(sum(parts), dispute.amount_minor), now()
        post(db, entry.dispute(f"{source}:returned", funding.account_id, -dispute.returned_minor, funding.currency))
        steps.append(RETURNED)
    for move in seen.moves:
        if move.fee_minor:
            post(db, entry.fee(f"fee:{move.gateway_id}", move.fee_minor, funding.currency))
    return steps


def _worth_telling(dispute: Dispute, steps: list[str]) -> list[str]:
    """Of one that was over when it was first seen: what money moved, or nothing where all of it is as before."""
    is_as_before = dispute.taken_at is None or dispute.returned_minor == dispute.amount_minor
    return [] if is_as_before else [step for step in steps if step in (TAKEN, RETURNED)]


def _began(db: TenantSession, funding: Funding, seen: SeenDispute) -> Dispute:
    made = Dispute(
        gateway_id=seen.gateway_id,
        funding_id=funding.id,
        amount_minor=seen.amount_minor,
        reason=seen.reason,
        state="inquiry" if seen.is_inquiry else "open",
    )
    return db.put(made)


def _state(dispute: Dispute, seen: SeenDispute) -> str:
    """An older answer that arrives late brings nothing back that was decided. Lost is what was taken."""
    if dispute.is_over:
        return dispute.state
    if not seen.is_over:
        return "inquiry" if seen.is_inquiry else "open"
    return {"won": "won", "lost": LOST if dispute.taken_at else CLOSED}.get(seen.status, CLOSED)


def _note(db: TenantSession, funding: Funding, dispute: Dispute, step: str) -> None:
    record(
        db,
        f"dispute.{step}",
        by=SYSTEM,
        subject=funding.account_id,
        reference=funding.reference,
        amount_minor=dispute.returned_minor if step == RETURNED else dispute.amount_minor,
    )
