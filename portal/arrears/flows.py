"""The daily look at every account's credit, a batch a transaction, tenant by tenant."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.arrears import commands
from portal.arrears.queries import in_a_case, owing, rules_of
from portal.billing.queries import available_minor
from portal.billing.subscriptions import due_by, what_is_due
from portal.identity.models import User
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.kit.settings import current
from portal.ledger.entry import Book
from portal.ledger.queries import credits_minor
from portal.letters import commands as letters
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import operator, white_label, white_labels

BATCH = 200


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


@jobs.job(commands.TELL_OPERATOR)
def tell_operator(payload: dict[str, Any]) -> None:
    """Everybody of the operator reads that a white label's limit is passed, or what the payload names instead."""
    with reading(PLATFORM) as db:
        host, about = operator(db), db.get(WhiteLabel, UUID(payload["white_label"]))
    if host is None or about is None:
        return
    url = current().address(host.host, f"/operator/white-labels/{about.id}")
    told = {name: payload.get(name) for name in ("balance", "limit", "is_stopped")}
    facts: dict[str, Any] = {"white_label": about.name, "url": url, **told}
    with transaction(host.id) as db:
        for person in db.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.id)):
            to = letters.Recipient(person.email, person.display_name)
            letters.write(db, payload.get("letter", "white-label-over-notice"), to=to, **facts)


def tell_of_refusal(white_label_id: UUID) -> None:
    """A charge was refused for want of the white label's credit, and what was asked for is undone."""
    with transaction(white_label_id) as db:
        commands.after_refusal(db)


@dataclass(frozen=True)
class Horizon:
    """The last day whose charges count as coming, for a customer's credit and for the white-label account, if any."""

    credit: date | None
    white_label: date | None

    @property
    def last(self) -> date | None:
        return max((day for day in (self.credit, self.white_label) if day), default=None)


def look_at_all(white_label_id: UUID) -> None:
    """Take every step that is due in one white label. Safe to run twice and side by side."""
    with reading(white_label_id) as db:
        rules, day = rules_of(db), today(white_label(db).time_zone)
    horizon = Horizon(_ahead(day, rules.low_days), _ahead(day, rules.warn_days))
    for page in (owing, in_a_case):
        for batch in _batches(white_label_id, page):
            _look(white_label_id, batch, horizon)
    needed, last = 0, horizon.last
    if last is not None:
        for batch in _batches(white_label_id, lambda db, after, limit: due_by(db, last, after, limit)):
            needed += _look(white_label_id, batch, horizon)
    with transaction(white_label_id) as db:
        is_low = horizon.white_label is not None and available_minor(db) < needed
        commands.look_at_white_label(db, white_label_account(db), is_low=is_low)


def _ahead(day: date, days: int) -> date | None:
    return day + timedelta(days=days) if days else None


def _look(white_label_id: UUID, batch: list[UUID], horizon: Horizon) -> int:
    """Look at some accounts. Returns what their coming charges need at wholesale, in minor units."""
    with transaction(white_label_id) as db:
        held = select(Account).where(Account.id.in_(batch), Account.kind == "customer").order_by(Account.id)
        found = list(db.scalars(held.with_for_update()))
        wholesale, retail = _coming(db, found, horizon)
        credits = credits_minor(db, Book.RETAIL, [account.id for account in found])
        for account in found:
            if account.is_run_by_customer and account.state in (State.ACTIVE, State.SUSPENDED):
                commands.look_at(db, account, is_low=credits[account.id] < retail[account.id])
        return wholesale


def _coming(db: TenantSession, found: list[Account], horizon: Horizon) -> tuple[int, dict[UUID, int]]:
    """What comes within the horizon, with tax: at wholesale in all, at retail by account."""
    wholesale, retail = 0, defaultdict[UUID, int](int)
    billed = [account for account in found if account.cycle_anchor is not None]
    if horizon.last is None:
        return wholesale, retail
    for each in what_is_due(db, billed, horizon.last):
        for line in each.lines:
            begins = each.day_of(line)
            if horizon.white_label and begins <= horizon.white_label:
                wholesale += line.wholesale.gross_minor
            if horizon.credit and begins <= horizon.credit:
                retail[each.subscription.account_id] += line.retail.gross_minor
    return wholesale, retail


def _batches(
    white_label_id: UUID, page: Callable[[TenantSession, UUID | None, int], list[UUID]]
) -> Iterator[list[UUID]]:
    after: UUID | None = None
    while True:
        with reading(white_label_id) as db:
            ids = page(db, after, BATCH)
        if not ids:
            return
        yield ids
        after = ids[-1]
