"""An active Option 1 customer whose credit runs out as the months go by."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.arrears.flows import look_at_all
from portal.billing.run import bill_white_label
from portal.kit.clock import today
from portal.kit.db import reading, transaction
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, active, customer, pay
from tests.signup.browsing import browse

__all__ = ["browse"]


class Months:
    """12.00 a month; 20.00 were paid, and set-up and the first month took 18.00 on 2 November."""

    def __init__(self, tenant, clock):
        self.tenant, self.clock = tenant, clock
        with transaction(tenant.id) as db:
            self.id = active(db, customer(db, tenant.plans["desk"], OPTION_1), paid_minor=2000).id

    def live(self, days):
        """Day by day: what is due is charged, then credit is looked at."""
        for _ in range(days):
            self.clock.advance(days=1)
            self.look()

    def look(self):
        bill_white_label(self.tenant.id, today("Europe/London"), by="a test")
        look_at_all(self.tenant.id)

    def pay(self, minor):
        with transaction(self.tenant.id) as db:
            pay(db, db.locked(Account, self.id), minor)

    @property
    def account(self):
        with reading(self.tenant.id) as db:
            return db.load(Account, self.id)

    @property
    def letters(self):
        names = ("credit-low", "overdue", "suspended-unpaid", "reactivated", "closed-unpaid")
        with reading(self.tenant.id) as db:
            wanted = select(Letter).where(Letter.about_id == self.id, Letter.name.in_(names))
            return [letter.name for letter in db.scalars(wanted.order_by(Letter.created_at, Letter.id))]


@pytest.fixture
def months(northwind, clock):
    return Months(northwind, clock)
