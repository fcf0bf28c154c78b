"""Month ends: every account's statement, batch by batch. Safe to stop anywhere, to run twice and to run in parallel."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import Administration
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading, transaction
from portal.ledger.entry import Book
from portal.statements.commands import issue_all
from portal.statements.queries import first_open_month
from portal.statements.statement import Month
from portal.whitelabels.queries import white_label, white_labels

BATCH = 200

Progress = Callable[[int], None]


def issue_through(last: Month, *, even_empty: bool = False, progress: Progress = lambda issued: None) -> int:
    """Issue every statement of this tenant that is due through a month, oldest month first, and say how many.

    The scope is the caller's. Raises MonthNotOver.
    """
    with reading() as db:
        month = first_open_month(db) or last
    issued = 0
    while month.first_day <= last.first_day:
        for some in _batches(month, even_empty=even_empty):
            issued += some
            progress(issued)
        month = month.following
    return issued


def _batches(month: Month, *, even_empty: bool) -> Iterator[int]:
    """The white label's own first, then customers behind the last one's id. Each batch is a transaction of its own."""
    with transaction() as db:
        issued = issue_all(db, Book.WHOLESALE, [white_label_account(db)], month, even_empty=even_empty)
    yield issued
    after: UUID | None = None
    while True:
        with transaction() as db:
            accounts = _next_customers(db, after)
            if not accounts:
                return
            issued = issue_all(db, Book.RETAIL, accounts, month, even_empty=even_empty)
            after = accounts[-1].id
        yield issued


def _next_customers(db: TenantSession, after: UUID | None) -> list[Account]:
    wanted = select(Account).where(Account.kind == "customer", Account.administration == Administration.CUSTOMER)
    if after is not None:
        wanted = wanted.where(Account.id > after)
    return list(db.scalars(wanted.order_by(Account.id).limit(BATCH)))


@jobs.every(900, "statements.month-ends")
def find_month_ends(payload: dict[str, Any]) -> None:
    """Once the month is over in a white label's time zone, its statements are a job of their own."""
    with reading(PLATFORM) as db:
        tenants = [(tenant.id, tenant.time_zone) for tenant in white_labels(db)]
    for white_label_id, zone in tenants:
        month = Month.of(today(zone)).before
        with transaction(white_label_id) as db:
            key = f"statements:{white_label_id}:{month.first_day}"
            jobs.enqueue(db, "statements.issue", {"month": month.first_day.isoformat()}, key=key)


@jobs.job("statements.issue")
def issue_month(payload: dict[str, Any]) -> None:
    issue_through(Month(date.fromisoformat(payload["month"])))


def last_month() -> Month:
    """The last month that is over in the white label's time zone."""
    with reading() as db:
        return Month.of(today(white_label(db).time_zone)).before
