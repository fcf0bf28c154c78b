"""`portal verify` names what is wrong with charges and their periods."""

from datetime import date, timedelta

import pytest

from portal.accounts.models import Subscription
from portal.accounts.queries import held_customer_or_404
from portal.ledger.commands import post
from portal.ledger.entry import Book, charge as charge_entry
from tests.accounts.making import charge_month
from tests.verify.planting import Account, Charge, add_row, change, differences, in_transaction, remove, slip_in


class TestAgainstTheBooks:
    @pytest.mark.parametrize("values", [{"net_minor": 403}, {"tax_minor": 0}, {"net_minor": 401, "tax_minor": 79}],
                             ids=["net", "tax", "both, with the same sum"])
    def test_a_changed_charge(self, books, values):
        """Red for the last when only the sums are compared: the tax office would get another figure."""
        charge = books.charge(books.ours)
        change(Charge, Charge.id == charge.id, **values)
        assert differences("charges")[0].startswith(f"charge {charge.number} is ")

    def test_a_charge_whose_entry_is_gone(self, books):
        charge = books.charge(books.ours)
        change(Charge, Charge.id == charge.id, period_key="moved")
        assert differences("charges") == [
            f"charge {charge.number} is 480, the books say nothing",
            f"entry charge:{books.ours.id}:plan:2026-11-02:wholesale has no charge"]

    def test_an_entry_whose_charge_is_gone(self, books):
        remove(Charge, Charge.id == books.charge(books.ours).id)
        assert differences("charges") == [f"entry charge:{books.ours.id}:plan:2026-11-02:wholesale has no charge"]
        assert differences("monthly totals") == [
            f"total wholesale 2026-11 of {books.ours.id} is not the sum of its charges"]

    def test_a_debit_on_an_account_that_is_not_the_payers(self, books):
        """Red when the payer on the charge is believed."""
        change(Charge, Charge.id == books.charge(books.own, book="retail").id, payer_id=books.ours.id)
        found = differences("charges")
        assert any("debits a customer who does not pay" in words for words in found) and len(found) == 2


class TestThePayer:
    def test_an_option_2_charge_on_the_customer(self, books):
        """I12. All figures agree and the entry is balanced: only the rule is broken. Red without the rule."""
        wholesale = books.charge(books.ours)
        source = f"charge:{books.ours.id}:plan:2026-11-02:retail"
        in_transaction(books.tenant, lambda db: post(db, charge_entry(
            Book.RETAIL, source, books.ours.id, net_minor=400, tax_minor=80, currency="GBP", description="x")))
        add_row(Charge, wholesale, book="retail", payer_id=books.ours.id, number="C-999999")
        assert differences("charges") == ["charge C-999999 debits a customer who does not pay"]

    def test_a_wholesale_charge_on_a_customer(self, books):
        change(Charge, Charge.id == books.charge(books.ours).id, payer_id=books.own.id)
        assert any("debits a customer at wholesale" in words for words in differences("charges"))

    def test_a_payer_handed_over_behind_the_books_back(self, books):
        change(Account, Account.id == books.own.id, administration="white_label")
        found = differences("charges")
        assert len(found) == 2 and all("debits a customer who does not pay" in words for words in found)


class TestPeriods:
    @pytest.fixture
    def three(self, books):
        """Three months of the account that Northwind runs."""
        for n in (1, 2):
            in_transaction(books.tenant, lambda db, n=n: charge_month(db, held_customer_or_404(db, books.ours.id), n))
        assert differences() == []
        return books

    def middle(self, three, **values):
        change(Charge, Charge.account_id == three.ours.id, Charge.period_key == "2026-12-02", **values)

    def test_a_gap(self, three):
        self.middle(three, first_day=three.charge(three.ours).last_day + timedelta(days=3))
        assert f"account {three.ours.number}, plan from 2026-12-02: charged nowhere" in differences()

    def test_an_overlap(self, three):
        self.middle(three, last_day=three.charge(three.ours).last_day + timedelta(days=40))
        (words,) = differences()
        assert words.endswith("ends 2027-01-10, its period 2027-01-01")

    def test_a_missing_month(self, three):
        remove(Charge, Charge.account_id == three.ours.id, Charge.period_key == "2026-12-02")
        assert f"account {three.ours.number}, plan from 2026-12-02: charged nowhere" in differences("periods")

    def test_a_month_charged_twice_under_another_key(self, three):
        twice = three.charge(three.ours)
        add_row(Charge, twice, period_key="once more", number="C-999999", entry_id=None)
        assert "charge C-999999 from 2026-11-02 to 2026-12-01 is for no period" in differences("periods")

    def test_charges_of_a_plan_that_is_gone_and_an_account_without_one(self, three):
        """Red when only the subscriptions that are there are worked out again."""
        remove(Subscription, Subscription.account_id == three.ours.id)
        found = differences("periods")
        assert f"account {three.ours.number} has no plan from 2026-11-02" in found
        assert f"charge {three.charge(three.ours).number} from 2026-11-02 to 2026-12-01 is for no period" in found

    def test_a_plan_that_ends_while_the_account_goes_on(self, three):
        change(Subscription, Subscription.account_id == three.ours.id, until_day=date(2027, 2, 2))
        assert differences("periods") == [f"account {three.ours.number} has no plan from 2027-02-02"]

    def test_a_book_that_was_left_out(self, three):
        remove(Charge, Charge.account_id == three.own.id, Charge.book == "retail", Charge.item == "plan")
        assert any("charged wholesale" in words for words in differences("periods"))

    def test_a_place_moved_on_without_a_charge(self, three):
        change(Subscription, Subscription.account_id == three.ours.id, charged_to=date(2027, 3, 2))
        assert differences("periods") == [f"account {three.ours.number}, plan from 2027-02-02: charged nowhere"]

    def test_each_account_item_and_book_has_its_own(self, three):
        """Different anchors side by side are no gap."""
        in_transaction(three.tenant, lambda db: charge_month(db, held_customer_or_404(db, three.own.id), 1))
        assert differences() == []


def test_a_charge_of_nothing_needs_no_entry_and_must_have_none(books, cast):
    """Acme pays nothing at retail: the charge stands without an entry."""
    slip_in(books.tenant, f"charge:{cast.acme}:plan:2026-11-02:retail", {"sales": -1, "tax": 1})
    (words,) = differences("charges")
    assert words.endswith("is 0, the books say retail: sales -1, tax 1")
