"""Month ends: every account's statement, batch by batch. Safe to stop anywhere, to run twice and to run in parallel."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from portal.accounts.lifecycle import Administration
from portal.accounts.models import Account
from portal.accounts.queries import white_label_account
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading, scoped, transaction
from portal.ledger.entry import Book
from portal.statements.commands import issue_all, refuse_open
from portal.statements.credits import credits_without, issue_credit_notes
from portal.statements.models import Statement
from portal.statements.queries import first_open_month
from portal.statements.receipts import fundings_without, issue_missing_receipts
from portal.statements.statement import Month
from portal.whitelabels.queries import white_label, white_labels

BATCH = 200
LONGEST_S = 90

Progress = Callable[[int], None]


def issue_through(last: Month, *, even_empty: bool = False, progress: Progress = lambda issued: None) -> int:
    """Issue every statement of this tenant that is due through a month, oldest month first, and say how many.

    Empty ones are issued of the last month only.

    The scope is the caller's. Raises MonthNotOver, before any is issued.
    """
    with reading() as db:
        refuse_open(db, last)
        month = first_open_month(db) or last
    issued = 0
    while month.first_day <= last.first_day:
        for some in _batches(month, even_empty=even_empty and month == last):
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
            accounts = _next_customers(db, month, after)
            if not accounts:
                return
            issued = issue_all(db, Book.RETAIL, accounts, month, even_empty=even_empty)
            after = accounts[-1].id
        yield issued


def _next_customers(db: TenantSession, month: Month, after: UUID | None) -> list[Account]:
    """Customers that pay for themselves, were there by the month's end and have no statement of it, behind an id."""
    end = month.end(white_label(db).time_zone)
    has_one = exists().where(
        Statement.account_id == Account.id,
        Statement.white_label_id == Account.white_label_id,
        Statement.month == month.first_day,
    )
    wanted = select(Account).where(
        Account.kind == "customer",
        Account.administration == Administration.CUSTOMER,
        Account.created_at < end,
        ~has_one,
    )
    if after is not None:
        wanted = wanted.where(Account.id > after)
    return list(db.scalars(wanted.order_by(Account.id).limit(BATCH)))


@jobs.every(900, "statements.month-ends")
def find_month_ends(payload: dict[str, Any]) -> None:
    """Once the month is over in a white label's time zone, its statements are a job of their own."""
    for white_label_id, zone in _tenants():
        month = Month.of(today(zone)).before
        with transaction(white_label_id) as db:
            key = f"statements:{white_label_id}:{month.first_day}"
            jobs.enqueue(db, "statements.issue", {"month": month.first_day.isoformat()}, key=key)


@jobs.job("statements.issue")
def issue_month(payload: dict[str, Any]) -> None:
    """All that is due through a month; when that takes longer than a job may, the rest is the next try's."""
    began = time.monotonic()

    def pause(issued: int) -> None:
        if issued and time.monotonic() - began > LONGEST_S:
            raise jobs.TryLater(f"{issued} statements are issued, and there are more", after_s=0)

    issue_through(Month(date.fromisoformat(payload["month"])), progress=pause)


@jobs.every(3600, "statements.documents")
def find_documents(payload: dict[str, Any]) -> None:
    """What is still missing: receipts of payments from before there were receipts, and credit notes."""
    for white_label_id, _ in _tenants():
        with reading(white_label_id) as db:
            is_missing = bool(fundings_without(db) or credits_without(db))
        if is_missing:
            with scoped(white_label_id):
                _until_none(issue_missing_receipts)
                _until_none(issue_credit_notes)


@jobs.job("statements.credit-notes")
def write_credit_notes(payload: dict[str, Any]) -> None:
    """The tenant's credit notes at once, for whoever has just given a charge back."""
    _until_none(issue_credit_notes)


def _tenants() -> list[tuple[UUID, str]]:
    with reading(PLATFORM) as db:
        return [(tenant.id, tenant.time_zone) for tenant in white_labels(db)]


def _until_none(issue: Callable[[TenantSession], int]) -> None:
    issued = 1
    while issued:
        with transaction() as db:
            issued = issue(db)
