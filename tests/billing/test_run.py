"""The monthly run: each period once, whoever runs it, however late, and whatever happened to the one before."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing import run as billing_run
from portal.billing.changes import carry_out
from portal.billing.models import BillingRun, Charge
from portal.billing.run import bill_white_label, foresee
from portal.billing.wishes import When, Wish
from portal.kit import jobs
from portal.kit.db import reading, transaction
from portal.verify import verify
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan
from tests.billing.making import service
from tests.billing.test_usage import use
from tests.cast import on_sqlite
from tests.threads import at_once

THROUGH = date(2027, 2, 10)
# Five customers at wholesale, two of them at retail, and Acme, whose plan costs Northwind alone, in both books.
A_MONTH = 5 + 2 + 2
FIRST = 2 * (5 + 2) + 2


@pytest.fixture
def five(northwind, clock):
    """Five active customers, two of whom pay for themselves, charged for their first month on 2 November."""
    with transaction(northwind.id) as db:
        made = [
            active(db, customer(db, northwind.plans["desk"], OPTION_1 if n < 2 else OPTION_2, name=f"Customer {n}"),
                   paid_minor=2000)
            for n in range(5)
        ]
        return [account.id for account in made]


def charged(tenant):
    with reading(tenant.id) as db:
        found = db.scalars(select(Charge).order_by(Charge.number))
        return sorted((str(c.account_id), c.item, c.period_key, c.book, c.net_minor, c.tax_minor) for c in found)


def bill(tenant, through=THROUGH):
    return bill_white_label(tenant.id, through, by="a test")


def differences():
    """What `verify` finds, but for letters' jobs: nobody works in this test."""
    return [words for finding in verify() if finding.what != "jobs" for words in finding.differences]


def test_every_missed_period_is_charged_oldest_first(northwind, five, clock):
    clock.advance(days=100)
    bill(northwind)
    with reading(northwind.id) as db:
        numbered = db.scalars(select(Charge).where(Charge.account_id == five[4]).order_by(Charge.number)).all()
    assert [c.period_key for c in numbered] == ["once", "2026-11-02", "2026-12-02", "2027-01-02", "2027-02-02"]
    assert differences() == []


def test_a_second_run_finds_nothing_to_do(northwind, five, clock):
    clock.advance(days=100)
    first = bill(northwind)
    before = charged(northwind)
    again = bill(northwind)
    assert charged(northwind) == before and again.charges == first.charges == 3 * A_MONTH


def test_day_by_day_and_late_are_the_same(northwind, clock):
    """Red when a period's price or first day depends on the day of the run."""
    def three():
        with transaction(northwind.id) as db:
            return [active(db, customer(db, northwind.plans["desk"], name=f"Customer {n}")).id for n in range(3)]

    def of(ids):
        return [row[1:] for row in charged(northwind) if row[0] in map(str, ids)]

    daily = three()
    for _ in range(100):
        clock.advance(days=1)
        bill(northwind, clock().date())
    clock.advance(days=-100)
    late = three()
    clock.advance(days=100)
    bill(northwind, clock().date())
    assert sorted(of(daily)) == sorted(of(late)) and len(of(late)) == 3 * (1 + 4)


def test_small_batches_charge_the_same(northwind, five, clock, monkeypatch):
    clock.advance(days=100)
    monkeypatch.setattr(billing_run, "BATCH", 2)
    assert bill(northwind).charges == 3 * A_MONTH and differences() == []


def test_four_at_once_charge_once(northwind, five, clock):
    """Red without the lock on the accounts: two would work out the same periods, and one would break on the key."""
    clock.advance(days=100)
    answers = at_once(4, lambda n: bill(northwind))
    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    rows = charged(northwind)
    assert len(rows) == len({row[:4] for row in rows}) == FIRST + 3 * A_MONTH
    assert differences() == []
    with reading(northwind.id) as db:
        assert db.scalars(select(BillingRun)).one().charges == 3 * A_MONTH


