"""Accounts of both options that numbers come to, and what a number costs."""

import pytest

from portal.numbers import assigning, porting
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.numbers.making import price_class

__all__ = ["early", "geo", "listening", "own", "run"]


@pytest.fixture(autouse=True)
def listening():
    assigning.listen()
    porting.listen()


@pytest.fixture
def geo(db, clock):
    return price_class(db)


@pytest.fixture
def own(db, northwind, geo):
    """A customer who pays for itself, active since 2 November with 100.00 of credit left."""
    return active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=11_800)


@pytest.fixture
def run(db, northwind, geo):
    return active(db, customer(db, northwind.plans["desk"], OPTION_2, name="Run by Northwind"))


@pytest.fixture
def early(db, northwind, geo):
    """An Option 2 account that is not active yet."""
    return customer(db, northwind.plans["desk"], OPTION_2, name="Not yet active")
