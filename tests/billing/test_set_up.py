"""Setting up is charged once, when it begins: on the day of a change, or with the first period of the next one."""

from datetime import date

import pytest
from sqlalchemy import select, update

from portal.accounts import commands as accounts
from portal.accounts.models import Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import QuoteIsOld, carry_out, due_minor, to_agree_minor, work_out
from portal.billing.models import Charge
from portal.billing.outlook import outlook
from portal.billing.proof import wrong_periods
from portal.billing.quoting import quote_page
from portal.billing.subscriptions import bill, what_is_due
from portal.billing.wishes import When, Wish
from portal.billing.withdrawing import withdraw
from portal.catalogue.commands import NewPrice, set_price
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.accounts.making import OPTION_1, active, customer, pay, plan
from tests.billing.making import service
from tests.cast import on_sqlite

pytestmark = on_sqlite
BOUNDARY = date(2026, 12, 2)


@pytest.fixture
def small(db, northwind):
    return plan(db, "small", retail_minor=1000, wholesale_minor=400, retail_setup_minor=300, tax_ppm=200_000)


@pytest.fixture
def large(db, northwind):
    return plan(db, "large", retail_minor=3000, wholesale_minor=900, retail_setup_minor=500, wholesale_setup_minor=200,
                tax_ppm=200_000)


@pytest.fixture
def own(db, small, clock):
    """A customer who pays for itself, active since 2 November, with much credit."""
    made = active(db, customer(db, small.id, OPTION_1), paid_minor=5000)
    pay(db, made, 100_000)
    return made


def change(db, account, product, quantity=1, when=When.NEXT):
    quoted = work_out(db, account, Wish(product, quantity, when))
    return carry_out(db, account, quoted.wish, agreed_minor=to_agree_minor(account, quoted), by=COMMAND_LINE)


def set_ups(db, account, book="retail"):
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book, Charge.item.endswith(".setup"))
    return [(c.item, c.net_minor, c.tax_minor) for c in db.scalars(wanted.order_by(Charge.number))]


class TestAPlan:
    def test_of_now_is_set_up_now(self, db, own, large):
        """Red when only services are set up."""
        made = change(db, own, large, when=When.NOW)
        assert set_ups(db, own) == [("plan.2.setup", 500, 100)]
        assert set_ups(db, own, "wholesale") == [("plan.2.setup", 200, 40)]
        assert due_minor(own, made) == to_agree_minor(own, made) == 3600 - 1200 + 600

    def test_of_the_next_period_is_set_up_on_its_first_day_once(self, db, own, large):
        """Whoever runs, and how often. Red when the quote leaves it out, or the run charges none."""
        made = change(db, own, large)
        assert to_agree_minor(own, made) == 3600 + 600 and due_minor(own, made) == 0 and set_ups(db, own) == []
        before = credit_minor(db, Book.RETAIL, own.id)
        bill(db, [own], date(2026, 12, 1))
        assert set_ups(db, own) == []
        for day in (BOUNDARY, BOUNDARY, date(2027, 1, 2)):
            bill(db, [own], day)
        assert set_ups(db, own) == [("plan.2.setup", 500, 100)]
        assert before - credit_minor(db, Book.RETAIL, own.id) == to_agree_minor(own, made) + 3600
        assert wrong_periods(db)[1] == []

    def test_that_it_had_before_is_set_up_already(self, db, own, small, large, clock):
        """Back to the first plan, and once more to the second. Red when each beginning is set up."""
        for product in (large, small, large):
            change(db, own, product)
            clock.advance(days=31)
            bill(db, [own], clock().date())
        assert [item for item, *_ in set_ups(db, own)] == ["plan.2.setup"]

    def test_that_was_taken_back_is_not(self, db, own, large):
        change(db, own, large)
        withdraw(db, own, large, by=COMMAND_LINE)
        bill(db, [own], BOUNDARY)
        assert set_ups(db, own) == []

    def test_that_was_ordered_before_and_never_began_is_set_up(self, db, large, clock):
        """Within a trial one chooses at will. Red when a row that never began counts as one that was set up."""
        trial = plan(db, "trial", retail_minor=1000, retail_setup_minor=400, trial_days=14)
        made = active(db, customer(db, trial.id, OPTION_1), paid_minor=9000)
        for product in (large, trial, large):
            change(db, made, product)
        bill(db, [made], date(2026, 11, 16))
        assert [net for _, net, _ in set_ups(db, made)] == [500]

    def test_of_a_trial_goes_back_to_the_first_one_without_being_set_up_again(self, db, large, clock):
        """What was set up at the activation stays so, though its plan never began."""
        trial = plan(db, "trial", retail_minor=1000, retail_setup_minor=400, trial_days=14)
        made = active(db, customer(db, trial.id, OPTION_1), paid_minor=9000)
        change(db, made, large)
        change(db, made, trial)
        bill(db, [made], date(2026, 11, 16))
        assert set_ups(db, made) == []


