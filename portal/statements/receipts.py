"""Receipts: one for each funding that succeeded, in the transaction that settles it."""

from collections.abc import Sequence

from sqlalchemy import exists, select

from portal.accounts.models import Account
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.series import next_number, next_numbers
from portal.ledger.entry import Book
from portal.payments import commands as payments
from portal.payments.models import Funding
from portal.statements.models import Receipt
from portal.statements.parties import buyers_of, sellers
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import local_day

SERIES = "receipt"
MOST_AT_ONCE = 200


def issue_receipt(db: TenantSession, funding: Funding) -> None:
    """Write down that the money of a funding arrived, with both sides as they are now; once, however often it is told.

    The series is held first, and only then looked whether there is a receipt: so no number is taken in vain.
    """
    next_numbers(db, SERIES, 0)
    if db.scalar(select(Receipt.id).where(Receipt.funding_id == funding.id)) is None:
        _write(db, funding)


def issue_missing_receipts(db: TenantSession) -> int:
    """Receipts of payments from before there were receipts, oldest first. Says how many; there may be more."""
    next_numbers(db, SERIES, 0)
    found = fundings_without(db)
    for funding in found:
        _write(db, funding)
    return len(found)


def fundings_without(db: TenantSession) -> Sequence[Funding]:
    has_one = exists().where(Receipt.funding_id == Funding.id, Receipt.white_label_id == Funding.white_label_id)
    wanted = select(Funding).where(Funding.state == "succeeded", ~has_one)
    return db.scalars(wanted.order_by(Funding.settled_at, Funding.id).limit(MOST_AT_ONCE)).all()


def _write(db: TenantSession, funding: Funding) -> None:
    tenant, account = white_label(db), db.load(Account, funding.account_id)
    assert account is not None
    sequence, day = next_number(db, SERIES), local_day(funding.settled_at or now(), tenant)
    db.put(
        Receipt(
            number=f"R-{day.year}-{sequence:06d}",
            sequence=sequence,
            funding_id=funding.id,
            account_id=account.id,
            day=day,
            reference=funding.reference,
            card=funding.card or "",
            amount_minor=funding.amount_minor,
            currency=funding.currency,
            seller=sellers(db)[Book.RETAIL],
            buyer=buyers_of(db, [account])[account.id],
        )
    )


def listen() -> None:
    """Let payments tell us about money. Called once, after the others that listen were named."""
    if issue_receipt not in payments.after_funding:
        payments.after_funding.append(issue_receipt)
