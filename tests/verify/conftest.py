"""One customer of each option, charged and paid, in books that agree."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.db import reading, transaction
from portal.payments.models import Funding
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.verify.planting import differences


@dataclass
class Books:
    """`own` is run by its customer, who paid 20.00; `ours` by Northwind."""

    tenant: Any
    own: Account
    ours: Account
    funding: Funding

    def charge(self, account: Account, item: str = "plan", book: str = "wholesale") -> Charge:
        with reading(self.tenant.id) as db:
            wanted = select(Charge).filter_by(account_id=account.id, item=item, book=book)
            return db.scalars(wanted.order_by(Charge.number)).first()


@pytest.fixture
def books(northwind, clock):
    with transaction(northwind.id) as db:
        own = active(db, customer(db, northwind.plans["desk"], OPTION_1), 2000)
        ours = active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Cedar"))
        funding = db.scalars(select(Funding)).one()
    made = Books(northwind, own, ours, funding)
    assert differences() == []
    return made
