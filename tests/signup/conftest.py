"""A browser of Bob's, and the wizard of either option."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.kit.db import reading
from portal.signup.models import Draft
from tests.signup.browsing import Wizard, browse, gateway, sandbox

__all__ = ["browse", "gateway", "sandbox"]


@pytest.fixture
def option_1(gateway, browse, bob, northwind):
    return Wizard(browse(bob), northwind.plans["desk"], "customer")


@pytest.fixture
def option_2(clock, browse, bob, northwind):
    return Wizard(browse(bob), northwind.plans["desk"])


@pytest.fixture
def stored(northwind):
    """What the open drafts hold."""

    def look():
        with reading(northwind.id) as db:
            return list(db.scalars(select(Draft).order_by(Draft.id)))

    return look


@pytest.fixture
def accounts(northwind, cast):
    """The customers made by the test."""

    def look():
        with reading(northwind.id) as db:
            made = select(Account).where(Account.kind == "customer", Account.id != cast.acme)
            return list(db.scalars(made.order_by(Account.number)))

    return look
