"""What becoming active charges: wholesale to the white-label account always, retail to the customer in Option 1."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from portal.billing.charging import write_charges
from portal.billing.models import Charge
from portal.billing.queries import charges_of, first_invoice_of
from portal.billing.subscriptions import bill
from portal.kit.db import reading
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import JournalEntry
from portal.ledger.queries import credit_minor
from tests.accounts.making import OPTION_1, OPTION_2, active, charge_month, customer, plan

# The cast's desk phone: retail 10.00 and set-up 5.00 with 20 % tax; wholesale 4.00 and set-up 2.00 with 20 % tax.
WHOLESALE = [("setup", 200, 40), ("plan", 400, 80)]
RETAIL = [("setup", 500, 100), ("plan", 1000, 200)]


@pytest.fixture
def option_1(db, northwind, clock):
    return active(db, customer(db, northwind.plans["desk"], OPTION_1), paid_minor=2000)


@pytest.fixture
def option_2(db, northwind, clock):
    return active(db, customer(db, northwind.plans["desk"], OPTION_2))


class TestOption1:
    def test_the_customer_is_charged_retail_from_its_own_credit(self, db, option_1, books):
        assert books.figures(option_1, "retail") == RETAIL
        assert all(charge.payer_id == option_1.id for charge in books.charges(option_1, "retail"))
        assert credit_minor(db, Book.RETAIL, option_1.id) == 2000 - 1800

    def test_the_white_label_account_is_charged_wholesale_as_well(self, db, option_1, books, northwind):
        """Red when wholesale is charged for Option 2 only: the operator would give Option 1 away."""
        assert books.figures(option_1, "wholesale") == WHOLESALE
        assert {charge.payer_id for charge in books.charges(option_1, "wholesale")} == {northwind.account_id}

    def test_the_customer_is_never_charged_wholesale(self, db, option_1):
        assert credit_minor(db, Book.WHOLESALE, option_1.id) == 0


class TestOption2:
    def test_the_white_label_account_is_charged_wholesale(self, db, option_2, books, northwind):
        assert books.figures(option_2, "wholesale") == WHOLESALE
        assert {charge.payer_id for charge in books.charges(option_2, "wholesale")} == {northwind.account_id}

    def test_retail_is_a_memo_and_never_posted(self, db, option_2, books):
        """Red when retail is charged whoever runs the account: the customer would owe what nobody asked for."""
        assert books.charges(option_2, "retail") == []
        assert [charge.retail_memo_minor for charge in books.charges(option_2)] == [500, 1000]
        assert credit_minor(db, Book.RETAIL, option_2.id) == 0
        posted = select(func.count(JournalEntry.id)).where(JournalEntry.book == "retail")
        assert db.scalar(posted.where(JournalEntry.source.like(f"%{option_2.id}%"))) == 0


class TestEachCharge:
    @pytest.mark.parametrize("which", ["option_1", "option_2"])
    def test_its_entry_has_the_same_figures(self, db, which, books, request):
        for charge in books.charges(request.getfixturevalue(which)):
            assert books.lines(charge) == {
                credit_of(charge.payer_id): charge.gross_minor, "sales": -charge.net_minor, "tax": -charge.tax_minor}
            assert books.entry(charge).book == charge.book
            assert books.entry(charge).currency == charge.currency == "GBP"

    def test_the_white_label_account_pays_the_sum(self, db, northwind, clock):
        before = credit_minor(db, Book.WHOLESALE, northwind.account_id)
        account = customer(db, northwind.plans["desk"])
        invoice = first_invoice_of(db, account)
        active(db, account)
        assert invoice.wholesale_minor == 720
        assert credit_minor(db, Book.WHOLESALE, northwind.account_id) == before - 720

    def test_set_up_is_for_no_period_and_the_plan_for_its_first_month(self, books, option_2):
        setup, month = books.charges(option_2)
        assert (setup.first_day, setup.last_day, setup.period_key) == (None, None, "once")
        assert (month.first_day, month.last_day, month.period_key) == (
            date(2026, 11, 2), date(2026, 12, 1), "2026-11-02")

    def test_numbers_follow_each_other_without_gap(self, db, northwind, books, option_1, option_2):
        numbers = sorted(db.scalars(select(Charge.number)))
        assert numbers == [f"C-{n:06d}" for n in range(1, len(numbers) + 1)]

    def test_the_day_is_the_white_labels_own(self, kauri, clock):
        """Late evening in London is the next day in Auckland. Red when the day is taken from the clock's zone."""
        from portal.kit.db import transaction

        clock.moment = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
        with transaction(kauri.id) as db:
            account = active(db, customer(db, kauri.plans["desk"]))
            charge = charges_of(db, account.id, Book.WHOLESALE)[0]
            assert charge.day == date(2026, 12, 1) and charge.first_day == date(2026, 12, 1)

    def test_a_later_first_day_is_charged_now_and_begins_then(self, db, northwind, books, clock):
        account = active(db, customer(db, northwind.plans["desk"], first_day=date(2026, 11, 20)))
        month = books.charges(account)[-1]
        assert (month.day, month.first_day, month.last_day) == (
            date(2026, 11, 2), date(2026, 11, 20), date(2026, 12, 19))

    def test_a_first_day_that_has_passed_gives_nothing_away(self, db, northwind, books, clock):
        """Billing starts on activation: no charge for days on which nothing worked."""
        account = customer(db, northwind.plans["desk"], first_day=date(2026, 11, 5))
        clock.advance(days=10)
        active(db, account)
        assert books.charges(account)[-1].first_day == date(2026, 11, 12)


