"""Taking back a change that waits for the next period."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.audit.commands import Actor, record
from portal.billing.wishes import CannotChange
from portal.catalogue.models import Plan, Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.whitelabels.queries import white_label


def withdraw(db: TenantSession, account: Account, product: Plan | Service, *, by: Actor) -> None:
    """Take back a change that waits for the next period. Raises CannotChange. The caller holds the account's row."""
    if account.state != State.ACTIVE:
        raise CannotChange("Services are changed while the account is active.")
    rows = db.scalars(select(Subscription).where(Subscription.account_id == account.id)).all()
    ends, begins = _ordered(rows, product, today(white_label(db).time_zone))
    if ends is None and begins is None:
        raise CannotChange("No change waits.")
    if begins is not None:
        db.delete(begins)
    if ends is not None:
        ends.until_day = None
    record(db, "service.change-withdrawn", by=by, subject=account.id, product=product.code)
    db.flush()


def can_withdraw(rows: Sequence[Subscription], product: Plan | Service, day: date) -> bool:
    """Whether a change of a product, or of the plan whichever it is, waits among all that an account has and had."""
    return _ordered(rows, product, day) != (None, None)


def _ordered(
    rows: Sequence[Subscription], product: Plan | Service, day: date
) -> tuple[Subscription | None, Subscription | None]:
    """A change that waits: the row that it ends, and the one that it begins.

    What the account began with is no change, though it may lie ahead: a plan after its trial ends nothing.
    """
    is_plan = isinstance(product, Plan)
    same = [row for row in rows if (row.plan_id is not None if is_plan else row.service_id == product.id)]
    newest_first = sorted(same, key=lambda row: (row.from_day, row.id), reverse=True)
    begins = next((row for row in newest_first if row.from_day > day and row.charged_to == row.from_day), None)
    boundary = begins.from_day if begins is not None else None
    ends = next((row for row in newest_first if row is not begins and _ends_at(row, boundary, day)), None)
    is_first = ends is None and (isinstance(product, Plan) or product.counts_numbers)
    return (None, None) if is_first else (ends, begins)


def _ends_at(row: Subscription, boundary: date | None, day: date) -> bool:
    """Whether a row ends where another begins, or just ends in days to come."""
    return row.until_day is not None and (row.until_day == boundary if boundary is not None else row.until_day > day)
