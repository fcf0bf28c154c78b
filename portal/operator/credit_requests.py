"""Putting credit on a white-label account by hand: alone up to a limit a day, and with a second person beyond it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from portal.accounts.commands import GrantedOtherwise, give_credit
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.audit.commands import Actor, record
from portal.kit.clock import now
from portal.kit.db import TenantSession, insert_if_absent
from portal.kit.refusals import NotFound, Refusal
from portal.kit.settings import current
from portal.operator.models import CreditRequest
from portal.whitelabels.queries import white_label

DAY = timedelta(hours=24)


class OwnRequest(Refusal):
    status = 403
    heading = "Somebody else has to decide this"
    text = "Credit above the limit takes two people: whoever asked for it neither gives nor refuses it."


class DecidedAlready(Refusal):
    heading = "This was decided already"
    text = "Open the white label's page anew to see by whom."


def alone_minor() -> int:
    """How much one person may give a white label within 24 hours, in minor units (PORTAL_CREDIT_ALONE).

    A hundred smallest coins for each, so that 1,000.00 pounds and 100,000 yen stand for one another well enough.
    """
    return current().credit_alone * 100


def ask(db: TenantSession, amount_minor: int, *, request_id: UUID, reason: str, by: Actor) -> str:
    """Give the credit, or ask for a second person; the answer is the request's state. Sent twice it is one request,
    and one that was given already is `again`.

    Raises GrantedOtherwise when the request was made before with another amount.
    """
    assert by.id is not None
    # Held first, so that two requests of one person are added up one after the other.
    account = db.locked(Account, white_label_account(db).id)
    known = db.load(CreditRequest, request_id)
    if known is not None:
        return _same(known, amount_minor, reason, by)
    assert account is not None
    currency = white_label(db).currency
    is_enough_alone = _given_alone_minor(db, by.id) + amount_minor <= alone_minor()
    state = "given" if is_enough_alone else "waiting"
    insert_if_absent(
        db,
        CreditRequest,
        id=request_id,
        account_id=account.id,
        amount_minor=amount_minor,
        currency=currency,
        reason=reason,
        state=state,
        asked_by_id=by.id,
        asked_by=by.name,
    )
    if is_enough_alone:
        give_credit(db, account, amount_minor, request_id=request_id, reason=reason, by=by)
    else:
        record(db, "credit.asked", by=by, subject=account.id, amount_minor=amount_minor, reason=reason)
    return state


def approve(db: TenantSession, request_id: UUID, *, by: Actor) -> CreditRequest:
    """The second person gives it. Raises OwnRequest and DecidedAlready."""
    found = _decide(db, request_id, "given", by)
    account = white_label_account(db)
    record(db, "credit.approved", by=by, subject=account.id, amount_minor=found.amount_minor, asked_by=found.asked_by)
    give_credit(db, account, found.amount_minor, request_id=found.id, reason=found.reason, by=by)
    return found


def refuse(db: TenantSession, request_id: UUID, *, by: Actor) -> CreditRequest:
    """Raises OwnRequest and DecidedAlready."""
    found = _decide(db, request_id, "refused", by)
    account = white_label_account(db)
    record(db, "credit.refused", by=by, subject=account.id, amount_minor=found.amount_minor, asked_by=found.asked_by)
    return found


def _decide(db: TenantSession, request_id: UUID, state: str, by: Actor) -> CreditRequest:
    """Claimed in the database, so that of two who decide at once one is told."""
    found = db.load(CreditRequest, request_id)
    if found is None:
        raise NotFound
    if found.asked_by_id == by.id:
        raise OwnRequest
    claimed = db.scalar(
        update(CreditRequest)
        .where(CreditRequest.id == request_id, CreditRequest.state == "waiting")
        .values(state=state, decided_by_id=by.id, decided_by=by.name, decided_at=now())
        .returning(CreditRequest.id)
    )
    if claimed is None:
        raise DecidedAlready
    return found


def _same(known: CreditRequest, amount_minor: int, reason: str, by: Actor) -> str:
    if (known.amount_minor, known.reason, known.asked_by_id) != (amount_minor, reason, by.id):
        raise GrantedOtherwise
    return "again" if known.state == "given" else known.state


def _given_alone_minor(db: TenantSession, user_id: UUID) -> int:
    """What one person gave within the last day with nobody else: many small amounts are one large one."""
    alone = select(func.sum(CreditRequest.amount_minor)).where(
        CreditRequest.asked_by_id == user_id,
        CreditRequest.decided_by_id.is_(None),
        CreditRequest.state == "given",
        CreditRequest.asked_at > now() - DAY,
    )
    return int(db.scalar(alone) or 0)  # PostgreSQL adds up to a decimal