class TestTwice:
    @pytest.mark.parametrize("which", ["option_1", "option_2"])
    def test_charging_the_same_invoice_again_changes_nothing(self, db, which, books, northwind, request):
        """Red when only the ledger looks whether it was posted: charges and numbers would double."""
        account = request.getfixturevalue(which)
        before = [charge.number for charge in books.charges(account)]
        balances = credit_minor(db, Book.WHOLESALE, northwind.account_id), credit_minor(db, Book.RETAIL, account.id)
        for _ in range(2):
            write_charges(db, ((account, line) for line in first_invoice_of(db, account).lines))
        assert [charge.number for charge in books.charges(account)] == before
        assert balances == (
            credit_minor(db, Book.WHOLESALE, northwind.account_id), credit_minor(db, Book.RETAIL, account.id))

    def test_a_month_charged_again_changes_nothing(self, db, option_2, books):
        for _ in range(3):
            charge_month(db, option_2, 1)
        assert [charge.period_key for charge in books.charges(option_2)] == ["once", "2026-11-02", "2026-12-02"]


class TestLaterMonths:
    def test_they_follow_the_first(self, db, option_1, books):
        for n in (1, 2):
            charge_month(db, option_1, n)
        months = [c for c in books.charges(option_1, "retail") if c.item == "plan"]
        assert [(c.first_day, c.last_day) for c in months] == [
            (date(2026, 11, 2), date(2026, 12, 1)), (date(2026, 12, 2), date(2027, 1, 1)),
            (date(2027, 1, 2), date(2027, 2, 1))]
        assert [c.net_minor for c in months] == [1000, 1000, 1000]

    def test_they_are_charged_to_the_same_payers(self, db, option_1, option_2, books, northwind):
        for account in (option_1, option_2):
            charge_month(db, account, 1)
        assert {c.payer_id for c in books.charges(option_2)} == {northwind.account_id}
        assert [c.payer_id for c in books.charges(option_1, "retail")] == [option_1.id] * 3

    def test_an_account_that_was_never_activated_has_none(self, db, northwind, books):
        account = customer(db, northwind.plans["desk"])
        assert bill(db, [account], date(2027, 1, 1)).charges == 0 and books.charges(account) == []

    def test_a_plan_that_costs_nothing_has_none_either(self, db, northwind, books, clock):
        """Red when the first month's charge is looked for although a free plan leaves none."""
        free = plan(db, "free-month", retail_setup_minor=500, wholesale_setup_minor=200)
        account = active(db, customer(db, free.id))
        charge_month(db, account, 1)
        assert books.figures(account, "wholesale") == [("setup", 200, 40)]


class TestNothingToPay:
    def test_a_plan_free_on_both_sides_leaves_no_charge(self, db, northwind, books, clock):
        for administration in (OPTION_1, OPTION_2):
            free = plan(db, f"free-{administration.value.replace('_', '-')}")
            assert books.charges(active(db, customer(db, free.id, administration))) == []

    def test_a_plan_free_for_the_customer_still_costs_the_white_label(self, db, books, cast, northwind, clock):
        account = active(db, customer(db, northwind.plans["courtesy"], OPTION_1))
        assert books.figures(account, "wholesale") == [("plan", 400, 80)]
        (memo,) = books.charges(account, "retail")
        assert (memo.net_minor, memo.tax_minor, memo.entry_id) == (0, 0, None)

    def test_a_plan_free_at_wholesale_still_costs_the_customer(self, db, northwind, books, clock):
        dear = plan(db, "dear", retail_minor=900, tax_ppm=200_000)
        account = active(db, customer(db, dear.id, OPTION_1), paid_minor=1080)
        assert books.figures(account, "retail") == [("plan", 900, 180)]
        (line,) = books.charges(account, "wholesale")
        assert (line.net_minor, line.entry_id) == (0, None)


def test_another_white_label_reads_none_of_it(northwind, kauri, cast):
    with reading(northwind.id) as db:
        assert charges_of(db, cast.acme, Book.WHOLESALE)
    with reading(kauri.id) as db:
        assert charges_of(db, cast.acme, Book.WHOLESALE) == [] and db.scalars(select(Charge)).all() == []
