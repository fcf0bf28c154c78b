"""Customers' own people, signed in."""

import pytest

from portal.accounts.queries import primary_user
from portal.kit.db import transaction
from tests.accounts.making import active, customer
from tests.cast import Person
from tests.signup.browsing import browse

__all__ = ["browse"]


@pytest.fixture
def owner_of(northwind, clock):
    """An active account of either option with its primary user: `account, person = owner_of(OPTION_1)`."""

    def make(administration, name="Birch Dental", plan="desk", paid_minor=2000):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans[plan], administration, name=name), paid_minor)
            user = primary_user(db, account.id)
        return account.id, Person(user.id, northwind.id, northwind.host, user.login_name, user.display_name)

    return make
