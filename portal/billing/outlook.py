"""What comes next for an account: its next charge, and until when its credit lasts. Worked out by what bills it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.billing.changes import Change, to_agree_minor
from portal.billing.pricing import PricedLine
from portal.billing.subscriptions import what_is_due
from portal.billing.usage import what_was_used_last
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money

AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class Outlook:
    """`covered_until` is the first day whose charges the credit does not cover; None when none is in sight.

    With `is_used_up` something is owed already, and there is no credit that could last until any day.
    """

    next_day: date | None
    next_minor: int
    covered_until: date | None
    is_used_up: bool = False


def outlook(db: TenantSession, account: Account, credit_minor: int) -> Outlook:
    """For an account that its customer pays: charges of the next thirteen months against its credit, with tax."""
    if account.cycle_anchor is None:
        return Outlook(None, 0, None)
    until = today(white_label(db).time_zone) + AHEAD
    sums: dict[date, int] = defaultdict(int)
    for each in what_is_due(db, [account], until):
        for line in each.lines:
            sums[each.day_of(line)] += line.retail.gross_minor
    return look_ahead(credit_minor, sorted(sums.items()))


def charged_by(db: TenantSession, account: Account, change: Change) -> int:
    """What the customer is charged up to the day of a change for the next period, that change with it and what it ends
    left out: as far as it is known today, with tax, in minor units."""
    ends = change.ends.id if change.ends is not None else None
    due = (
        line.retail.gross_minor
        for each in what_is_due(db, [account], change.day)
        for line in each.lines
        if each.subscription.id != ends or each.day_of(line) < change.day
    )
    return sum(due) + to_agree_minor(account, change)


def charged_first(db: TenantSession, account: Account) -> str:
    """What suspending charges the payer before anything else; empty when all that has begun is charged."""
    if account.state != State.ACTIVE:
        return ""
    tenant = white_label(db)
    lines = [line for each in what_is_due(db, [account], today(tenant.time_zone)) for line in each.lines]
    due = _for_the_payer(account, lines)
    return f"What had begun by today is charged: {money(due, tenant)}." if due else ""


def charged_at_closing(db: TenantSession, account: Account) -> str:
    """What closing charges the payer before anything else: what has begun, and what was used; empty for nothing."""
    if account.state not in (State.ACTIVE, State.SUSPENDED):
        return ""
    lines = [each.line for each in what_was_used_last(db, account)]
    used = _for_the_payer(account, [line for line in lines if not line.is_too_much])
    words = f"What was used by today is charged: {money(used, white_label(db))}." if used else ""
    rest = "Usage that comes to more than can be charged is not." if any(line.is_too_much for line in lines) else ""
    return " ".join(filter(None, (charged_first(db, account), words, rest)))


def _for_the_payer(account: Account, lines: Iterable[PricedLine]) -> int:
    """With tax, in minor units: at retail for a customer that pays, else at wholesale for its white label."""
    return sum((line.retail if account.is_run_by_customer else line.wholesale).gross_minor for line in lines)


def look_ahead(credit_minor: int, charges: Sequence[tuple[date, int]]) -> Outlook:
    """From charges by day, oldest first."""
    covered_until, left = None, credit_minor
    for day, minor in charges:
        left -= minor
        if left < 0:
            covered_until = day
            break
    next_day, next_minor = next(((day, minor) for day, minor in charges if minor), (None, 0))
    return Outlook(next_day, next_minor, covered_until, is_used_up=credit_minor < 0)
