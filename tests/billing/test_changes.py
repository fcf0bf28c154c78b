"""Services and plans switched on, changed and off: what is quoted is charged, and what is given back is the rest."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import QuoteIsOld, carry_out, due_minor, to_agree_minor, work_out
from portal.billing.covering import CreditTooLow
from portal.billing.models import Charge, ChargeCredit
from portal.billing.proof import wrong_periods
from portal.billing.subscriptions import bill
from portal.billing.wishes import CannotChange, When, Wish
from portal.billing.withdrawing import withdraw
from portal.catalogue.commands import NewPrice, include, set_price
from portal.catalogue.models import Plan
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.accounts.making import OPTION_1, active, customer, pay, plan
from tests.billing.making import service
from tests.cast import on_sqlite


@pytest.fixture
def own(db, northwind, clock):
    """A customer who pays for itself, active since 2 November with 100.00 of credit left."""
    return active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=11_800)


@pytest.fixture
def run(db, northwind, clock):
    return active(db, customer(db, northwind.plans["desk"]))


def change(db, account, product, quantity, when=When.NOW):
    quoted = work_out(db, account, Wish(product, quantity, when))
    before = -credit_minor(db, Book.RETAIL, account.id)
    made = carry_out(db, account, quoted.wish, agreed_minor=to_agree_minor(account, quoted), by=COMMAND_LINE)
    if account.is_run_by_customer:
        assert -credit_minor(db, Book.RETAIL, account.id) - before == quoted.now.retail_minor
    assert made == quoted
    return made


def charges(db, account, book="retail"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book)
    found = db.scalars(wanted.order_by(Charge.number))
    return [(c.item, c.period_key, c.net_minor, c.tax_minor) for c in found if not c.item.startswith(("plan", "setup"))]


def rows(db, account):
    found = db.scalars(select(Subscription).where(Subscription.account_id == account.id).order_by(Subscription.item))
    return [(s.item, s.quantity, s.from_day, s.until_day) for s in found if s.service_id]


class TestNow:
    def test_a_service_is_charged_for_the_rest_of_the_period(self, db, own, clock):
        clock.advance(days=15)
        change(db, own, service(db), 2)
        assert charges(db, own) == [("seat", "2026-11-17", 900, 180)]
        bill(db, [own], date(2026, 12, 2))
        assert charges(db, own)[1:] == [("seat", "2026-12-02", 1800, 360)]
        assert wrong_periods(db)[1] == []

    def test_more_of_it_gives_the_rest_of_the_smaller_back(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        clock.advance(days=10)
        change(db, own, seat, 3)
        assert charges(db, own) == [
            ("seat", "2026-11-02", 900, 180), ("seat", "2026-11-02~2026-11-12", -600, -120),
            ("seat.2", "2026-11-12", 1800, 360)]
        assert rows(db, own) == [
            ("seat", 1, date(2026, 11, 2), date(2026, 11, 12)), ("seat.2", 3, date(2026, 11, 12), None)]
        assert wrong_periods(db)[1] == []

    def test_off_gives_the_unused_days_back_to_the_penny(self, db, own, clock):
        """Used part and credit are the charge. Red when the credit is worked out from the price anew."""
        seat = service(db, retail=1000)
        change(db, own, seat, 1)
        clock.advance(days=7)
        change(db, own, seat, 0)
        (_, _, whole, tax), (_, _, back, back_tax) = charges(db, own)
        assert (whole, tax, back, back_tax) == (1000, 200, -767, -153)
        bill(db, [own], date(2027, 3, 2))
        assert len(charges(db, own)) == 2 and wrong_periods(db)[1] == []

    def test_on_and_off_on_the_same_day_costs_nothing(self, db, own, clock):
        seat = service(db)
        for quantity in (2, 0, 1, 0):
            change(db, own, seat, quantity)
        assert sum(net + tax for _, _, net, tax in charges(db, own)) == 0 and wrong_periods(db)[1] == []

    def test_set_up_is_charged_for_what_is_added(self, db, own):
        seat = service(db, retail_setup=500)
        change(db, own, seat, 2)
        change(db, own, seat, 3)
        change(db, own, seat, 2)
        assert [net for item, _, net, _ in charges(db, own) if item.endswith(".setup")] == [1000, 500]

    def test_a_one_off_is_charged_once_each_time(self, db, own):
        headset = service(db, "headset", "one_off", retail=4000)
        change(db, own, headset, 1)
        change(db, own, headset, 1)
        assert charges(db, own) == [("headset", "once", 4000, 800), ("headset.2", "once", 4000, 800)]
        assert rows(db, own) == []

    def test_at_option_2_the_white_label_account_pays(self, db, run, northwind, clock):
        before = credit_minor(db, Book.WHOLESALE, northwind.account_id)
        made = change(db, run, service(db), 2)
        assert before - credit_minor(db, Book.WHOLESALE, northwind.account_id) == made.now.wholesale_minor == 720
        change(db, run, made.wish.product, 0)
        assert credit_minor(db, Book.WHOLESALE, northwind.account_id) == before
        assert charges(db, run, "retail") == []


class TestNext:
    def test_nothing_is_charged_before_the_next_period(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        change(db, own, seat, 4, When.NEXT)
        assert rows(db, own) == [
            ("seat", 1, date(2026, 11, 2), date(2026, 12, 2)), ("seat.2", 4, date(2026, 12, 2), None)]
        bill(db, [own], date(2026, 12, 2))
        assert charges(db, own) == [("seat", "2026-11-02", 900, 180), ("seat.2", "2026-12-02", 3600, 720)]

    def test_a_waiting_change_can_be_taken_back_and_stands_in_the_way_of_another(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        change(db, own, seat, 0, When.NEXT)
        with pytest.raises(CannotChange, match="waits already"):
            work_out(db, own, Wish(seat, 5, When.NOW))
        withdraw(db, own, seat, by=COMMAND_LINE)
        assert rows(db, own) == [("seat", 1, date(2026, 11, 2), None)]
        change(db, own, seat, 2, When.NEXT)
        withdraw(db, own, seat, by=COMMAND_LINE)
        assert rows(db, own) == [("seat", 1, date(2026, 11, 2), None)]

    def test_a_new_price_holds_for_the_period_that_begins_under_it(self, db, own, northwind, clock):
        """A price change never touches a period already begun. Red when the price of the day of the run is taken."""
        seat = service(db)
        change(db, own, seat, 1)
        set_price(db, seat, NewPrice("retail", date(2026, 11, 20), 1500), by=COMMAND_LINE)
        clock.advance(days=20)
        bill(db, [own], date(2026, 11, 22))
        clock.advance(days=50)
        bill(db, [own], date(2027, 1, 11))
        assert [net for _, _, net, _ in charges(db, own)] == [900, 1500, 1500]


    @on_sqlite
    @pytest.mark.parametrize("quantity", [1, 3])
    def test_a_period_that_runs_keeps_its_price_when_the_quantity_changes(self, db, own, clock, quantity):
        """EDGES, price changed mid-period: one less gives back, and one more costs, what it would have before. Red
        with the price of the day of the change: one seat less cost money."""
        pay(db, own, 50_000)
        seat = service(db)
        change(db, own, seat, 2)
        set_price(db, seat, NewPrice("retail", date(2026, 11, 3), 4500), by=COMMAND_LINE)
        clock.advance(days=10)
        made = change(db, own, seat, quantity)
        assert made.lines[0].retail.net_minor == 900 * quantity * 20 // 30
        assert (due_minor(own, made) < 0) == (quantity < 2)
        clock.advance(days=5)
        assert change(db, own, seat, 4).lines[0].retail.net_minor == 900 * 4 * 15 // 30
        clock.advance(days=20)
        bill(db, [own], date(2026, 12, 5))
        assert [net for _, key, net, _ in charges(db, own) if key == "2026-12-02"] == [4 * 4500]
        assert wrong_periods(db)[1] == []

    @on_sqlite
    def test_what_begins_anew_costs_what_it_costs_on_its_day(self, db, own, clock):
        """A break ends what a period promised. Red when the first row of the product is asked, whenever it ended."""
        pay(db, own, 50_000)
        seat = service(db)
        change(db, own, seat, 2)
        set_price(db, seat, NewPrice("retail", date(2026, 11, 3), 4500), by=COMMAND_LINE)
        clock.advance(days=4)
        change(db, own, seat, 0)
        clock.advance(days=6)
        assert change(db, own, seat, 1).lines[0].retail.net_minor == 4500 * 20 // 30


class TestTheFirstPeriodOfTheNextOne:
    """A quote from the next period on. Red when the quote takes the price of the period after it, as it did."""

    def test_its_price_is_that_of_its_first_day(self, db, own, northwind, clock):
        seat = service(db)
        set_price(db, seat, NewPrice("retail", date(2026, 12, 20), 1500), by=COMMAND_LINE)
        made = change(db, own, seat, 2, When.NEXT)
        assert (made.first_period.retail.gross_minor, made.each_period.retail.gross_minor) == (2160, 3600)
        assert to_agree_minor(own, made) == 2160 and due_minor(own, made) == 0
        clock.advance(days=70)
        bill(db, [own], clock().date())
        charged = [(key, net + tax) for _, key, net, tax in charges(db, own)]
        assert charged == [("2026-12-02", 2160), ("2027-01-02", 3600)]

    def test_a_price_that_was_set_since_makes_the_quote_old(self, db, own, clock):
        """Red when what is agreed is only what is due at once, which is nothing."""
        seat = service(db)
        quoted = work_out(db, own, Wish(seat, 10, When.NEXT))
        set_price(db, seat, NewPrice("retail", date(2026, 12, 1), 9900), by=COMMAND_LINE)
        with pytest.raises(QuoteIsOld):
            carry_out(db, own, quoted.wish, agreed_minor=to_agree_minor(own, quoted), by=COMMAND_LINE)
        assert rows(db, own) == []

    def test_what_its_payer_agrees_to_is_wholesale_in_option_2(self, db, run, clock):
        assert to_agree_minor(run, change(db, run, service(db), 2, When.NEXT)) == 720

    def test_a_run_that_is_late_is_caught_up_with_in_the_quote(self, db, own, clock):
        """Red when the next period of an uncharged day is that day's own."""
        seat = service(db)
        change(db, own, seat, 1)
        clock.advance(days=30)
        assert work_out(db, own, Wish(seat, 4, When.NEXT)).day == date(2027, 1, 2)

    def test_what_is_bought_once_is_bought_now(self, db, own, clock):
        """Red when the wish keeps its "next": it was debited, and the page said that no money moved."""
        made = change(db, own, service(db, "headset", "one_off"), 1, When.NEXT)
        assert made.wish.when is When.NOW and due_minor(own, made) == to_agree_minor(own, made) == 1080


