"""What `portal verify` says of numbers that drifted: each check is red for what is planted here."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account, Subscription
from portal.audit.commands import COMMAND_LINE
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.numbers import flows
from portal.numbers.emergency import enter
from portal.numbers.models import EmergencyAddress, Number, NumberBlock, StockNumber
from portal.verify import verify
from tests.accounts.making import OPTION_2, active, customer
from tests.numbers.making import BRISTOL, give, number, price_class


def differences():
    return [words for finding in verify() for words in finding.differences]


@pytest.fixture
def desk(northwind, clock):
    """An account with two numbers, one of which has an address."""
    with transaction(northwind.id) as db:
        price_class(db)
        run = active(db, customer(db, northwind.plans["courtesy"], OPTION_2))
        one, two = number(db, 1), number(db, 2)
        give(db, run, one, two)
        enter(db, run, one, BRISTOL, by=COMMAND_LINE)
        ids = run.id, one.id, two.id
    assert differences() == []
    return ids


def test_another_quantity_than_numbers(northwind, desk):
    with transaction(northwind.id) as db:
        db.scalars(select(Subscription).where(Subscription.item == "geo")).one().quantity = 3
    assert any("has 2 numbers of geo and is charged for 3" in words for words in differences())


def test_a_number_that_nobody_is_charged_for(northwind, desk):
    with transaction(northwind.id) as db:
        number(db, 3, price_class="gold", state="assigned", account_id=desk[0], assigned_at=now())
    assert any("has 1 numbers of gold and is charged for 0" in words for words in differences())


def test_a_closed_account_with_a_number(northwind, desk):
    with transaction(northwind.id) as db:
        db.load(Account, desk[0]).state = "closed"
    assert sum("belongs to a closed account" in words for words in differences()) == 2


def test_an_address_without_an_account(northwind, desk):
    with transaction(northwind.id) as db:
        one = db.load(Number, desk[1])
        one.state, one.account_id = "free", None
    assert any("has an emergency address and no account" in words for words in differences())


def test_a_number_that_the_stock_gave_to_nobody(cast, northwind, desk):
    with transaction(cast.operator.id) as db:
        block = db.put(NumberBlock(name="x", created_by="x"))
        db.put(StockNumber(e164="+441134960001", kind="geographic", country="GB", price_class="geo",
                           needs_address=False, block_id=block.id))
    assert any("where the stock does not have it" in words for words in differences())


def test_what_ran_out_is_tidied_up_in_every_tenant(northwind, kauri, clock):
    for tenant in (northwind, kauri):
        with transaction(tenant.id) as db:
            number(db, 9, state="quarantined", until=now())
    flows.tidy({})
    for tenant in (northwind, kauri):
        with reading(tenant.id) as db:
            assert [(n.state, n.until) for n in db.scalars(select(Number))] == [("free", None)]
            assert db.scalars(select(EmergencyAddress)).all() == []
