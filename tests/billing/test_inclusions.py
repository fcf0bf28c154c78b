"""What a plan holds: from the next day on, or for every period while nothing can have been charged otherwise."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import work_out
from portal.billing.proof import wrong_periods
from portal.billing.subscriptions import bill, listen
from portal.billing.usage import bill_usage
from portal.billing.wishes import When, Wish
from portal.catalogue.commands import include
from portal.catalogue.models import Inclusion, Plan
from portal.kit.clock import EVER
from tests.accounts.making import pay, plan
from tests.billing.making import service
from tests.billing.test_changes import change, charges, own
from tests.billing.test_usage import charges as used, use
from tests.cast import on_sqlite

__all__ = ["own"]

pytestmark = on_sqlite


@pytest.fixture(autouse=True)
def asked_before():
    listen()


@pytest.fixture
def desk(db, northwind):
    return db.load(Plan, northwind.plans["desk"])


def hold(db, plan, service, quantity):
    return include(db, plan, service, quantity, by=COMMAND_LINE)


def dated(db, plan):
    rows = select(Inclusion.valid_from, Inclusion.quantity).where(Inclusion.plan_id == plan.id)
    return [tuple(row) for row in db.execute(rows.order_by(Inclusion.valid_from))]


def test_a_late_run_charges_each_period_by_what_the_plan_held_on_its_first_day(db, own, desk, clock):
    """Red when all periods take what is held today: nothing at all is charged for December."""
    seat = service(db)
    pay(db, own, 50_000)
    change(db, own, seat, 3)
    clock.advance(days=35)
    assert hold(db, desk, seat, 2) == date(2026, 12, 8)
    clock.advance(days=30)
    bill(db, [own], date(2027, 1, 6))
    each = [(key, net) for _, key, net, _ in charges(db, own)]
    assert each == [("2026-11-02", 2700), ("2026-12-02", 2700), ("2027-01-02", 900)]
    assert wrong_periods(db)[1] == []


def test_usage_of_a_period_is_free_as_far_as_the_plan_held_it_on_the_first_day(db, own, desk, clock):
    """Red when what is held today is free in periods of before."""
    minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100)
    for month in (11, 12):
        use(db, own, minutes, date(2026, month, 10), 300)
    bill_usage(db, [own], date(2026, 12, 2))
    clock.advance(days=35)
    hold(db, desk, minutes, 100)
    use(db, own, minutes, date(2027, 1, 10), 300)
    bill_usage(db, [own], date(2027, 2, 3))
    name = "Minutes, 300 minutes"
    free = f"{name}, of which 100 come with the plan"
    assert used(db, own) == [(name, "2026-11-02", 450), (name, "2026-12-02", 450), (free, "2027-01-02", 300)]


def test_a_period_that_runs_keeps_what_its_plan_held(db, own, desk, clock):
    """Red when one more of a service is quoted with what the plan holds from today on."""
    seat = service(db)
    change(db, own, seat, 3)
    clock.advance(days=3)
    hold(db, desk, seat, 2)
    clock.advance(days=3)
    quoted = work_out(db, own, Wish(seat, 4, When.NOW))
    assert quoted.now.retail_minor > 0
    change(db, own, seat, 4)
    clock.advance(days=30)
    pay(db, own, 50_000)
    bill(db, [own], date(2026, 12, 8))
    assert charges(db, own)[-1] == ("seat.2", "2026-12-02", 1800, 360)
    assert wrong_periods(db)[1] == []


def test_before_the_first_charge_of_a_service_it_holds_for_every_period(db, desk):
    """Red when it always begins tomorrow: who is activated on the day of the offer would pay for all."""
    seat = service(db)
    assert hold(db, desk, seat, 2) == EVER and dated(db, desk) == [(EVER, 2)]


def test_what_may_have_been_free_is_taken_out_from_tomorrow_on(db, own, desk, clock):
    """Red when the first charge of the service alone is asked for: its seats were free so far, and charged for none."""
    seat = service(db)
    hold(db, desk, seat, 2)
    change(db, own, seat, 2)
    assert charges(db, own) == []
    assert hold(db, desk, seat, 0) == date(2026, 11, 3) and dated(db, desk) == [(EVER, 2), (date(2026, 11, 3), 0)]


def test_the_same_again_changes_nothing_and_the_same_day_is_replaced(db, own, desk, clock):
    seat = service(db)
    change(db, own, seat, 1)
    assert [hold(db, desk, seat, quantity) for quantity in (0, 2, 2, 3)] == [date(2026, 11, 3)] * 4
    assert dated(db, desk) == [(date(2026, 11, 3), 3)]


def test_another_plan_holds_nothing_of_it(db, own, desk):
    seat, other = service(db), plan(db, "other", retail_minor=100)
    hold(db, desk, seat, 2)
    assert dated(db, other) == [] and db.load(Account, own.id).plan_id == desk.id
