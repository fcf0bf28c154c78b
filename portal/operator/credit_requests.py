"""Credit by hand for a white-label account, or a higher credit limit: alone up to so much a day, beyond it by two."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from portal.accounts.commands import GrantedOtherwise, give_credit, set_credit_limit
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.audit.commands import Actor, record
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now
from portal.kit.db import TenantSession
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
    # Held first, so that two requests of one person are added up one after the other.
    account = db.locked(Account, white_label_account(db).id)
    assert account is not None
    known = db.load(CreditRequest, request_id)
    if known is not None:
        return _same(known, amount_minor, reason, by)
    if _file(db, account, request_id, amount_minor, reason, by) == "waiting":
        record(db, "credit.asked", by=by, subject=account.id, amount_minor=amount_minor, reason=reason)
        return "waiting"
    give_credit(db, account, amount_minor, request_id=request_id, reason=reason, by=by)
    return "given"


def ask_limit(db: TenantSession, limit_minor: int, *, request_id: UUID, reason: str, by: Actor) -> str:
    """Like `ask`, for another credit limit: what it is raised by counts as credit. Lowering it takes one person."""
    account = db.locked(Account, white_label_account(db).id)
    assert account is not None
    before = account.credit_limit_minor
    known = db.load(CreditRequest, request_id)
    if known is not None:
        if (known.limit_minor, known.reason, known.asked_by_id) != (limit_minor, reason, by.id):
            raise GrantedOtherwise
        return known.state
    more = limit_minor - before
    if more > 0 and _file(db, account, request_id, more, reason, by, limit_minor=limit_minor) == "waiting":
        asked: dict[str, Any] = {"before_minor": before, "after_minor": limit_minor, "reason": reason}
        record(db, "credit-limit.asked", by=by, subject=account.id, **asked)
        return "waiting"
    set_credit_limit(db, account, limit_minor, reason=reason, by=by)
    return "given"


def _file(
    db: TenantSession,
    account: Account,
    request_id: UUID,
    amount_minor: int,
    reason: str,
    by: Actor,
    *,
    limit_minor: int | None = None,
) -> str:
    """Write the request down: `given` when one person is enough, else `waiting`. The caller holds the account."""
    assert by.id is not None
    is_enough_alone = _given_alone_minor(db, by.id) + amount_minor <= alone_minor()
    state = "given" if is_enough_alone else "waiting"
    insert_if_absent(
        db,
        CreditRequest,
        id=request_id,
        account_id=account.id,
        amount_minor=amount_minor,
        limit_minor=limit_minor,
        currency=white_label(db).currency,
        reason=reason,
        state=state,
        asked_by_id=by.id,
        asked_by=by.name,
    )
    return state


def approve(db: TenantSession, request_id: UUID, *, by: Actor) -> CreditRequest:
    """The second person gives it. Raises OwnRequest and DecidedAlready."""
    found = _decide(db, request_id, "given", by)
    account = white_label_account(db)
    record(db, "credit.approved", by=by, subject=account.id, amount_minor=found.amount_minor, asked_by=found.asked_by)
    if found.limit_minor is not None:
        set_credit_limit(db, account, found.limit_minor, reason=found.reason, by=by)
        return found
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
    wanted = (None, amount_minor, reason, by.id)
    if (known.limit_minor, known.amount_minor, known.reason, known.asked_by_id) != wanted:
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
