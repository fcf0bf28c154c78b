"""The white-label account is prepaid plus a limit. An activation beyond that is refused, with how much is missing."""

import pytest
from sqlalchemy import func, select

from portal.accounts.commands import set_credit_limit
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, white_label_account
from portal.activation.commands import activate_as_administrator
from portal.audit.commands import COMMAND_LINE
from portal.billing.commands import NotEnoughCredit, hold_white_label_credit
from portal.billing.models import Charge
from portal.billing.queries import available_minor
from portal.kit.db import reading, transaction
from portal.kit.money import Money
from portal.letters.models import Letter
from tests.accounts.making import customer, plan, white_label_in
from tests.threads import at_once


def made(tenant, *names, wholesale_minor=1000):
    """One inactive account for each name, on a plan of this price."""
    with transaction(tenant.id) as db:
        wanted = plan(db, wholesale_minor=wholesale_minor)
        return [customer(db, wanted.id, name=name).id for name in names]


def activate(tenant, account_id):
    with transaction(tenant.id) as db:
        activate_as_administrator(db, held_customer_or_404(db, account_id), by=COMMAND_LINE)


def charged(tenant):
    with reading(tenant.id) as db:
        return db.scalar(select(func.count(Charge.id))), available_minor(db)


def prepaid(credit_minor, host="narrow.localhost", currency="GBP"):
    return white_label_in(currency, host, credit_minor=credit_minor)


class TestRefused:
    @pytest.mark.parametrize(("credit", "missing"), [(0, 1000), (1, 999), (999, 1), (500, 500)])
    def test_when_the_credit_does_not_cover_it_and_says_by_how_much(self, database, cast, credit, missing):
        tenant = prepaid(credit)
        (account_id,) = made(tenant, "Birch")
        with pytest.raises(NotEnoughCredit) as refused:
            activate(tenant, account_id)
        assert refused.value.missing == Money(missing, "GBP")
        assert refused.value.own_words[1].startswith(f"The white-label account lacks £{missing / 100:.2f}")

    def test_and_then_nothing_at_all_has_happened(self, database, cast):
        """Red when the account is switched on before the credit is held, in a transaction of its own."""
        tenant = prepaid(999)
        (account_id,) = made(tenant, "Birch")
        with pytest.raises(NotEnoughCredit):
            activate(tenant, account_id)
        assert charged(tenant) == (0, 999)
        with reading(tenant.id) as db:
            account = db.load(Account, account_id)
            assert (account.state, account.activated_at) == ("inactive", None)
            assert db.scalars(select(Letter)).all() == []

    @pytest.mark.parametrize(("currency", "words"), [("JPY", "￥1,000"), ("KWD", "KWD1.000")])
    def test_in_the_words_of_its_currency(self, database, cast, currency, words):
        tenant = prepaid(0, currency=currency)
        (account_id,) = made(tenant, "Birch")
        with pytest.raises(NotEnoughCredit) as refused:
            activate(tenant, account_id)
        assert refused.value.missing == Money(1000, currency)
        assert words in refused.value.own_words[1]

    def test_with_its_tax_counted_in(self, database, cast):
        tenant = white_label_in("GBP", "taxed.localhost", credit_minor=1000, wholesale_tax_ppm=200_000)
        (account_id,) = made(tenant, "Birch")
        with pytest.raises(NotEnoughCredit) as refused:
            activate(tenant, account_id)
        assert refused.value.missing.minor == 200


class TestTaken:
    def test_when_the_credit_is_exactly_enough(self, database, cast):
        tenant = prepaid(1000)
        (account_id,) = made(tenant, "Birch")
        activate(tenant, account_id)
        assert charged(tenant) == (1, 0)

    def test_down_to_the_limit_below_zero_and_no_further(self, database, cast):
        tenant = prepaid(0)
        first, second = made(tenant, "Birch", "Cedar")
        with transaction(tenant.id) as db:
            set_credit_limit(db, white_label_account(db), 1500, by=COMMAND_LINE)
        activate(tenant, first)
        assert charged(tenant) == (1, 500)
        with pytest.raises(NotEnoughCredit) as refused:
            activate(tenant, second)
        assert refused.value.missing.minor == 500

    def test_whatever_costs_nothing(self, database, cast):
        tenant = prepaid(0)
        (account_id,) = made(tenant, "Birch", wholesale_minor=0)
        activate(tenant, account_id)
        assert charged(tenant) == (0, 0)

    def test_holding_answers_with_the_account_that_pays(self, db, northwind):
        assert hold_white_label_credit(db, 1).id == northwind.account_id


class TestTheLastCredit:
    @pytest.mark.parametrize(("credit", "winners"), [(1000, 1), (2500, 2)])
    def test_is_spent_once_by_activations_at_once(self, database, cast, credit, winners):
        """Red when the balance is read without holding it: all of them would find it sufficient."""
        tenant = prepaid(credit)
        ids = made(tenant, "Birch", "Cedar", "Dogwood", "Elm")
        answers = at_once(4, lambda n: activate(tenant, ids[n]))
        assert sum(answer is None for answer in answers) == winners
        assert sum(isinstance(answer, NotEnoughCredit) for answer in answers) == 4 - winners
        assert charged(tenant) == (winners, credit - winners * 1000)
        with reading(tenant.id) as db:
            states = sorted(db.scalars(select(Account.state).where(Account.kind == "customer")))
        assert states == ["active"] * winners + ["inactive"] * (4 - winners)

    def test_of_an_account_that_never_had_a_line_is_held_as_well(self, database, cast):
        """No grant yet, so there is no row to lock: it is made first. Red when a missing row is simply skipped."""
        tenant = prepaid(0)
        ids = made(tenant, "Birch", "Cedar", "Dogwood")
        with transaction(tenant.id) as db:
            set_credit_limit(db, white_label_account(db), 1000, by=COMMAND_LINE)
        answers = at_once(3, lambda n: activate(tenant, ids[n]))
        assert sum(answer is None for answer in answers) == 1 and charged(tenant) == (1, 0)

    def test_the_same_account_activated_at_once_is_charged_once(self, database, cast):
        """Red when the account's row is not held: both would find it inactive."""
        tenant = prepaid(5000)
        (account_id,) = made(tenant, "Birch")
        answers = at_once(4, lambda n: activate(tenant, account_id))
        assert sum(answer is None for answer in answers) == 1
        assert all(type(a).__name__ == "NotInactive" for a in answers if a is not None)
        assert charged(tenant) == (1, 4000)
