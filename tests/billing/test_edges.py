"""What breaks billing elsewhere, lived through here from the activation on: one test a case, named after it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out, due_minor, work_out
from portal.billing.models import Charge
from portal.billing.proof import wrong_periods
from portal.billing.run import bill_white_label
from portal.billing.subscriptions import bill
from portal.billing.wishes import When, Wish
from portal.catalogue.commands import NewPrice, set_price
from portal.catalogue.models import Plan
from portal.kit.clock import today
from portal.kit.db import reading, transaction
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, active, customer
from tests.billing.making import service
from tests.billing.test_changes import own

__all__ = ["own"]


def plan_charges(db, account_id, book="wholesale"):
    wanted = select(Charge).where(Charge.account_id == account_id, Charge.item == "plan", Charge.book == book)
    return db.scalars(wanted.order_by(Charge.number)).all()


def to_the(clock, day):
    clock.advance(days=(day - clock().date()).days)


@pytest.mark.parametrize(("begins", "first_days"), [
    (date(2027, 12, 29), ["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29"]),
    (date(2027, 12, 30), ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]),
    (date(2027, 12, 31), ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]),
    (date(2028, 2, 29), ["2028-02-29", "2028-03-29", "2028-04-29", "2028-05-29"]),
    (date(2026, 12, 31), ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]),
])
def test_anniversary_on_the_29th_to_31st_and_leap_day(db, northwind, clock, begins, first_days):
    """The anchor day is kept, clamped in short months, and each period begins where the last one ended."""
    to_the(clock, begins)
    account = active(db, customer(db, northwind.plans["desk"]))
    bill(db, [account], date.fromisoformat(first_days[-1]))
    found = plan_charges(db, account.id)
    assert [charge.period_key for charge in found] == first_days
    ends = [charge.last_day + timedelta(days=1) for charge in found]
    assert ends[:-1] == [charge.first_day for charge in found[1:]]


@pytest.mark.parametrize(("who", "change"), [("northwind", date(2027, 3, 28)), ("kauri", date(2027, 4, 4))])
def test_time_zones_and_dst_billing_exactly_once_across_a_clock_change(cast, clock, who, change):
    """A period begins on the day on which the clocks change, 23 or 25 hours long, and the run comes every hour."""
    tenant = getattr(cast, who)
    to_the(clock, change.replace(month=change.month - 2))
    with transaction(tenant.id) as db:
        zone = white_label(db).time_zone
        clock.advance(days=(change.replace(month=change.month - 2) - today(zone)).days)
        account_id = active(db, customer(db, tenant.plans["desk"])).id
    bill_white_label(tenant.id, change - timedelta(days=1), by="a test")
    to_the(clock, change - timedelta(days=2))
    for _ in range(96):
        clock.advance(hours=1)
        bill_white_label(tenant.id, today(zone), by="a test")
        with reading(tenant.id) as db:
            begun = [c for c in plan_charges(db, account_id) if c.first_day == change]
        assert len(begun) == (today(zone) >= change)
    assert begun[0].day == change


def test_proration_one_function_quotes_and_charges(db, own, clock):
    seat = service(db, retail=1001)
    for days, quantity in ((7, 3), (4, 1), (9, 5), (1, 0)):
        clock.advance(days=days)
        quoted = work_out(db, own, Wish(seat, quantity, When.NOW))
        before = {charge.id for charge in db.scalars(select(Charge))}
        carry_out(db, own, quoted.wish, agreed_minor=due_minor(own, quoted), by=COMMAND_LINE)
        wanted = select(Charge).where(Charge.book == "retail").order_by(Charge.number)
        made = [charge for charge in db.scalars(wanted) if charge.id not in before]
        assert [(c.item, c.net_minor, c.tax_minor, c.first_day, c.last_day) for c in made] == [
            (line.item, line.retail.net_minor, line.retail.tax_minor, line.period.first_day, line.period.last_day)
            for line in quoted.now.lines]
    assert wrong_periods(db)[1] == []


def test_price_changed_mid_period_the_period_keeps_the_price_it_began_with(db, own, northwind, clock):
    """Charged on its first day or weeks late, given back or not: what began on the 2nd costs what it did then."""
    set_price(db, db.load(Plan, northwind.plans["desk"]), NewPrice("retail", date(2026, 12, 10), 5000), by=COMMAND_LINE)
    clock.advance(days=70)
    bill(db, [own], clock().date())
    assert [(c.period_key, c.net_minor) for c in plan_charges(db, own.id, "retail")] == [
        ("2026-11-02", 1000), ("2026-12-02", 1000), ("2027-01-02", 5000)]


def test_start_date_is_decided_at_activation_and_not_at_creation(db, northwind, clock):
    waiting = customer(db, northwind.plans["desk"], OPTION_1)
    clock.advance(days=20)
    account = active(db, waiting, paid_minor=2000)
    assert [c.first_day for c in plan_charges(db, account.id)] == [date(2026, 11, 22)]
