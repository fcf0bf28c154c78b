"""What people and clocks do to a change that was quoted, that waits, or that comes in between."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import ChangedMeanwhile, QuoteIsOld, carry_out, due_minor, work_out
from portal.billing.credits import credit_whole
from portal.billing.models import Charge, UsageRecord
from portal.billing.proof import wrong_periods
from portal.billing.run import bill_white_label
from portal.billing.subscriptions import bill, catch_up
from portal.billing.usage import bill_usage
from portal.billing.wishes import CannotChange, When, Wish
from portal.billing.withdrawing import withdraw
from portal.catalogue.commands import NewPrice, TooLate, include, present, set_price
from portal.catalogue.models import Plan
from portal.kit.db import reading, transaction
from portal.verify import verify
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan, white_label_in
from tests.billing.making import service
from tests.billing.test_changes import change, charges, own, rows
from tests.billing.test_usage import charges as usage_charges, use
from tests.threads import at_once

__all__ = ["own"]


def periods(db, account, item):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.item == item, Charge.book == "retail")
    return [(c.first_day, c.last_day, c.net_minor) for c in db.scalars(wanted.order_by(Charge.number))]


class TestTwoTabs:
    def test_a_one_off_that_is_confirmed_twice_is_bought_once(self, db, own):
        """Red without `agreed_item`: both tabs were shown the same price, and the second would buy another."""
        headset = service(db, "headset", "one_off", retail=4000)
        quoted = work_out(db, own, Wish(headset, 1, When.NOW))
        agreed = {"agreed_minor": due_minor(own, quoted), "agreed_item": quoted.item}
        carry_out(db, own, quoted.wish, **agreed, by=COMMAND_LINE)
        with pytest.raises(ChangedMeanwhile):
            carry_out(db, own, quoted.wish, **agreed, by=COMMAND_LINE)
        assert charges(db, own) == [("headset", "once", 4000, 800)]

    def test_both_at_the_same_moment_buy_once(self, northwind, clock):
        """Red without the account's row held: both would work out the same name for the charge, and one break on it."""
        with transaction(northwind.id) as db:
            account_id = active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=30_000).id
            headset = service(db, "headset", "one_off", retail=4000)

        def confirm(n):
            with transaction(northwind.id) as db:
                account = db.locked(Account, account_id)
                wish = Wish(headset, 1, When.NOW)
                return carry_out(db, account, wish, agreed_minor=4800, agreed_item="headset", by=COMMAND_LINE)

        answers = at_once(4, confirm)
        assert sorted(type(answer).__name__ for answer in answers) == ["Change"] + ["ChangedMeanwhile"] * 3
        with reading(northwind.id) as db:
            assert len(db.scalars(select(Charge).where(Charge.item == "headset", Charge.book == "retail")).all()) == 1


def test_a_run_while_a_change_is_confirmed_charges_each_day_once(northwind, clock):
    """The change and the run want the same account at the same moment. Red without the row held by either."""
    with transaction(northwind.id) as db:
        accounts_ = [active(db, customer(db, northwind.plans["desk"], OPTION_1, name=f"Customer {n}"),
                            paid_minor=50_000).id for n in range(6)]
        seat = service(db)
        for account_id in accounts_:
            carry_out(db, db.locked(Account, account_id), Wish(seat, 1, When.NOW), agreed_minor=None, by=COMMAND_LINE)
    clock.advance(days=30)

    def act(n):
        if n < 2:
            return bill_white_label(northwind.id, clock().date(), by="a test")
        for account_id in accounts_[n % 2::2]:
            with transaction(northwind.id) as db:
                account = db.locked(Account, account_id)
                carry_out(db, account, Wish(seat, 4, When.NOW), agreed_minor=None, by=COMMAND_LINE)
        return None

    answers = at_once(4, act)
    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    assert [words for finding in verify() if finding.what != "jobs" for words in finding.differences] == []
    with reading(northwind.id) as db:
        for account_id in accounts_:
            account = db.load(Account, account_id)
            assert [quantity for _, quantity, _, until in rows(db, account) if until is None] == [4]
            assert sum(net for _, _, net, _ in charges(db, account)) == 900 + 3600


