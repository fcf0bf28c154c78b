"""Usage: each record once, charged when its period is over; what comes late goes to the next one."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge, UsageRecord
from portal.billing.outlook import charged_at_closing
from portal.billing.run import bill_white_label, foresee
from portal.billing.subscriptions import bill
from portal.billing.usage import NewUsage, bill_usage, note_usage
from portal.billing.usage_file import MOST
from portal.catalogue.commands import include
from portal.catalogue.models import Plan
from portal.kit.db import reading, transaction
from portal.kit.money import MAX_MINOR
from tests.accounts.making import OPTION_1, active, customer, plan
from tests.billing.making import service
from tests.billing.test_changes import own

__all__ = ["own"]


@pytest.fixture
def minutes(db):
    return service(db, "minutes", "usage", retail=150, wholesale=100, unit="minutes", per_units=100)


def use(db, account, service, day, quantity, reference=None):
    name = reference or f"{day}-{quantity}"
    return note_usage(db, NewUsage(name, account.id, service.id, day, quantity))


def charges(db, account, book="retail"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book, Charge.item.endswith(".used"))
    return [(c.description, c.period_key, c.net_minor) for c in db.scalars(wanted.order_by(Charge.number))]


def test_a_period_is_charged_when_it_is_over(db, own, minutes, clock):
    use(db, own, minutes, date(2026, 11, 10), 120)
    use(db, own, minutes, date(2026, 11, 30), 90)
    assert bill_usage(db, [own], date(2026, 12, 1)).charges == 0
    bill_usage(db, [own], date(2026, 12, 2))
    assert charges(db, own) == [("Minutes, 210 minutes", "2026-11-02", 315)]
    assert charges(db, own, "wholesale") == [("Minutes, 210 minutes", "2026-11-02", 210)]
    assert bill_usage(db, [own], date(2026, 12, 20)).charges == 0


def test_a_record_sent_twice_counts_once(db, own, minutes):
    assert use(db, own, minutes, date(2026, 11, 10), 100, "call-1")
    assert not use(db, own, minutes, date(2026, 11, 10), 100, "call-1")
    bill_usage(db, [own], date(2026, 12, 2))
    assert charges(db, own) == [("Minutes, 100 minutes", "2026-11-02", 150)]


def test_late_ones_go_to_the_next_period_and_each_period_has_its_own_charge(db, own, minutes):
    """Red when a late record is charged for its own period again, or lost."""
    use(db, own, minutes, date(2026, 11, 10), 100)
    bill_usage(db, [own], date(2026, 12, 2))
    use(db, own, minutes, date(2026, 11, 11), 200)
    use(db, own, minutes, date(2026, 12, 15), 300)
    assert bill_usage(db, [own], date(2026, 12, 20)).charges == 0
    bill_usage(db, [own], date(2027, 2, 2))
    assert charges(db, own)[1:] == [("Minutes, 500 minutes", "2026-12-02", 750)]


def test_a_late_run_charges_each_period_by_itself(db, own, minutes):
    for month in (11, 12):
        use(db, own, minutes, date(2026, month, 10), 100)
    bill_usage(db, [own], date(2027, 3, 2))
    assert [key for _, key, _ in charges(db, own)] == ["2026-11-02", "2026-12-02"]


def test_what_the_plan_includes_is_free(db, own, minutes, northwind):
    include(db, db.load(Plan, northwind.plans["desk"]), minutes, 150, by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 10), 210)
    bill_usage(db, [own], date(2026, 12, 2))
    assert charges(db, own) == [("Minutes, 210 minutes, of which 150 come with the plan", "2026-11-02", 90)]


@pytest.mark.parametrize(("used", "charged"), [(150, None), (160, 150), (400, 375)])
def test_beyond_what_is_included_the_least_is_charged(db, own, northwind, clock, used, charged):
    """Included are 150, and at least 100 are charged beyond them. Red without the least, or with it for who used none
    beyond."""
    minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100, minimum_units=100)
    include(db, db.load(Plan, northwind.plans["desk"]), minutes, 150, by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 10), used)
    bill_usage(db, [own], date(2026, 12, 2))
    of_which = "at least 100 are charged" if used == 160 else "150 come with the plan"
    name = f"Minutes, {used} minutes, of which {of_which}"
    assert charges(db, own) == ([(name, "2026-11-02", charged)] if charged else [])


def test_the_run_charges_usage_of_accounts_without_a_period_due(northwind, clock):
    """A yearly plan has no period in between. Red when the run looks at subscriptions alone."""
    with transaction(northwind.id) as db:
        made = plan(db, "yearly", retail_minor=100, months=12)
        account = active(db, customer(db, made.id))
        use(db, account, service(db, "minutes", "usage", unit="minutes", per_units=100), date(2026, 11, 10), 100)
    clock.advance(days=31)
    bill_white_label(northwind.id, date(2026, 12, 3), by="a test")
    with reading(northwind.id) as db:
        record = db.scalars(select(UsageRecord)).one()
        assert record.charge_id is not None
        assert charges(db, account, "wholesale") == [("Minutes, 100 minutes", "2026-11-02", 300)]


def test_billing_periods_leaves_usage_alone(db, own, minutes):
    use(db, own, minutes, date(2026, 11, 10), 100)
    bill(db, [own], date(2026, 12, 2))
    assert charges(db, own) == []


def close(db, account):
    accounts.close(db, account, reason="Moved", by=COMMAND_LINE)


@pytest.mark.parametrize("is_suspended", [False, True])
def test_closing_charges_what_was_used_as_it_said_and_nothing_comes_after(db, own, minutes, clock, closing_charges,
                                                                             is_suspended):
    """At its price, less what is free. Red when usage waits for the run: it came to an account closed for weeks."""
    clock.advance(days=20)
    if is_suspended:
        accounts.suspend(db, own, reason="Unpaid", by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 10), 120)
    use(db, own, minutes, date(2026, 11, 22), 90)
    assert charged_at_closing(db, own) == "What was used by today is charged: £3.78."
    close(db, own)
    assert charges(db, own) == [("Minutes, 210 minutes", "2026-11-02", 315)]
    assert charged_at_closing(db, own) == ""
    assert bill_usage(db, [own], date(2027, 3, 2)).charges == 0


def test_closing_charges_late_use_with_the_period_that_runs(db, own, minutes, clock, closing_charges):
    use(db, own, minutes, date(2026, 11, 10), 100)
    clock.advance(days=30)
    bill_usage(db, [own], date(2026, 12, 2))
    use(db, own, minutes, date(2026, 11, 11), 200, "late")
    clock.advance(days=5)
    use(db, own, minutes, date(2026, 12, 5), 300)
    close(db, own)
    assert charges(db, own)[1:] == [("Minutes, 500 minutes", "2026-12-02", 750)]


def test_closing_within_what_is_free_charges_nothing_and_leaves_nothing(db, own, minutes, northwind, closing_charges):
    include(db, db.load(Plan, northwind.plans["desk"]), minutes, 150, by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 2), 150)
    assert charged_at_closing(db, own) == ""
    close(db, own)
    assert charges(db, own) == [] and db.scalars(select(UsageRecord)).one().charged_at is not None


def test_use_of_an_account_that_was_closed_before_is_named_and_not_charged(northwind, clock):
    """Left from when the closing charged no usage. Red when the run takes it: nobody would be told."""
    with transaction(northwind.id) as db:
        account = active(db, customer(db, northwind.plans["desk"], name="Gone Ltd"))
        used = service(db, "minutes", "usage", unit="minutes")
        close(db, account)
        use(db, account, used, date(2026, 11, 2), 100)
    clock.advance(days=40)
    run = bill_white_label(northwind.id, date(2026, 12, 12), by="a test")
    assert [(each["name"], each["why"]) for each in run.skipped] == [
        ("Gone Ltd", "closed, usage since 2 November 2026 is not charged")]
    with reading(northwind.id) as db:
        assert charges(db, account, "wholesale") == []


@pytest.fixture
def typo(northwind, clock):
    """A price and a number of minutes that come to more than 63 bits hold, and another account in the same batch."""
    with transaction(northwind.id) as db:
        dear = service(db, "dear", "usage", retail=MAX_MINOR - 1, wholesale=0, unit="minutes", per_units=100)
        minutes = service(db, "minutes", "usage", retail=150, wholesale=100, unit="minutes", per_units=100)
        first, second = (active(db, customer(db, northwind.plans["desk"], OPTION_1, name=name), 2000)
                         for name in ("First", "Second"))
        use(db, first, dear, date(2026, 11, 10), MOST, "a")
        use(db, first, minutes, date(2026, 11, 10), 100, "b")
        use(db, second, minutes, date(2026, 11, 10), 100, "c")
    clock.advance(days=40)
    return first, second


def test_what_comes_to_too_much_is_left_out_with_a_reason_and_stops_nobody(northwind, typo):
    """Red without the bound: OverflowError at each try, and nobody's usage charged."""
    run = bill_white_label(northwind.id, date(2026, 12, 12), by="a test")
    assert run.state == "done" and [(each["name"], each["why"]) for each in run.skipped] == [
        ("First", "Dear, 1000000000 minutes, comes to more than can be charged: look at the price and at what was "
                  "sent")]
    with reading(northwind.id) as db:
        assert [charges(db, account) for account in typo] == 2 * [[("Minutes, 100 minutes", "2026-11-02", 150)]]
        left = db.scalars(select(UsageRecord.reference).where(UsageRecord.charged_at.is_(None))).all()
    assert left == ["a"] and [line.what[:14] for line in foresee(northwind.id, date(2026, 12, 12))] == [
        "left out: Dear"]


def test_closing_leaves_too_much_out_and_says_so(northwind, typo, closing_charges):
    """Red without the bound: such an account could not be closed, nor any that is closed in the same batch."""
    with transaction(northwind.id) as db:
        account = db.locked(Account, typo[0].id)
        assert charged_at_closing(db, account).endswith("Usage that comes to more than can be charged is not.")
        close(db, account)
    with reading(northwind.id) as db:
        assert charges(db, account) == [("Minutes, 100 minutes", "2026-11-02", 150)]
