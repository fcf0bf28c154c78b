"""What a plan holds is free in its trial as afterwards: quoted, charged and proved by the same rule."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.beginning import Beginning
from portal.billing.changes import carry_out, work_out
from portal.billing.models import Charge
from portal.billing.proof import wrong_periods
from portal.billing.quoting import quote_page
from portal.billing.subscriptions import bill, listen
from portal.billing.usage import bill_usage
from portal.billing.wishes import When, Wish
from portal.catalogue.commands import NeverHeld, include
from portal.kit.clock import EVER, today
from tests.accounts.making import OPTION_1, active, customer, plan
from tests.billing.making import service
from tests.billing.test_usage import use
from tests.cast import on_sqlite

pytestmark = on_sqlite
TRIAL = {"retail_minor": 5000, "wholesale_minor": 3000, "trial_days": 14}


class Trial:
    """A plan of fourteen days' trial that holds two seats and a thousand minutes, and an account in its trial."""

    def __init__(self, db):
        listen()
        self.db, self.plan = db, plan(db, "tried", **TRIAL)
        self.seat = service(db)
        self.minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100)
        include(db, self.plan, self.seat, 2, by=COMMAND_LINE)
        include(db, self.plan, self.minutes, 1000, by=COMMAND_LINE)
        self.account = active(db, customer(db, self.plan.id, OPTION_1), paid_minor=50_000)

    def change(self, quantity, when=When.NOW):
        """Made at what was quoted; with the quote."""
        wish = Wish(self.seat, quantity, when)
        quote = quote_page(self.db, self.account, [work_out(self.db, self.account, wish)], sees_retail=True)
        carry_out(self.db, self.account, wish, agreed_minor=quote.agreed, by=COMMAND_LINE)
        return quote

    def bill(self, through):
        bill(self.db, [self.account], through)
        bill_usage(self.db, [self.account], through)

    def charged(self):
        """For services, at retail."""
        rows = select(Charge.description, Charge.period_key, Charge.net_minor).order_by(Charge.number)
        wanted = rows.where(Charge.account_id == self.account.id, Charge.book == "retail")
        return [tuple(row) for row in self.db.execute(wanted.where(Charge.item.not_like("plan%")))]


@pytest.fixture
def tried(db, northwind, clock):
    return Trial(db)


def test_seats_that_the_plan_holds_are_free_in_the_trial_and_after_it(tried, clock):
    """Red when the plan counts from its own first day on, the trial's end: £8.40 for two weeks."""
    quote = tried.change(2)
    assert (quote.due, quote.later) == (0, "At no further charge: it comes with the plan.")
    clock.advance(days=20)
    tried.bill(date(2026, 11, 22))
    assert tried.charged() == [] and wrong_periods(tried.db)[1] == []


def test_only_the_seat_beyond_it_is_charged_for_the_days_of_the_trial(tried, clock):
    quote = tried.change(3)
    (row,) = quote.rows
    assert row.label == "Seat × 3, of which 2 come with the plan" and quote.due == 487
    clock.advance(days=20)
    tried.bill(date(2026, 11, 22))
    said = "Seat × 3, of which 2 come with the plan"
    assert tried.charged() == [(said, "2026-11-02", 406), (said, "2026-11-16", 900)]
    assert wrong_periods(tried.db)[1] == []


def test_minutes_of_the_trial_are_free_as_far_as_the_plan_holds_them(tried, clock):
    use(tried.db, tried.account, tried.minutes, date(2026, 11, 5), 1200)
    clock.advance(days=20)
    tried.bill(date(2026, 11, 22))
    ((said, _, net),) = tried.charged()
    assert (said, net) == ("Minutes, 1200 minutes, of which 1000 come with the plan", 300)


def test_another_plan_from_the_trials_end_on_changes_nothing_of_the_trial(tried, clock):
    """Red when the plan of the trial's end counts for the trial: the proof misses a charge."""
    tried.change(2)
    bare = plan(tried.db, "bare", retail_minor=9000, wholesale_minor=3000)
    carry_out(tried.db, tried.account, Wish(bare, 1, When.NEXT), agreed_minor=None, by=COMMAND_LINE)
    clock.advance(days=20)
    tried.bill(date(2026, 11, 22))
    assert tried.charged() == [("Seat × 2", "2026-11-16", 1800)] and wrong_periods(tried.db)[1] == []


def test_what_was_free_in_a_trial_is_not_taken_out_of_it(tried, clock):
    """Nothing was charged for plan or seats yet. Red when charges alone are asked for: it changes for every period."""
    tried.change(2)
    assert include(tried.db, tried.plan, tried.seat, 0, by=COMMAND_LINE) == date(2026, 11, 3)
    clock.advance(days=20)
    tried.bill(date(2026, 11, 22))
    assert tried.charged() == [("Seat × 2", "2026-11-16", 1800)] and wrong_periods(tried.db)[1] == []


def test_days_before_a_first_day_are_no_trial(db, northwind, clock):
    """The plan has not begun, and nobody pays for it yet."""
    listen()
    held, seat = plan(db, "held", retail_minor=5000), service(db)
    include(db, held, seat, 2, by=COMMAND_LINE)
    ahead = active(db, customer(db, held.id, OPTION_1, first_day=date(2026, 11, 20)), paid_minor=50_000)
    made = carry_out(db, ahead, Wish(seat, 2, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    assert made.now.retail_minor > 0 and wrong_periods(db)[1] == []


@pytest.mark.parametrize("then", [0, 1, 4])
def test_a_period_that_was_charged_ahead_keeps_what_its_plan_held(db, northwind, clock, monkeypatch, then):
    """Three seats of three that begin with an account on a day to come. Red when a change of what the plan holds
    counts from tomorrow on: the proof misses the charge of a period that was free for ever."""
    listen()
    held, seat = plan(db, "held", retail_minor=5000, wholesale_minor=3000), service(db)
    monkeypatch.setattr("portal.billing.beginning.also_begins", [lambda db, account: [Beginning(seat, 3)]])
    assert include(db, held, seat, 3, by=COMMAND_LINE) == EVER
    own = active(db, customer(db, held.id, OPTION_1, first_day=date(2026, 11, 20)), paid_minor=50_000)
    monkeypatch.setattr("portal.billing.beginning.also_begins", [])
    assert include(db, held, seat, then, by=COMMAND_LINE) == date(2026, 11, 21)
    for _ in range(3):
        assert wrong_periods(db)[1] == []
        clock.advance(days=20)
        bill(db, [db.load(Account, own.id)], today("Europe/London"))
    assert wrong_periods(db)[1] == []


def test_what_is_bought_once_comes_with_no_plan(db, northwind):
    """Red without the refusal: it is taken down, and every headset is charged all the same."""
    with pytest.raises(NeverHeld):
        include(db, plan(db, "held"), service(db, "headset", "one_off"), 1, by=COMMAND_LINE)
