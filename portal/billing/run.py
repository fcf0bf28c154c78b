"""The monthly run: every white label is billed through a day, a batch of accounts a transaction.

What is done is in the rows themselves, so a run that was killed goes on where it stood, several may work side by side,
and a second one finds nothing to do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import load_only

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.billing.charging import Written
from portal.billing.models import BillingRun, UsageRecord
from portal.billing.period import Period
from portal.billing.pricing import PricedLine
from portal.billing.subscriptions import begins_by, bill, due_by, what_is_due
from portal.billing.usage import bill_usage, what_was_used, why_not
from portal.kit import jobs
from portal.kit.bulk import insert_if_absent
from portal.kit.clock import now, today
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label, white_labels
from portal.whitelabels.words import day, span

BATCH = 1000
WHAT_CHARGING_READS = load_only(
    Account.number,
    Account.administration,
    Account.plan_id,
    Account.billing_day,
    Account.cycle_anchor,
    Account.tax_exemption,
    raiseload=True,
)
SHOWN_SKIPPED = 100

Tell = Callable[[int], None]
Line = tuple[Account, PricedLine]


@dataclass(frozen=True)
class Foreseen:
    """One line of a dry run: what would be charged, to whom, and for which days; sums with tax, in minor units."""

    number: str
    name: str
    what: str
    days: str
    wholesale_minor: int
    retail_minor: int


def bill_white_label(white_label_id: UUID, through: date, *, by: str, tell: Tell = lambda done: None) -> BillingRun:
    """Charge everything of one white label that begins on `through` or before. `tell` hears how many accounts are done.

    Accounts that somebody else holds are passed over first and waited for at the end.
    """
    with transaction(white_label_id) as db:
        _open_run(db, through, by)
    left_out: dict[UUID, str] = {}
    for waits in (False, True):
        for page in (_due_page, _used_page):
            for batch in _batches(white_label_id, page, through):
                tell(_bill_batch(white_label_id, through, batch, left_out, waits=waits))
    with transaction(white_label_id) as db:
        return _close_run(db, through, left_out)


def foresee(white_label_id: UUID, through: date) -> Iterator[Foreseen]:
    """What `bill_white_label` would charge now, worked out by the same functions; nothing is changed."""
    for page, lines_of in ((_due_accounts, _lines_due), (_used_page, _lines_used)):
        for batch in _batches(white_label_id, page, through):
            with reading(white_label_id) as db:
                accounts = list(db.scalars(select(Account).where(Account.id.in_(batch)).order_by(Account.number)))
                found, tenant = lines_of(db, accounts, through), white_label(db)
            for account, line in found:
                retail = line.retail.gross_minor if account.is_run_by_customer else 0
                wholesale, days = line.wholesale.gross_minor, _days(line.period, tenant) if line.period else ""
                if line.is_too_much:
                    yield Foreseen(account.number, account.name, f"left out: {why_not(line)}", days, 0, 0)
                else:
                    yield Foreseen(account.number, account.name, line.description, days, wholesale, retail)


def _lines_due(db: TenantSession, accounts: list[Account], through: date) -> list[Line]:
    by_id = {account.id: account for account in accounts}
    found = what_is_due(db, accounts, through)
    return [(by_id[each.subscription.account_id], line) for each in found for line in each.lines]


def _lines_used(db: TenantSession, accounts: list[Account], through: date) -> list[Line]:
    return [(each.account, each.line) for each in what_was_used(db, accounts, through) if each.line.costs]


def _days(period: Period, tenant: WhiteLabel) -> str:
    """Why a period costs what it does: its days, and of how many where it is a part of one."""
    part = "" if period.is_whole else f", {period.days} of {period.whole_days} days"
    return span(period.first_day, period.last_day, tenant) + part


@jobs.every(600, "billing.look")
def look_for_work(payload: dict[str, Any]) -> None:
    """Once a day, when its day has begun, each white label is billed through that day."""
    with transaction(PLATFORM) as db:
        for tenant in white_labels(db):
            through = today(tenant.time_zone).isoformat()
            wanted = {"white_label": str(tenant.id), "through": through}
            jobs.enqueue(db, "billing.run", wanted, key=f"billing:{tenant.id}:{through}")


@jobs.job("billing.run")
def run_job(payload: dict[str, Any]) -> None:
    through = date.fromisoformat(payload["through"])
    bill_white_label(UUID(payload["white_label"]), through, by="the portal")


def _batches(
    white_label_id: UUID, page: Callable[[TenantSession, date, Any], list[Any]], through: date
) -> Iterator[list[UUID]]:
    """Ids of accounts that have something due, keyset by keyset: what rests stays behind the key."""
    after = None
    while True:
        with reading(white_label_id) as db:
            rows = page(db, through, after)
        if not rows:
            return
        after = tuple(rows[-1])
        yield list({row[-1] for row in rows})


def _due_page(db: TenantSession, through: date, after: Any) -> list[Any]:
    """What is due longest first. An account may come up on several pages: once it is billed, it is due no more."""
    wanted = select(Subscription.charged_to, Subscription.account_id).where(begins_by(through))
    if after is not None:
        wanted = wanted.where(tuple_(Subscription.charged_to, Subscription.account_id) > after)
    order = wanted.order_by(Subscription.charged_to, Subscription.account_id)
    return list(db.execute(order.limit(BATCH)))


def _due_accounts(db: TenantSession, through: date, after: Any) -> list[Any]:
    """Each account once: where nothing is billed, it would be due on every page that it comes up on."""
    return [(id,) for id in due_by(db, through, after[0] if after is not None else None, BATCH)]


def _used_page(db: TenantSession, through: date, after: Any) -> list[Any]:
    wanted = _with_usage(through)
    if after is not None:
        wanted = wanted.where(UsageRecord.account_id > after[0])
    return list(db.execute(wanted.order_by(UsageRecord.account_id).limit(BATCH)))


def _with_usage(through: date) -> Select[UUID]:
    """A closed account is charged nothing, not even what was on record for it: `skipped` names it."""
    is_open = and_(UsageRecord.charged_at.is_(None), UsageRecord.day < through, Account.state != State.CLOSED)
    wanted = select(UsageRecord.account_id).join(Account, Account.id == UsageRecord.account_id)
    return wanted.where(is_open).group_by(UsageRecord.account_id)


def _bill_batch(
    white_label_id: UUID, through: date, batch: list[UUID], left_out: dict[UUID, str], *, waits: bool
) -> int:
    """Returns how many accounts were looked at; puts those that something was not charged to into `left_out`."""
    with transaction(white_label_id) as db:
        held = select(Account).where(Account.id.in_(batch)).order_by(Account.id).options(WHAT_CHARGING_READS)
        accounts = list(db.scalars(held.with_for_update(skip_locked=not waits)))
        written = _bill(db, accounts, through)
        if written.charges:
            run = _run_of(db, through, held=True)
            run.accounts += len({account_id for account_id, *_ in written.ids})
            run.charges += written.charges
            run.wholesale_minor += written.wholesale_minor
            run.retail_minor += written.retail_minor
        left_out.update(written.left_out)
        return len(accounts)


def _bill(db: TenantSession, accounts: list[Account], through: date) -> Written:
    """All that an account has due, its periods and its usage at once: so a run counts it once."""
    written = bill(db, accounts, through)
    some = _with_usage(through).where(UsageRecord.account_id.in_([account.id for account in accounts]))
    used = set(db.scalars(some))
    if not used:
        return written
    return written + bill_usage(db, [account for account in accounts if account.id in used], through)


def _open_run(db: TenantSession, through: date, by: str) -> None:
    insert_if_absent(db, BillingRun, through_day=through, started_by=by)


def _run_of(db: TenantSession, through: date, *, held: bool = False) -> BillingRun:
    wanted = select(BillingRun).where(BillingRun.through_day == through)
    return db.scalars(wanted.with_for_update() if held else wanted).one()


def _close_run(db: TenantSession, through: date, left_out: dict[UUID, str]) -> BillingRun:
    run = _run_of(db, through, held=True)
    run.state, run.finished_at = "done", now()
    run.skipped = [*_named(db, left_out), *skipped(db, through)][:SHOWN_SKIPPED]
    return run


def _named(db: TenantSession, left_out: dict[UUID, str]) -> list[dict[str, str]]:
    some = sorted(left_out)[:SHOWN_SKIPPED]
    wanted = select(Account.id, Account.number, Account.name).where(Account.id.in_(some)).order_by(Account.number)
    return [{"number": number, "name": name, "why": left_out[id]} for id, number, name in db.execute(wanted)]


def skipped(db: TenantSession, through: date) -> list[dict[str, str]]:
    """Accounts that are left out, each with the reason: the first hundred."""
    return [*_resting(db, through), *_closed_with_usage(db)][:SHOWN_SKIPPED]


def _closed_with_usage(db: TenantSession) -> list[dict[str, str]]:
    """Closed accounts with usage that nothing charged, from before it was charged at the closing."""
    since, tenant = func.min(UsageRecord.day), white_label(db)
    wanted = (
        select(Account.number, Account.name, since)
        .join(UsageRecord, UsageRecord.account_id == Account.id)
        .where(Account.state == State.CLOSED, UsageRecord.charged_at.is_(None))
        .group_by(Account.id, Account.number, Account.name)
        .order_by(Account.number)
    )
    return [
        {"number": number, "name": name, "why": f"closed, usage since {day(first, tenant)} is not charged"}
        for number, name, first in db.execute(wanted.limit(SHOWN_SKIPPED))
    ]


def _resting(db: TenantSession, through: date) -> list[dict[str, str]]:
    """Accounts that are suspended, with how long nothing was begun for them."""
    since, tenant = func.min(Subscription.charged_to), white_label(db)
    wanted = (
        select(Account.number, Account.name, since)
        .join(Subscription, Subscription.account_id == Account.id)
        .where(Account.state == State.SUSPENDED, Subscription.charged_to <= through, Subscription.until_day.is_(None))
        .group_by(Account.id, Account.number, Account.name)
        .order_by(Account.number)
    )
    return [
        {"number": number, "name": name, "why": f"suspended; its period from {day(first, tenant)} is not charged"}
        for number, name, first in db.execute(wanted.limit(SHOWN_SKIPPED))
    ]
