"""Numbers come to accounts and go: what moves, what is charged, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Subscription
from portal.accounts.queries import primary_user
from portal.activation.commands import activate_as_administrator, cancel
from portal.audit.commands import COMMAND_LINE
from portal.audit.models import AuditRow
from portal.billing.changes import QuoteIsOld
from portal.billing.commands import NotEnoughCredit
from portal.billing.covering import CreditTooLow
from portal.billing.proof import wrong_periods
from portal.billing.queries import first_invoice_of
from portal.billing.subscriptions import bill
from portal.catalogue.commands import include
from portal.catalogue.models import Plan
from portal.events.models import Event
from portal.kit.clock import now, today
from portal.kit.refusals import BadInput, NotFound
from portal.numbers import commands
from portal.numbers.assigning import (
    MOST_RESERVED,
    QUARANTINE,
    RESERVED_FOR,
    AssignedAlready,
    NoNumbersNow,
    NumberRests,
    NumberTaken,
    ReleasedAlready,
    ReservationOver,
    TooManyReserved,
    assign,
    free_run_out,
    give_back,
    release,
    reserve,
    reserved_for,
    set_user,
)
from portal.numbers.charging import NotSold, quote
from portal.numbers.queries import numbers_of
from tests.accounts.making import OPTION_1, customer, plan
from tests.numbers.making import charged, give, number, price_class


def quantities(db, account):
    wanted = select(Subscription).where(Subscription.account_id == account.id, Subscription.service_id.is_not(None))
    return [(s.item, s.quantity, s.until_day is None) for s in db.scalars(wanted.order_by(Subscription.item))]


def states(db, *numbers):
    for each in numbers:
        db.refresh(each)
    return [each.state for each in numbers]


class TestReserve:
    def test_it_is_kept_for_ten_minutes(self, db, own, clock):
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        assert reserved_for(db, own.id) == [one]
        assert (one.until, one.reserved_by) == (now() + RESERVED_FOR, "The command line")

    def test_others_cannot_have_it_meanwhile_and_can_a_moment_after(self, db, own, run, clock):
        """Red when an expired reservation waits for the tidying job."""
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        clock.advance(minutes=9, seconds=59)
        with pytest.raises(NumberTaken, match="496 0000 is taken"):
            reserve(db, run, [one.id], by=COMMAND_LINE)
        clock.advance(seconds=1)
        reserve(db, run, [one.id], by=COMMAND_LINE)
        assert reserved_for(db, own.id) == [] and reserved_for(db, run.id) == [one]

    def test_asked_twice_it_is_kept_no_longer(self, db, own, clock):
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        until = one.until
        clock.advance(minutes=5)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        assert one.until == until

    def test_a_number_that_was_given_back_is_free(self, db, own, run):
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        assert not give_back(db, run, one.id) and states(db, one) == ["reserved"]
        assert give_back(db, own, one.id) and states(db, one) == ["free"]
        assert not give_back(db, own, one.id)

    def test_nobody_reserves_the_whole_stock(self, db, own):
        ids = [number(db, n).id for n in range(MOST_RESERVED + 1)]
        with pytest.raises(TooManyReserved):
            reserve(db, own, ids, by=COMMAND_LINE)
        reserve(db, own, ids[:-1], by=COMMAND_LINE)
        with pytest.raises(TooManyReserved):
            reserve(db, own, ids[-1:], by=COMMAND_LINE)

    @pytest.mark.parametrize("wrong", [{"price_class": "unknown"}, {"price_class": "seat"}])
    def test_without_a_price_it_is_not_sold(self, db, own, wrong):
        with pytest.raises(NotSold):
            reserve(db, own, [number(db, **wrong).id], by=COMMAND_LINE)

    @pytest.mark.parametrize("how", ["hidden_at", "retired_at"])
    def test_a_class_that_is_not_on_sale_is_kept_and_not_sold(self, db, own, geo, how, clock):
        first, second = number(db), number(db, 1)
        give(db, own, first)
        clock.advance(days=1)
        setattr(geo, how, now())
        db.flush()
        with pytest.raises(NotSold):
            reserve(db, own, [second.id], by=COMMAND_LINE)
        release(db, own, first.id, agreed_minor=None, by=COMMAND_LINE)
        assert states(db, first) == ["quarantined"]

    def test_an_option_1_account_takes_none_before_its_customer_activated_it(self, db, northwind, geo):
        waiting = customer(db, northwind.plans["desk"], OPTION_1, name="Waiting")
        with pytest.raises(NoNumbersNow, match="agreed to a first invoice without any"):
            reserve(db, waiting, [number(db).id], by=COMMAND_LINE)

    @pytest.mark.parametrize("act", [accounts.suspend, accounts.close])
    def test_nor_does_one_that_is_not_active_any_more(self, db, run, act):
        act(db, run, reason="x", by=COMMAND_LINE)
        with pytest.raises(NoNumbersNow, match="while the account is active"):
            reserve(db, run, [number(db).id], by=COMMAND_LINE)


class TestAssign:
    def test_the_account_has_it_and_pays_what_was_quoted(self, db, own):
        one = number(db)
        assert quote(db, own, more=[one]).due_minor == (500 + 200) * 12 // 10
        give(db, own, one)
        assert list(numbers_of(db, own.id)) == [one] and one.assigned_at == now() and one.until is None
        assert charged(db, own) == [("geo", "2026-11-02", 200), ("geo.setup", "once", 500)]
        assert quantities(db, own) == [("geo", 1, True)]

    def test_several_classes_are_one_sum(self, db, own):
        price_class(db, "geo-gold", retail=1000, retail_setup=0)
        several = [number(db), number(db, 1), number(db, 2, price_class="geo-gold")]
        asked = quote(db, own, more=several)
        assert len(asked.changes) == 2 and asked.due_minor == (2 * 700 + 1000) * 12 // 10
        give(db, own, *several)
        assert quantities(db, own) == [("geo", 2, True), ("geo-gold", 1, True)]

    def test_one_more_gives_the_rest_of_the_smaller_back(self, db, own, clock):
        give(db, own, number(db))
        clock.advance(days=10)
        asked = quote(db, own, more=[second := number(db, 1)])
        give(db, own, second)
        assert asked.due_minor == -160 + 320 + 600
        assert charged(db, own)[2:] == [
            ("geo", "2026-11-02~2026-11-12", -133), ("geo.2", "2026-11-12", 267), ("geo.2.setup", "once", 500)]
        bill(db, [own], today("Europe/London") + timedelta(days=60))
        assert wrong_periods(db)[1] == []

    def test_what_the_plan_holds_costs_nothing(self, db, own, geo, northwind):
        include(db, db.load(Plan, northwind.plans["desk"]), geo, 1, by=COMMAND_LINE)
        db.flush()
        give(db, own, number(db))
        assert charged(db, own) == [("geo.setup", "once", 500)]
        give(db, own, number(db, 1))
        assert charged(db, own)[1:] == [("geo.2", "2026-11-02", 200), ("geo.2.setup", "once", 500)]

    def test_the_others_hear_of_it_in_the_same_transaction(self, db, own):
        give(db, own, number(db))
        assert db.scalars(select(Event.name).order_by(Event.id)).all()[-1] == "number.assigned"
        assert db.scalars(select(AuditRow).where(AuditRow.action == "number.assigned")).one().subject_id == own.id

    def test_a_quote_that_is_old_is_not_charged(self, db, own):
        """Red without the comparison in `carry_out_all`."""
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        with pytest.raises(QuoteIsOld):
            assign(db, own, [one.id], agreed_minor=839, by=COMMAND_LINE)

    def test_the_ten_minutes_are_over(self, db, own, clock):
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        clock.advance(minutes=10)
        with pytest.raises(ReservationOver):
            assign(db, own, [one.id], agreed_minor=840, by=COMMAND_LINE)

    def test_another_accounts_reservation_is_none(self, db, own, run):
        one = number(db)
        reserve(db, own, [one.id], by=COMMAND_LINE)
        with pytest.raises(ReservationOver):
            assign(db, run, [one.id], agreed_minor=None, by=COMMAND_LINE)

    def test_confirmed_twice_it_is_charged_once(self, db, own):
        one, = give(db, own, number(db))
        with pytest.raises(AssignedAlready):
            assign(db, own, [one.id], agreed_minor=840, by=COMMAND_LINE)
        assert len(charged(db, own)) == 2

    def test_without_the_customers_credit(self, db, own):
        price_class(db, "geo-gold", retail=9000, retail_setup=0)
        with pytest.raises(CreditTooLow, match=r"£16\.40 is missing"):
            give(db, own, number(db), number(db, 1, price_class="geo-gold"))

    def test_without_the_white_labels_credit(self, db, own, northwind):
        price_class(db, "geo-gold", wholesale=60_000)
        with pytest.raises(NotEnoughCredit):
            give(db, own, number(db, price_class="geo-gold", e164="+441134960001"))

    def test_whose_it_is(self, db, own, run):
        mine, other = primary_user(db, own.id), primary_user(db, run.id)
        one = number(db)
        give(db, own, one, users={one.id: mine.id})
        assert one.user_id == mine.id
        with pytest.raises(NotFound):
            set_user(db, own, one.id, other.id, by=COMMAND_LINE)
        set_user(db, own, one.id, None, by=COMMAND_LINE)
        assert one.user_id is None
        with pytest.raises(NotFound):
            set_user(db, run, one.id, other.id, by=COMMAND_LINE)

    def test_nothing_chosen(self, db, own):
        with pytest.raises(BadInput):
            assign(db, own, [], agreed_minor=None, by=COMMAND_LINE)


class TestRelease:
    def test_the_rest_comes_back_and_the_number_rests_for_thirty_days(self, db, own, run, clock):
        one, = give(db, own, number(db))
        clock.advance(days=15)
        asked = quote(db, own, fewer=[one])
        assert asked.due_minor == -120
        release(db, own, one.id, agreed_minor=-120, by=COMMAND_LINE)
        assert charged(db, own)[2:] == [("geo", "2026-11-02~2026-11-17", -100)]
        assert (one.state, one.account_id, one.until) == ("quarantined", None, now() + QUARANTINE)
        assert quantities(db, own) == [("geo", 1, False)] and wrong_periods(db)[1] == []
        clock.advance(days=29, hours=23)
        with pytest.raises(NumberRests, match="496 0000 was given up not long ago and rests"):
            reserve(db, run, [one.id], by=COMMAND_LINE)
        clock.advance(hours=1)
        reserve(db, run, [one.id], by=COMMAND_LINE)

    def test_a_number_nobody_had_time_to_know_is_free_at_once(self, db, own, clock):
        """Red when every released number rests: one customer could empty the stock, and get its money back."""
        one, two = give(db, own, number(db), number(db, 1))
        clock.advance(hours=24, seconds=-1)
        release(db, own, one.id, agreed_minor=None, by=COMMAND_LINE)
        assert (one.state, one.account_id, one.until, one.assigned_at) == ("free", None, None, None)
        clock.advance(seconds=1)
        release(db, own, two.id, agreed_minor=None, by=COMMAND_LINE)
        assert two.state == "quarantined"

    def test_released_twice_says_so_and_moves_no_money_again(self, db, own, run, clock):
        """Red when a number that is gone is like one that never was: whoever clicked twice would read 404."""
        one, = give(db, own, number(db))
        clock.advance(days=15)
        release(db, own, one.id, agreed_minor=-120, by=COMMAND_LINE)
        with pytest.raises(ReleasedAlready, match="496 0000 was given up before"):
            release(db, own, one.id, agreed_minor=-120, by=COMMAND_LINE)
        with pytest.raises(NotFound):
            release(db, run, one.id, agreed_minor=None, by=COMMAND_LINE)
        assert len(charged(db, own)) == 3

    def test_nor_does_one_of_an_account_that_was_never_active(self, db, early, clock):
        (waiting,) = give(db, early, number(db))
        clock.advance(days=3)
        release(db, early, waiting.id, agreed_minor=0, by=COMMAND_LINE)
        assert states(db, waiting) == ["free"]

    def test_only_its_own_account_lets_it_go(self, db, own, run):
        one, = give(db, own, number(db))
        for it in (one.id, number(db, 1).id):
            with pytest.raises(NotFound):
                release(db, run, it, agreed_minor=None, by=COMMAND_LINE)

    def test_a_suspended_account_keeps_its_numbers(self, db, run):
        one, = give(db, run, number(db))
        accounts.suspend(db, run, reason="x", by=COMMAND_LINE)
        with pytest.raises(NoNumbersNow):
            release(db, run, one.id, agreed_minor=None, by=COMMAND_LINE)

    def test_an_account_that_closes_lets_all_go_and_is_charged_nothing_more(self, db, own, clock, monkeypatch):
        """Red without the listener: the numbers would be a closed account's for ever."""
        heard = []
        monkeypatch.setattr(commands, "after_released", [lambda db, account, it: heard.append(it.e164)])
        first, second, third = number(db), number(db, 1), number(db, 2)
        give(db, own, first, second)
        clock.advance(days=1)
        reserve(db, own, [third.id], by=COMMAND_LINE)
        before = charged(db, own)
        cancel(db, own, reason="x", by=COMMAND_LINE)
        assert states(db, first, second, third) == ["quarantined", "quarantined", "free"]
        assert sorted(heard) == [first.e164, second.e164]
        bill(db, [own], today("Europe/London") + timedelta(days=90))
        assert charged(db, own) == before and wrong_periods(db)[1] == []

    def test_rows_are_tidied(self, db, own, clock):
        one, two, three = number(db), number(db, 1), number(db, 2)
        give(db, own, one, two)
        clock.advance(days=1)
        release(db, own, two.id, agreed_minor=None, by=COMMAND_LINE)
        reserve(db, own, [three.id], by=COMMAND_LINE)
        assert free_run_out(db) == 0
        clock.advance(days=30)
        assert free_run_out(db) == 2 and states(db, one, two, three) == ["assigned", "free", "free"]