class TestLateRun:
    """The night's run has not come yet, and somebody acts on the first day of a period."""

    def test_the_quote_is_right_the_second_time_at_the_latest(self, db, own, clock):
        """Red without `catch_up`: each try would be worked out against the charge that the try itself takes back."""
        seat = service(db)
        change(db, own, seat, 1)
        clock.advance(days=30)
        stale = due_minor(own, work_out(db, own, Wish(seat, 3, When.NOW)))
        before = db.begin_nested()
        with pytest.raises(QuoteIsOld):
            carry_out(db, own, Wish(seat, 3, When.NOW), agreed_minor=stale, by=COMMAND_LINE)
        before.rollback()
        db.expire_all()
        catch_up(db, own)
        assert change(db, own, seat, 3).now.retail_minor == (2700 - 900) * 12 // 10
        assert wrong_periods(db)[1] == []

    def test_what_was_charged_with_tax_is_given_back_with_it(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        own.tax_exemption = "A charity"
        change(db, own, seat, 0)
        change(db, own, seat, 2)
        assert [(net, tax) for _, _, net, tax in charges(db, own)] == [(900, 180), (-900, -180), (1800, 0)]


class TestWaiting:
    def test_a_plan_hidden_while_a_change_to_it_waits_still_begins(self, db, own, clock):
        """It was promised. Nobody else is offered it."""
        larger = plan(db, "larger", retail_minor=3000, tax_ppm=200_000)
        change(db, own, larger, 1, When.NEXT)
        present(db, larger, name="Larger", is_hidden=True, by=COMMAND_LINE)
        clock.advance(days=30)
        bill(db, [own], clock().date())
        assert own.plan_id == larger.id and periods(db, own, "plan.2")[0][2] == 3000
        assert wrong_periods(db)[1] == []

    def test_closing_with_a_waiting_change_begins_neither(self, db, own, clock):
        seat = service(db)
        change(db, own, seat, 1)
        change(db, own, seat, 4, When.NEXT)
        clock.advance(days=10)
        accounts.close(db, own, reason="Moved", by=COMMAND_LINE)
        bill(db, [own], date(2027, 3, 2))
        assert charges(db, own) == [("seat", "2026-11-02", 900, 180)] and wrong_periods(db)[1] == []

    def test_a_closed_account_takes_no_change_back(self, db, own, clock):
        """Red when only the page asks for the state: the closed account's plan would be charged on and on."""
        larger = plan(db, "larger", retail_minor=3000)
        change(db, own, larger, 1, When.NEXT)
        accounts.close(db, own, reason="Moved", by=COMMAND_LINE)
        with pytest.raises(CannotChange, match="while the account is active"):
            withdraw(db, own, larger, by=COMMAND_LINE)
        bill(db, [own], date(2027, 3, 2))
        assert len(periods(db, own, "plan")) == 1

    def test_a_price_set_for_a_day_that_begins_meanwhile_is_refused(self, db, own, clock):
        """Reviewed at five to midnight, confirmed at five past. Red when the day is looked at in the review alone."""
        seat, tomorrow = service(db), date(2026, 11, 3)
        clock.advance(hours=13, minutes=55)
        new = NewPrice("retail", tomorrow, 1500)
        clock.advance(minutes=10)
        with pytest.raises(TooLate):
            set_price(db, seat, new, by=COMMAND_LINE)


class TestTrial:
    @pytest.fixture
    def trying(self, db, northwind, clock):
        small = plan(db, "small", retail_minor=1000, tax_ppm=200_000, trial_days=14)
        return active(db, customer(db, small.id, OPTION_1), paid_minor=10_000)

    @pytest.fixture
    def large(self, db, trying):
        return plan(db, "large", retail_minor=3000, tax_ppm=200_000)

    def test_an_upgrade_within_the_trial_begins_when_the_trial_ends(self, db, trying, large, clock):
        """Red when the plan that has not begun cannot be changed at all."""
        clock.advance(days=5)
        with pytest.raises(CannotChange, match="It begins on 16 November 2026"):
            work_out(db, trying, Wish(large, 1, When.NOW))
        made = change(db, trying, large, 1, When.NEXT)
        assert (made.day, made.now.lines) == (date(2026, 11, 16), ())
        bill(db, [trying], date(2026, 12, 16))
        assert periods(db, trying, "plan") == []
        assert [(first, net) for first, _, net in periods(db, trying, "plan.2")] == [
            (date(2026, 11, 16), 3000), (date(2026, 12, 16), 3000)]
        assert trying.plan_id == large.id and wrong_periods(db)[1] == []

    def test_and_can_be_taken_back(self, db, trying, large, clock):
        change(db, trying, large, 1, When.NEXT)
        withdraw(db, trying, large, by=COMMAND_LINE)
        bill(db, [trying], date(2026, 11, 16))
        assert [net for _, _, net in periods(db, trying, "plan")] == [1000] and periods(db, trying, "plan.2") == []

    def test_what_is_taken_back_is_the_change_and_goes_on_as_before(self, db, trying, large, clock):
        """Red when the ended row stays ended: the account would have no plan from the trial's end on."""
        change(db, trying, large, 1, When.NEXT)
        withdraw(db, trying, large, by=COMMAND_LINE)
        left = db.scalars(select(Subscription).where(Subscription.account_id == trying.id)).all()
        assert [(row.item, row.until_day) for row in left] == [("plan", None)]
        change(db, trying, large, 1, When.NEXT)
        bill(db, [trying], date(2026, 12, 16))
        assert len(periods(db, trying, "plan.2")) + len(periods(db, trying, "plan.3")) == 2
        assert wrong_periods(db)[1] == []

    @pytest.mark.parametrize("which", ["its own", "another"])
    def test_the_plan_that_it_began_with_is_no_change_to_take_back(self, db, trying, large, clock, which):
        """Red when whatever lies ahead counts as a change: the account stayed active and was never charged again."""
        with pytest.raises(CannotChange, match="No change waits"):
            withdraw(db, trying, db.load(Plan, trying.plan_id) if which == "its own" else large, by=COMMAND_LINE)
        bill(db, [trying], date(2026, 11, 16))
        assert [net for _, _, net in periods(db, trying, "plan")] == [1000] and wrong_periods(db)[1] == []

    def test_nor_is_one_that_was_charged_for_a_later_first_day(self, db, northwind, large, clock):
        later = customer(db, northwind.plans["desk"], OPTION_1, name="Later", first_day=date(2026, 12, 20))
        active(db, later, paid_minor=10_000)
        with pytest.raises(CannotChange, match="No change waits"):
            withdraw(db, later, large, by=COMMAND_LINE)
        change(db, later, large, 1, When.NEXT)
        withdraw(db, later, large, by=COMMAND_LINE)
        bill(db, [later], date(2027, 3, 20))
        assert len(periods(db, later, "plan")) == 4 and wrong_periods(db)[1] == []

    def test_a_service_within_the_trial_costs_the_days_up_to_its_end(self, db, trying, clock):
        seat = service(db)
        clock.advance(days=4)
        change(db, trying, seat, 1)
        assert periods(db, trying, "seat")[0][:2] == (date(2026, 11, 6), date(2026, 11, 15))


class TestYear:
    def test_a_yearly_plan_changed_in_mid_year_gives_the_rest_of_the_year_back(self, db, northwind, clock):
        yearly = plan(db, "yearly", retail_minor=36_500, tax_ppm=200_000, months=12)
        larger = plan(db, "larger", retail_minor=9_000, tax_ppm=200_000)
        account = active(db, customer(db, yearly.id, OPTION_1), paid_minor=60_000)
        clock.advance(days=100)
        made = change(db, account, larger, 1)
        assert made.back.line.retail.net_minor == -26_500 and made.day == date(2027, 2, 10)
        month = made.lines[0]
        assert (month.period.first_day, month.period.last_day) == (date(2027, 2, 10), date(2027, 3, 1))
        bill(db, [account], date(2027, 3, 2))
        assert wrong_periods(db)[1] == []

    def test_a_smaller_one_waits_for_the_years_end(self, db, northwind, clock):
        yearly = plan(db, "yearly", retail_minor=36_500, tax_ppm=200_000, months=12)
        account = active(db, customer(db, yearly.id, OPTION_1), paid_minor=60_000)
        clock.advance(days=100)
        made = change(db, account, db.load(Plan, northwind.plans["desk"]), 1, When.NEXT)
        assert made.day == date(2027, 11, 2)


@pytest.mark.parametrize("days", [29, 30])
def test_suspended_on_the_last_day_or_the_first(db, own, clock, days):
    """On the last day of a period the next one does not begin; on the first day it has."""
    clock.advance(days=days)
    accounts.suspend(db, own, reason="Unpaid", by=COMMAND_LINE)
    clock.advance(days=20)
    bill(db, [own], clock().date())
    begun = [date(2026, 11, 2), date(2026, 12, 2)][:days - 28]
    assert [first for first, _, _ in periods(db, own, "plan")] == begun
    accounts.reactivate(db, own, by=COMMAND_LINE)
    bill(db, [own], clock().date())
    assert len(periods(db, own, "plan")) == 2 and wrong_periods(db)[1] == []


class TestMoney:
    @pytest.mark.parametrize("mode", ["exclusive", "inclusive"])
    @pytest.mark.parametrize("price", [1, 7, 333, 999, 1000, 12_345])
    def test_the_part_that_is_kept_and_the_part_given_back_are_the_charge(self, db, northwind, clock, mode, price):
        """With tax in the price or beside it: net, tax and sum. Red when the credit is rounded by itself."""
        white_label(db).retail_tax_mode = mode
        account = active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=90_000)
        seat = service(db, retail=price)
        change(db, account, seat, 1)
        clock.advance(days=11)
        change(db, account, seat, 0)
        charged, back = charges(db, account)[0], charges(db, account)[1]
        whole = charged[2] + charged[3]
        assert whole == (price if mode == "inclusive" else price + round(price / 5 + 1e-9))
        used = (charged[2] + back[2], charged[3] + back[3])
        assert all(part >= 0 for part in used) and abs(sum(used) - whole * 11 / 30) <= 1

    @pytest.mark.parametrize("mode", ["exclusive", "inclusive"])
    def test_a_charge_given_back_in_whole_leaves_nothing(self, db, northwind, clock, mode):
        white_label(db).retail_tax_mode = mode
        account = active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=90_000)
        change(db, account, service(db, retail=333), 1)
        charge = db.scalars(select(Charge).where(Charge.item == "seat", Charge.book == "retail")).one()
        credit_whole(db, account, charge, reason="A mistake", by=COMMAND_LINE)
        assert [sum(parts) for parts in zip(*[row[2:] for row in charges(db, account)], strict=True)] == [0, 0]

    @pytest.mark.parametrize(("currency", "host"), [("JPY", "sakura.localhost"), ("KWD", "dhow.localhost")])
    def test_yen_and_dinars_are_whole_minor_units_too(self, currency, host, database, clock):
        tenant = white_label_in(currency, host, credit_minor=1_000_000)
        with transaction(tenant.id) as db:
            small = plan(db, "small", retail_minor=1000, wholesale_minor=333, tax_ppm=100_000)
            account = active(db, customer(db, small.id, OPTION_2))
            seat = service(db, "seat", retail=1001, wholesale=501)
            clock.advance(days=7)
            made = change(db, account, seat, 3)
            charged = made.now.wholesale_minor
            given = change(db, account, seat, 0).now.wholesale_minor
            assert charged == -given > 0 and wrong_periods(db)[1] == []


