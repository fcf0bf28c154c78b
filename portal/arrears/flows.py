"""The daily look at every account's credit, a batch a transaction, tenant by tenant."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Subscription
from portal.accounts.queries import white_label_account
from portal.arrears import commands
from portal.arrears.models import ArrearsCase
from portal.arrears.queries import rules_of
from portal.billing.queries import available_minor
from portal.billing.subscriptions import what_is_due
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import LedgerAccount
from portal.ledger.queries import credits_minor
from portal.whitelabels.queries import white_label, white_labels

BATCH = 200
PREFIX = credit_of(UUID(int=0)).removesuffix(str(UUID(int=0)))


@jobs.every(900, "arrears.look")
def look_for_work(payload: dict[str, Any]) -> None:
    """Once a day, in the white label's own morning."""
    with transaction(PLATFORM) as db:
        for tenant in white_labels(db):
            key = f"arrears:{tenant.id}:{today(tenant.time_zone)}"
            jobs.enqueue(db, "arrears.run", {"white_label": str(tenant.id)}, key=key, delay_s=900)


@jobs.job("arrears.run")
def run_job(payload: dict[str, Any]) -> None:
    look_at_all(UUID(payload["white_label"]))


def look_at_all(white_label_id: UUID) -> None:
    """Take every step that is due in one white label. Safe to run twice and side by side."""
    with reading(white_label_id) as db:
        days = rules_of(db).low_days
        until = today(white_label(db).time_zone) + timedelta(days=days)
    for page in (_owing, _in_a_case):
        for batch in _batches(white_label_id, page):
            _look(white_label_id, batch, until, watches=bool(days))
    needed = 0
    for batch in _batches(white_label_id, lambda db, after: _charged_soon(db, after, until)):
        needed += _look(white_label_id, batch, until, watches=bool(days))
    with transaction(white_label_id) as db:
        is_low = available_minor(db) < needed
        commands.look_at_white_label(db, white_label_account(db), is_low=is_low)


def _look(white_label_id: UUID, batch: list[UUID], until: date, *, watches: bool) -> int:
    """Look at some accounts. Returns what their coming charges need at wholesale."""
    with transaction(white_label_id) as db:
        held = select(Account).where(Account.id.in_(batch), Account.kind == "customer").order_by(Account.id)
        found = list(db.scalars(held.with_for_update()))
        wholesale, retail = _coming(db, found, until)
        credits = credits_minor(db, Book.RETAIL, [account.id for account in found])
        for account in found:
            if account.is_run_by_customer and account.state in (State.ACTIVE, State.SUSPENDED):
                is_low = watches and credits[account.id] < retail[account.id]
                commands.look_at(db, account, is_low=is_low)
        return sum(wholesale.values())


def _coming(db: TenantSession, found: list[Account], until: date) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """What each account is charged until a day, in both books, with tax."""
    wholesale: dict[UUID, int] = defaultdict(int)
    retail: dict[UUID, int] = defaultdict(int)
    for each in what_is_due(db, [account for account in found if account.cycle_anchor is not None], until):
        for line in each.lines:
            wholesale[each.subscription.account_id] += line.wholesale.gross_minor
            retail[each.subscription.account_id] += line.retail.gross_minor
    return wholesale, retail


def _owing(db: TenantSession, after: UUID | None) -> list[UUID]:
    """Customers whose retail credit is below zero: a debit balance is what they owe."""
    codes = select(LedgerAccount.code).where(LedgerAccount.book == Book.RETAIL.value, LedgerAccount.balance_minor > 0)
    ids = [UUID(code.removeprefix(PREFIX)) for code in db.scalars(codes) if code.startswith(PREFIX)]
    return sorted(each for each in ids if after is None or each > after)[:BATCH]


def _in_a_case(db: TenantSession, after: UUID | None) -> list[UUID]:
    wanted = select(ArrearsCase.account_id).where(ArrearsCase.ended_on.is_(None))
    wanted = wanted.where(ArrearsCase.account_id > after) if after is not None else wanted
    return list(db.scalars(wanted.order_by(ArrearsCase.account_id).limit(BATCH)))


def _charged_soon(db: TenantSession, after: UUID | None, until: date) -> list[UUID]:
    """Accounts of which a period begins until a day."""
    wanted = select(Subscription.account_id).where(Subscription.charged_to <= until, Subscription.until_day.is_(None))
    wanted = wanted.where(Subscription.account_id > after) if after is not None else wanted
    grouped = wanted.group_by(Subscription.account_id).order_by(Subscription.account_id)
    return list(db.scalars(grouped.limit(BATCH)))


def _batches(white_label_id: UUID, page: Callable[[TenantSession, UUID | None], list[UUID]]) -> Iterator[list[UUID]]:
    after: UUID | None = None
    while True:
        with reading(white_label_id) as db:
            ids = page(db, after)
        if not ids:
            return
        yield ids
        after = ids[-1]