class TestBeforeTheActivation:
    def test_nothing_is_charged_and_the_first_invoice_holds_it(self, db, early):
        """Red when `begin` subscribes to the plan alone: the second month would miss the numbers."""
        asked = quote(db, early, more=[one := number(db)])
        assert asked.due_minor == 0 and asked.invoice is not None and asked.invoice.wholesale_minor == 480
        give(db, early, one)
        assert charged(db, early, "wholesale") == []
        invoice = first_invoice_of(db, early)
        activate_as_administrator(db, early, by=COMMAND_LINE)
        assert charged(db, early, "wholesale") == [("geo.setup", "once", 300), ("geo", "2026-11-02", 100)]
        assert invoice.wholesale_minor == (200 + 400 + 300 + 100) * 12 // 10
        bill(db, [early], today("Europe/London") + timedelta(days=40))
        assert charged(db, early, "wholesale")[2:] == [("geo", "2026-12-02", 100)] and wrong_periods(db)[1] == []

    def test_what_is_released_before_is_never_charged(self, db, early):
        one, _ = give(db, early, number(db), number(db, 1))
        release(db, early, one.id, agreed_minor=0, by=COMMAND_LINE)
        activate_as_administrator(db, early, by=COMMAND_LINE)
        assert quantities(db, early) == [("geo", 1, True)]

    def test_the_white_labels_limit_holds_for_both(self, db, early):
        price_class(db, "geo-gold", wholesale=60_000)
        give(db, early, number(db, price_class="geo-gold"))
        with pytest.raises(NotEnoughCredit):
            activate_as_administrator(db, early, by=COMMAND_LINE)

    def test_a_sum_that_was_agreed_for_an_active_account_is_old(self, db, early):
        one = number(db)
        reserve(db, early, [one.id], by=COMMAND_LINE)
        with pytest.raises(QuoteIsOld):
            assign(db, early, [one.id], agreed_minor=480, by=COMMAND_LINE)

    def test_included_numbers_cost_nothing_each_month(self, db, early, geo, northwind):
        include(db, db.load(Plan, northwind.plans["desk"]), geo, 2, by=COMMAND_LINE)
        db.flush()
        give(db, early, number(db), number(db, 1), number(db, 2))
        activate_as_administrator(db, early, by=COMMAND_LINE)
        assert charged(db, early, "wholesale") == [("geo.setup", "once", 900), ("geo", "2026-11-02", 100)]


