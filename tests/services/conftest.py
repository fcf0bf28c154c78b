"""Customers of both options with a service to choose, and browsers for who looks."""

import pytest

from portal.accounts.queries import primary_user
from portal.kit.db import transaction
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan
from tests.billing.making import service
from tests.cast import Person, password_hash
from tests.signup.browsing import browse

__all__ = ["browse"]


class Shop:
    """Two active customers, their administrators, and what is sold."""

    def __init__(self, tenant):
        self.tenant = tenant
        with transaction(tenant.id) as db:
            self.seat, self.headset = service(db).id, service(db, "headset", "one_off", retail=4000).id
            self.minutes = service(db, "minutes", "usage", retail=150, per_units=100, unit="minutes").id
            self.bigger = plan(db, "bigger", retail_minor=3000, wholesale_minor=900, tax_ppm=200_000).id
            self.desk = tenant.plans["desk"]
            own = active(db, customer(db, self.desk, OPTION_1), paid_minor=11_800)
            run = active(db, customer(db, self.desk, OPTION_2, name="Run by Northwind"))
            self.own, self.run = own.id, run.id
            self.owner, self.guest = self._person(db, own), self._person(db, run)

    def _person(self, db, account):
        user = primary_user(db, account.id)
        user.password_hash = password_hash()
        return Person(user.id, self.tenant.id, self.tenant.host, user.login_name, user.display_name)


@pytest.fixture
def shop(northwind, clock):
    return Shop(northwind)