class TestAService:
    def test_of_the_next_period_is_set_up_by_how_many_there_are_more(self, db, own, clock):
        seat = service(db, retail_setup=500)
        change(db, own, seat, 2, When.NOW)
        change(db, own, seat, 5)
        clock.advance(days=31)
        bill(db, [own], clock().date())
        assert set_ups(db, own) == [("seat.setup", 1000, 200), ("seat.2.setup", 1500, 300)]
        change(db, own, seat, 3)
        bill(db, [own], date(2027, 1, 2))
        assert len(set_ups(db, own)) == 2

    @pytest.mark.parametrize("then", [5, 1])
    def test_that_waits_and_is_changed_is_set_up_as_it_begins(self, db, own, then):
        """Red when what waits is taken for set up: five seats would begin, and three be paid for."""
        seat = service(db, retail_setup=500)
        change(db, own, seat, 2)
        assert to_agree_minor(own, change(db, own, seat, then)) == then * (1080 + 600)
        bill(db, [own], BOUNDARY)
        assert set_ups(db, own) == [("seat.2.setup", then * 500, then * 100)]

    def test_that_ends_before_it_begins_is_not_set_up(self, db, own):
        seat = service(db, retail_setup=500)
        change(db, own, seat, 2)
        change(db, own, seat, 0)
        bill(db, [own], BOUNDARY)
        assert set_ups(db, own) == []

    def test_that_begins_while_the_account_rests_is_set_up_on_its_return(self, db, own, clock):
        change(db, own, service(db, retail_setup=500), 1)
        accounts.suspend(db, own, reason="Unpaid", by=COMMAND_LINE)
        bill(db, [own], date(2026, 12, 10))
        assert set_ups(db, own) == []
        clock.advance(days=40)
        accounts.reactivate(db, own, by=COMMAND_LINE)
        for _ in range(2):
            bill(db, [own], clock().date())
        assert set_ups(db, own) == [("seat.setup", 500, 100)] and wrong_periods(db)[1] == []


def test_a_dearer_set_up_makes_the_quote_old(db, own, large):
    """Red when the sum agreed to is the period alone."""
    agreed = to_agree_minor(own, work_out(db, own, Wish(large, 1, When.NEXT)))
    set_price(db, large, NewPrice("retail", date(2026, 11, 20), 3000, 900), by=COMMAND_LINE)
    with pytest.raises(QuoteIsOld):
        carry_out(db, own, Wish(large, 1, When.NEXT), agreed_minor=agreed, by=COMMAND_LINE)


def test_what_comes_next_has_it_on_the_day_on_which_it_begins(db, own, large):
    change(db, own, large)
    seen = outlook(db, own, 0)
    assert (seen.next_day, seen.next_minor) == (BOUNDARY, 4200)
    (due,) = [each for each in what_is_due(db, [own], BOUNDARY) if each.lines]
    assert [(line.item, due.day_of(line)) for line in due.lines] == [("plan.2.setup", BOUNDARY), ("plan.2", BOUNDARY)]
    bill(db, [own], BOUNDARY)
    assert outlook(db, own, 0).next_minor == 3600, "red when each period is foreseen with it"


def test_the_quote_names_it_with_the_day_and_the_sum(db, own, large):
    quote = quote_page(db, own, [work_out(db, own, Wish(large, 1, When.NEXT))], sees_retail=True)
    shown = [(row.label, row.amount) for row in quote.begins]
    assert shown == [("Plan large, set-up", "£6.00"), ("Plan large", "£36.00")]
    assert (quote.begins_label, quote.agreed_words, quote.rows) == ("Charged on 2 December 2026", "£42.00", [])


def test_the_proof_misses_one_that_was_not_charged(db, own, large):
    """A row that says it was to be set up, and a run that did not."""
    change(db, own, large)
    db.execute(update(Subscription).where(Subscription.item == "plan.2").values(setup_quantity=0))
    bill(db, [own], BOUNDARY)
    db.execute(update(Subscription).where(Subscription.item == "plan.2").values(setup_quantity=1))
    assert wrong_periods(db)[1] == [f"account {own.number}, plan.2 from 2026-12-02: not set up"]