def test_what_comes_late_to_a_period_that_was_free_is_not_free_once_more(db, own, northwind, clock):
    """80 of 100 free minutes, and then 90 more of the same month: the next statement's. Red when a period counts as
    settled only by a charge."""
    minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100)
    include(db, db.load(Plan, northwind.plans["desk"]), minutes, 100, by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 10), 80)
    bill_usage(db, [own], date(2026, 12, 2))
    use(db, own, minutes, date(2026, 11, 11), 90)
    use(db, own, minutes, date(2026, 12, 11), 60)
    assert bill_usage(db, [own], date(2026, 12, 5)).charges == 0
    bill_usage(db, [own], date(2027, 1, 2))
    assert usage_charges(db, own) == [("Minutes, 150 minutes, of which 100 come with the plan", "2026-12-02", 75)]
    assert db.scalars(select(UsageRecord.id).where(UsageRecord.charged_at.is_(None))).all() == []


def test_what_comes_late_settles_the_period_that_it_is_settled_with(db, own, northwind, clock):
    """100 minutes are free. 60 of November come in December and are December's; 90 of December that come in January
    are January's, then, with 60 of that. Red when the day of use says what is settled: December's 100 were free twice.
    """
    minutes = service(db, "minutes", "usage", retail=150, unit="minutes", per_units=100)
    include(db, db.load(Plan, northwind.plans["desk"]), minutes, 100, by=COMMAND_LINE)
    use(db, own, minutes, date(2026, 11, 10), 50)
    bill_usage(db, [own], date(2026, 12, 2))
    use(db, own, minutes, date(2026, 11, 11), 60)
    bill_usage(db, [own], date(2027, 1, 2))
    use(db, own, minutes, date(2026, 12, 30), 90)
    assert bill_usage(db, [own], date(2027, 1, 3)).charges == 0
    use(db, own, minutes, date(2027, 1, 20), 60)
    bill_usage(db, [own], date(2027, 2, 2))
    assert usage_charges(db, own) == [("Minutes, 150 minutes, of which 100 come with the plan", "2027-01-02", 75)]


def test_subscriptions_of_a_changed_account_never_overlap(db, own, clock):
    seat = service(db)
    for quantity in (1, 2, 3):
        change(db, own, seat, quantity)
        clock.advance(days=3)
    found = db.scalars(select(Subscription).where(Subscription.service_id == seat.id).order_by(Subscription.from_day))
    days = [(s.from_day, s.until_day) for s in found]
    assert all(until == begins for (_, until), (begins, _) in pairwise(days))
    assert days[-1][1] is None and days[0][0] + timedelta(days=6) == days[-1][0]