def test_a_run_that_is_killed_midway_is_finished_by_the_next(northwind, five, clock, monkeypatch):
    """Red when a batch writes its charges and its place in two transactions."""
    clock.advance(days=100)
    monkeypatch.setattr(billing_run, "BATCH", 2)
    real, calls = billing_run.bill, []

    def dies_at_the_third(db, found, through):
        calls.append(1)
        written = real(db, found, through)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return written

    monkeypatch.setattr(billing_run, "bill", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        bill(northwind)
    monkeypatch.setattr(billing_run, "bill", real)
    half = len(charged(northwind))
    bill(northwind)
    assert half < len(charged(northwind)) == FIRST + 3 * A_MONTH and differences() == []


def test_a_suspended_account_is_skipped_and_named(northwind, five, clock):
    with transaction(northwind.id) as db:
        accounts.suspend(db, db.load(Account, five[3]), reason="Unpaid", by=COMMAND_LINE)
    clock.advance(days=100)
    run = bill(northwind)
    assert [(each["name"], each["why"]) for each in run.skipped] == [
        ("Customer 3", "suspended; its period from 2 December 2026 is not charged")]
    with transaction(northwind.id) as db:
        accounts.reactivate(db, db.load(Account, five[3]), by=COMMAND_LINE)
    bill(northwind, date(2027, 2, 11))
    with reading(northwind.id) as db:
        wanted = select(Charge).where(Charge.account_id == five[3], Charge.item == "plan")
        found = db.scalars(wanted.order_by(Charge.first_day)).all()
    assert [(c.first_day, c.last_day) for c in found][1:] == [(date(2027, 2, 10), date(2027, 3, 1))]
    assert differences() == []


def test_a_closed_account_begins_no_further_period(northwind, five, clock):
    clock.advance(days=10)
    with transaction(northwind.id) as db:
        accounts.close(db, db.load(Account, five[3]), reason="Moved", by=COMMAND_LINE)
    clock.advance(days=90)
    bill(northwind)
    with reading(northwind.id) as db:
        kept = db.scalars(select(Subscription).where(Subscription.account_id == five[3])).one()
        assert db.scalars(select(Charge).where(Charge.account_id == five[3], Charge.item == "plan")).one()
    assert kept.until_day == date(2026, 11, 13)


def test_closing_late_on_a_first_day_still_charges_the_day_that_began(northwind, five, clock):
    """On time or late, the period that began on the day of closing is charged. Red with the day itself as the end."""
    clock.advance(days=30)
    with transaction(northwind.id) as db:
        accounts.close(db, db.load(Account, five[3]), reason="Moved", by=COMMAND_LINE)
    bill(northwind, clock().date())
    with reading(northwind.id) as db:
        found = db.scalars(select(Charge.period_key).where(Charge.account_id == five[3], Charge.item == "plan")).all()
    assert sorted(found) == ["2026-11-02", "2026-12-02"]


def test_a_dry_run_says_what_the_run_then_does(northwind, five, clock):
    clock.advance(days=100)
    before = charged(northwind)
    foreseen = list(foresee(northwind.id, THROUGH))
    assert charged(northwind) == before
    run = bill(northwind)
    assert sum(f.wholesale_minor for f in foreseen) == run.wholesale_minor == 18 * 480
    assert sum(f.retail_minor for f in foreseen) == run.retail_minor == 6 * 1200


@on_sqlite
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_dry_run_counts_what_is_due_on_several_pages_once(northwind, clock, monkeypatch, size):
    """A plan by the year and a seat by the month are charged to different days. Red with pages by that day: each page
    foresaw the whole account."""
    with transaction(northwind.id) as db:
        year = plan(db, "year", retail_minor=10000, wholesale_minor=5000, months=12)
        for n in range(3):
            account = active(db, customer(db, year.id, OPTION_1, name=f"Customer {n}"), paid_minor=50000)
            wish = Wish(service(db, f"seat{n}"), 1, When.NOW)
            carry_out(db, account, wish, agreed_minor=None, by=COMMAND_LINE)
    monkeypatch.setattr(billing_run, "BATCH", size)
    through = date(2027, 12, 5)
    foreseen = list(foreseen_lines(northwind, through))
    # Each has a year and 13 months, and Acme has 13 months.
    assert len(foreseen) == len(set(foreseen)) == 3 * (1 + 13) + 13
    clock.advance(days=400)
    run = bill(northwind, through)
    assert (run.accounts, run.charges) == (4, 2 * len(foreseen))
    assert sum(retail for *_, retail in foreseen) == run.retail_minor


def foreseen_lines(tenant, through):
    return ((line.number, line.what, line.days, line.retail_minor) for line in foresee(tenant.id, through))


@on_sqlite
@pytest.mark.parametrize("size", [1, 1000])
def test_an_account_is_counted_once_for_its_period_and_its_usage(northwind, five, clock, monkeypatch, size):
    """Red with usage in a pass of its own. One that is suspended has its usage charged and begins nothing."""
    with transaction(northwind.id) as db:
        minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100)
        for n in (0, 1, 4):
            use(db, db.load(Account, five[n]), minutes, date(2026, 11, 5), 500 + n)
        accounts.suspend(db, db.load(Account, five[4]), reason="Unpaid", by=COMMAND_LINE)
    clock.advance(days=31)
    monkeypatch.setattr(billing_run, "BATCH", size)
    run = bill(northwind, date(2026, 12, 3))
    with reading(northwind.id) as db:
        charged_then = set(db.scalars(select(Charge.account_id).where(Charge.day == date(2026, 12, 3))))
        assert len(db.scalars(select(Charge).where(Charge.item == "minutes.used")).all()) == 3 + 2
    assert run.accounts == len(charged_then) and set(five) <= charged_then
    assert differences() == []


@on_sqlite
def test_it_runs_by_itself_once_a_day_in_each_white_labels_zone(northwind, kauri, five, clock):
    """Noon in London is the next day in Auckland already. Red when one day is taken for all."""
    clock.advance(days=100, hours=4)
    for _ in range(2):
        jobs.enqueue_due_periodic()
        jobs.run_due()
    assert [days_run(tenant) for tenant in (northwind, kauri)] == [[date(2027, 2, 10)], [date(2027, 2, 11)]]
    clock.advance(hours=12)
    jobs.enqueue_due_periodic()
    jobs.run_due()
    assert [days_run(tenant) for tenant in (northwind, kauri)] == [
        [date(2027, 2, 10), date(2027, 2, 11)], [date(2027, 2, 11)]]


def days_run(tenant):
    with reading(tenant.id) as db:
        return sorted(run.through_day for run in db.scalars(select(BillingRun)) if run.state == "done")
