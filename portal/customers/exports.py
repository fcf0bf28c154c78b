"""Customers as CSV."""

from collections.abc import Iterator
from typing import Any

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import contact_of, primary_user
from portal.catalogue.models import Plan
from portal.customers.progress import blocker_of
from portal.customers.queries import Search, all_customers
from portal.kit.db import TenantSession
from portal.kit.sheets import csv_lines, safe
from portal.kit.world import show_domain

COLUMNS = (
    "number", "customer", "domain", "state", "set_up_by", "plan", "waits_for", "contact", "login_name", "letters_to",
    "telephone", "created", "activated", "closed",
)  # fmt: skip


def customers_csv(db: TenantSession, search: Search) -> Iterator[str]:
    """The header, then a line a customer."""
    yield from csv_lines(COLUMNS, (_row(db, account) for account in all_customers(db, search)))


def _row(db: TenantSession, account: Account) -> tuple[Any, ...]:
    user, plan = primary_user(db, account.id), db.load(Plan, account.plan_id) if account.plan_id else None
    return (
        account.number,
        safe(account.name),
        safe(show_domain(account.primary_domain)),
        account.state,
        account.administration,
        safe(plan.name) if plan else "",
        safe(blocker_of(db, account).text) if account.state == State.INACTIVE else "",
        safe(user.display_name),
        safe(user.login_name),
        safe(user.email),
        safe(contact_of(db, account.id).phone),
        *(
            at.isoformat(timespec="seconds") if at else ""
            for at in (account.created_at, account.activated_at, account.closed_at)
        ),
    )