class TestPlans:
    @pytest.fixture
    def bigger(self, db):
        return plan(db, "bigger", retail_minor=3000, wholesale_minor=900, tax_ppm=200_000)

    def test_an_upgrade_now_gives_the_rest_of_the_smaller_back(self, db, own, bigger, clock):
        clock.advance(days=20)
        made = change(db, own, bigger, 1)
        assert (made.now.retail_minor, own.plan_id) == ((1000 - 333) * 12 // 10, bigger.id)
        bill(db, [own], date(2026, 12, 2))
        assert wrong_periods(db)[1] == []

    def test_a_smaller_plan_waits_for_the_next_period(self, db, own, bigger, northwind, clock):
        change(db, own, bigger, 1)
        small = db.load(Plan, northwind.plans["desk"])
        with pytest.raises(CannotChange, match="next period"):
            work_out(db, own, Wish(small, 1, When.NOW))
        change(db, own, small, 1, When.NEXT)
        assert own.plan_id == bigger.id
        clock.advance(days=30)
        bill(db, [own], date(2026, 12, 2))
        assert own.plan_id == small.id and wrong_periods(db)[1] == []

    def test_from_month_to_year_on_the_same_anchor(self, db, own, clock):
        yearly = plan(db, "yearly", retail_minor=36_500, tax_ppm=0, months=12)
        change(db, own, yearly, 1, When.NEXT)
        clock.advance(days=30)
        bill(db, [own], date(2026, 12, 2))
        last = db.scalars(select(Charge).where(Charge.account_id == own.id, Charge.item == "plan.2")).first()
        assert (last.first_day, last.last_day) == (date(2026, 12, 2), date(2027, 11, 1))

    def test_what_a_plan_includes_costs_nothing_more(self, db, own, northwind, clock):
        seat = service(db)
        include(db, db.load(Plan, northwind.plans["desk"]), seat, 2, by=COMMAND_LINE)
        change(db, own, seat, 3)
        assert charges(db, own) == [("seat", "2026-11-02", 900, 180)]


class TestRefused:
    def test_without_the_credit_nothing_is_changed(self, db, own):
        with pytest.raises(CreditTooLow, match=r"£40\.40 is missing"):
            carry_out(db, own, Wish(service(db), 13, When.NOW), agreed_minor=None, by=COMMAND_LINE)
        assert rows(db, own) == [] and charges(db, own) == []

    def test_a_quote_that_is_not_true_any_more(self, db, own, clock):
        seat = service(db)
        agreed = due_minor(own, work_out(db, own, Wish(seat, 1, When.NOW)))
        clock.advance(days=1)
        with pytest.raises(QuoteIsOld):
            carry_out(db, own, Wish(seat, 1, When.NOW), agreed_minor=agreed, by=COMMAND_LINE)
        assert rows(db, own) == []

    def test_a_suspended_account(self, db, own):
        accounts.suspend(db, own, reason="Unpaid", by=COMMAND_LINE)
        with pytest.raises(CannotChange, match="while the account is active"):
            work_out(db, own, Wish(service(db), 1, When.NOW))

    @pytest.mark.parametrize("quantity", [-1, 10_001])
    def test_a_quantity_nobody_means(self, db, own, quantity):
        with pytest.raises(CannotChange, match="from 0 to"):
            work_out(db, own, Wish(service(db), quantity, When.NOW))

    def test_what_is_hidden_is_not_sold_anew_but_kept(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        seat.hidden_at = clock()
        change(db, own, seat, 2)
        other = service(db, "other", hidden_at=clock())
        with pytest.raises(CannotChange, match="not on sale"):
            work_out(db, own, Wish(other, 1, When.NOW))

    def test_the_same_again_and_nothing_of_nothing(self, db, own):
        seat = service(db)
        with pytest.raises(CannotChange, match="already"):
            work_out(db, own, Wish(seat, 0, When.NOW))
        change(db, own, seat, 1)
        with pytest.raises(CannotChange, match="already"):
            work_out(db, own, Wish(seat, 1, When.NEXT))


def test_a_trial_puts_the_first_period_off_and_the_plan_begins_after_it(db, northwind, clock):
    trial = plan(db, "trial", retail_minor=1000, retail_setup_minor=500, tax_ppm=200_000, trial_days=14)
    account = active(db, customer(db, trial.id, OPTION_1), paid_minor=5000)
    charged = select(Charge.item).where(Charge.account_id == account.id, Charge.book == "retail")
    assert db.scalars(charged).all() == ["setup"]
    clock.advance(days=13)
    assert bill(db, [account], date(2026, 11, 15)).charges == 0
    clock.advance(days=1)
    assert bill(db, [account], date(2026, 11, 16)).retail_minor == 1200 and wrong_periods(db)[1] == []


def test_each_credit_names_its_charge(db, own, clock):
    seat = service(db)
    change(db, own, seat, 1)
    clock.advance(days=5)
    change(db, own, seat, 0)
    pairs = {(db.load(Charge, c.charge_id).book, db.load(Charge, c.credit_id).net_minor < 0)
             for c in db.scalars(select(ChargeCredit))}
    assert pairs == {("retail", True), ("wholesale", True)}
