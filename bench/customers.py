"""Customers by the hundred thousand, ready to be billed, written in bulk.

All are on one plan, and their periods begin on the first of the month, so that one run bills them all. Every other
one pays for itself and is charged in both books.
"""

from datetime import date
from typing import Any
from uuid import UUID

from portal.accounts.models import Account, Address, Subscription
from portal.billing.period import nth_period
from portal.kit.bulk import insert_many
from portal.kit.clock import now
from portal.kit.db import transaction
from portal.kit.ids import new_id
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import LedgerAccount
from tests.cast import Company

BATCH = 5_000

Row = dict[str, Any]


def last_day_of(month: int) -> date:
    """Of the month so many after the present one: billed through it, every customer has one period due."""
    return nth_period(now().date().replace(day=1), month).last_day


def fill_customers(tenant: Company, numbers: range) -> None:
    """Active customers whose first unpaid period begins on the first day of the present month."""
    begins = now().date().replace(day=1)
    for start in range(numbers.start, numbers.stop, BATCH):
        numbered = [(n, new_id()) for n in range(start, min(start + BATCH, numbers.stop))]
        with transaction(tenant.id) as db:
            insert_many(db, Account, [_account(tenant, n, id, begins) for n, id in numbered])
            insert_many(db, Address, [_address(id) for _, id in numbered])
            insert_many(db, Subscription, [_subscription(tenant, id, begins) for _, id in numbered])
            insert_many(db, LedgerAccount, [_credit(tenant, id) for n, id in numbered if _pays(n)])


def _pays(n: int) -> bool:
    return n % 2 == 0


def _account(tenant: Company, n: int, id: UUID, begins: date) -> Row:
    return {
        "id": id,
        "number": f"BENCH-{n:06d}",
        "kind": "customer",
        "administration": "customer" if _pays(n) else "white_label",
        "state": "active",
        "name": f"Customer {n:06d} Limited",
        "primary_domain": "",
        "plan_id": tenant.plans["desk"],
        "cycle_anchor": begins,
        "send_letters": True,
        "credit_limit_minor": 0,
        "created_at": now(),
        "created_by": "bench",
        "activated_at": now(),
    }


def _address(id: UUID) -> Row:
    place = {"line1": "1 High Street", "line2": "", "city": "Leeds", "region": "", "postcode": "LS1 4AP"}
    return {"account_id": id, "kind": "business", **place, "country": "GB"}


def _subscription(tenant: Company, id: UUID, begins: date) -> Row:
    return {
        "id": new_id(),
        "account_id": id,
        "plan_id": tenant.plans["desk"],
        "item": "plan",
        "quantity": 1,
        "from_day": begins,
        "charged_to": begins,
        "created_at": now(),
        "created_by": "bench",
    }


def _credit(tenant: Company, id: UUID) -> Row:
    named = {"book": Book.RETAIL.value, "code": credit_of(id), "currency": tenant.currency}
    return {"id": new_id(), **named, "balance_minor": 0, "lines": 0}