class TestTrial:
    @pytest.fixture
    def trying(self, db, geo):
        tried = plan(db, "tried", wholesale_minor=400)
        tried.trial_days = 14
        return customer(db, tried.id, name="Trying it")

    def test_numbers_are_charged_when_the_plan_is(self, db, trying, clock):
        """Red when the first invoice takes them from the day of the activation."""
        give(db, trying, number(db))
        activate_as_administrator(db, trying, by=COMMAND_LINE)
        assert charged(db, trying, "wholesale") == [("geo.setup", "once", 300)]
        clock.advance(days=3)
        second = number(db, 1)
        assert quote(db, trying, more=[second]).due_minor == 360
        give(db, trying, second)
        third = number(db, 2)
        give(db, trying, third)
        release(db, trying, second.id, agreed_minor=0, by=COMMAND_LINE)
        clock.advance(days=30)
        bill(db, [trying], today("Europe/London"))
        recurring = [row for row in charged(db, trying, "wholesale") if row[1] != "once"]
        assert recurring == [("geo.4", "2026-11-16", 200)] and wrong_periods(db)[1] == []

    def test_a_first_number_in_the_trial_waits_for_its_end(self, db, trying, clock):
        activate_as_administrator(db, trying, by=COMMAND_LINE)
        give(db, trying, number(db))
        assert charged(db, trying, "wholesale") == [("geo.setup", "once", 300)]
        clock.advance(days=14)
        bill(db, [trying], today("Europe/London"))
        assert charged(db, trying, "wholesale")[1:] == [("geo", "2026-11-16", 100)]

    def test_a_first_day_to_come_is_charged_ahead_like_the_plan(self, db, northwind, geo, clock):
        later = customer(db, northwind.plans["desk"], name="Later", first_day=today("Europe/London") + timedelta(5))
        one = give(db, later, number(db))[0]
        activate_as_administrator(db, later, by=COMMAND_LINE)
        give(db, later, number(db, 1))
        release(db, later, one.id, agreed_minor=None, by=COMMAND_LINE)
        clock.advance(days=40)
        bill(db, [later], today("Europe/London"))
        monthly = [row for row in charged(db, later, "wholesale") if row[1] != "once"]
        assert sum(net for *_, net in monthly) == 200 and wrong_periods(db)[1] == []


def test_a_quantity_that_was_wrong_comes_right_with_the_next_number(db, own):
    """The quantity is how many numbers there are, and not one more than it was."""
    give(db, own, number(db))
    db.scalars(select(Subscription).where(Subscription.item == "geo")).one().quantity = 5
    db.flush()
    give(db, own, number(db, 1))
    assert quantities(db, own) == [("geo", 5, False), ("geo.2", 2, True)]
