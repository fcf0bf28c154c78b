"""Charges on many days and of several customers, written as the ledger and the charge table keep them."""

from datetime import date

import pytest

from portal.billing.models import Charge
from portal.finance.queries import Filter
from portal.kit.db import transaction
from portal.ledger.commands import post
from portal.ledger.entry import Book, charge as entry_of
from tests.accounts.making import customer
from tests.signup.browsing import browse

__all__ = ["browse"]

NOVEMBER = Filter(date(2026, 11, 1), date(2026, 12, 1))


def bare(tenant, account_id, key, day=date(2026, 11, 9), net=1, tax=0, retail=1, **differing):
    """A wholesale charge without its entry, for tests that only look at rows."""
    return Charge(**{
        "number": f"X-{key}", "book": "wholesale", "account_id": account_id, "payer_id": tenant.account_id,
        "item": "plan", "description": "Desk Phone", "period_key": key, "day": day, "net_minor": net, "tax_minor": tax,
        "tax_ppm": 0, "retail_memo_minor": retail, "currency": tenant.currency, **differing})


class Desk:
    """Northwind's finance desk: customers by name, and charges on their behalf."""

    def __init__(self, tenant):
        self.tenant, self.customers, self.numbers = tenant, {}, 100

    def customer(self, name):
        if name not in self.customers:
            with transaction(self.tenant.id) as db:
                self.customers[name] = customer(db, self.tenant.plans["desk"], name=name).id
        return self.customers[name]

    def charge(self, name, day, net=400, tax=80, retail=1000, *, item="plan", description="Desk Phone", **differing):
        """One wholesale charge with its entry; a month when it has a first day."""
        account_id = self.customer(name)
        self.numbers += 1
        key = differing.pop("period_key", f"k{self.numbers}")
        made = bare(self.tenant, account_id, key, day, net, tax, retail, item=item,
                    number=f"C-{self.numbers:06d}", description=description, **differing)
        with transaction(self.tenant.id) as db:
            source = f"charge:{account_id}:{item}:{made.period_key}:wholesale"
            if net + tax:
                made.entry_id = post(db, entry_of(
                    Book.WHOLESALE, source, self.tenant.account_id, net_minor=net, tax_minor=tax,
                    currency=self.tenant.currency, description=description))
            db.put(made)
        return made


@pytest.fixture
def desk(northwind, clock):
    return Desk(northwind)
