"""Customers as CSV."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from portal.accounts.models import Account, Contact
from portal.accounts.queries import contacts_of, primary_users
from portal.catalogue.models import Plan
from portal.customers.progress import blockers_of
from portal.customers.queries import Search, all_customers
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.sheets import csv_lines, safe
from portal.kit.world import show_domain

COLUMNS = (
    "number", "customer", "domain", "state", "set_up_by", "plan", "waits_for", "contact", "login_name", "letters_to",
    "telephone", "created", "activated", "closed",
)  # fmt: skip


BATCH = 500


def customers_csv(db: TenantSession, search: Search) -> Iterator[str]:
    """The header, then a line a customer."""
    yield from csv_lines(COLUMNS, _rows(db, all_customers(db, search)))


def _rows(db: TenantSession, accounts: Iterator[Account]) -> Iterator[tuple[Any, ...]]:
    """A batch at a time, so that what belongs to the customers is asked for once a batch, not once a customer."""
    while batch := list(islice(accounts, BATCH)):
        ids = [account.id for account in batch]
        people, contacts = primary_users(db, ids), contacts_of(db, ids)
        blockers = blockers_of(db, batch)
        for account in batch:
            waits_for = blockers[account.id].text if blockers[account.id].is_waiting else ""
            plan = db.load(Plan, account.plan_id) if account.plan_id else None
            yield _row(account, people[account.id], contacts[account.id], plan, waits_for)


def _row(account: Account, user: User, contact: Contact, plan: Plan | None, waits_for: str) -> tuple[Any, ...]:
    return (
        account.number,
        safe(account.name),
        safe(show_domain(account.primary_domain)),
        account.state,
        account.administration,
        safe(plan.name) if plan else "",
        safe(waits_for),
        safe(user.display_name),
        safe(user.login_name),
        safe(user.email),
        safe(contact.phone),
        *(
            at.isoformat(timespec="seconds") if at else ""
            for at in (account.created_at, account.activated_at, account.closed_at)
        ),
    )
