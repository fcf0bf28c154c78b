"""Step 3, plan and payment."""

import pytest

from portal.catalogue.models import Plan
from portal.kit.db import transaction
from tests.cast import on_sqlite
from tests.signup.browsing import Wizard, errors, words

pytestmark = on_sqlite


def kept(stored):
    (draft,) = stored()
    return draft.answers.get("plan")


@pytest.fixture
def wizard(option_2):
    """Steps may be answered in any order; only the review needs all of them."""
    return option_2


def retire(tenant, code, clock):
    with transaction(tenant.id) as db:
        db.load(Plan, tenant.plans[code]).retired_at = clock()


def test_plans_are_offered_with_their_prices(wizard):
    page = words(wizard.page("plan"))
    assert "Desk Phone £10.00 a month and VAT A phone on a desk" in page
    assert "Set-up £5.00, once. Wholesale £4.00 a month and VAT." in page
    assert "Courtesy £0.00 a month and VAT Free of charge for friends Wholesale £4.00 a month and VAT." in page


def test_the_plan_and_the_day_are_kept(wizard, northwind, stored):
    assert wizard.plan(first_day="2026-12-24").status_code == 303
    assert kept(stored) == {
        "plan": str(northwind.plans["desk"]), "first_day": "2026-12-24", "billing_day": "", "least_funding": "",
        "least_funding_minor": None}


@pytest.mark.parametrize("day", ["1", "28", "31"])
def test_a_billing_day_is_kept(wizard, stored, day):
    assert wizard.plan(billing_day=day).status_code == 303 and kept(stored)["billing_day"] == day


@pytest.mark.parametrize("day", ["0", "29", "32", "-1", "first"])
def test_a_billing_day_is_one_of_those_offered(wizard, stored, day):
    assert "billing_day" in errors(wizard.plan(billing_day=day)) and kept(stored) is None


class TestTheLeastFirstPayment:
    def test_may_be_more_than_the_plan_asks_for(self, option_1, stored):
        assert option_1.plan(least_funding="75.50").status_code == 303
        assert kept(stored)["least_funding_minor"] == 7550

    @pytest.mark.parametrize(("typed", "said"), [
        ("19.99", "The plan asks for £20.00 itself. Ask for more, or none."),
        ("much", "Write an amount in figures, such as 50.00 or 1,250.00."),
        ("1e400", "Write an amount in figures, such as 50.00 or 1,250.00."),
        ("0.001", "GBP has 2 decimal places at most."),
        ("-5", "Write an amount in figures, such as 50.00 or 1,250.00."),
    ])
    def test_is_an_amount_and_not_less(self, option_1, stored, typed, said):
        answer = option_1.plan(least_funding=typed)
        assert errors(answer)["least_funding"] == said and kept(stored) is None


def test_without_a_day_it_starts_on_activation(wizard, stored):
    assert wizard.plan().status_code == 303 and kept(stored)["first_day"] is None


@pytest.mark.parametrize(("day", "said"), [
    ("2026-11-01", "This day is past. Leave it empty to start on activation."),
    ("2027-11-04", "Choose a day within a year."), ("9999-12-31", "Choose a day within a year."),
    ("2026-02-30", "Not a valid date value."), ("soon", "Not a valid date value."),
])
def test_a_day_that_will_not_do_is_said_beside_the_field(wizard, stored, day, said):
    answer = wizard.plan(first_day=day)
    assert answer.status_code == 422 and errors(answer)["first_day"] == said and kept(stored) is None


@pytest.mark.parametrize("day", ["2026-11-02", "2027-11-03"])
def test_today_and_a_year_from_now_will_do(wizard, day):
    assert wizard.plan(first_day=day).status_code == 303


def test_today_is_the_white_labels_own(browse, charlie, kauri, clock):
    """The evening of the 2nd in London is the 3rd in Auckland. Red when the day is taken from the clock's zone."""
    clock.advance(hours=11)
    there = Wizard(browse(charlie), kauri.plans["desk"])
    assert there.plan(first_day="2026-11-02").status_code == 422
    assert there.plan(first_day="2026-11-03").status_code == 303


@pytest.mark.parametrize("chosen", ["", "desk", "00000000-0000-0000-0000-000000000000"])
def test_a_plan_has_to_be_chosen_from_those_on_sale(wizard, stored, chosen):
    assert "plan" in errors(wizard.plan(plan=chosen)) and kept(stored) is None


def test_another_white_labels_plan_is_none_of_ours(wizard, kauri, stored):
    assert "plan" in errors(wizard.plan(plan=str(kauri.plans["desk"]))) and kept(stored) is None


def test_a_retired_plan_is_not_offered_and_not_taken(wizard, northwind, clock):
    retire(northwind, "desk", clock)
    assert "Desk Phone" not in words(wizard.page("plan"))
    assert "plan" in errors(wizard.plan())


def test_without_any_plan_the_page_says_whom_to_ask(wizard, northwind, clock):
    for code in ("desk", "courtesy"):
        retire(northwind, code, clock)
    assert "No plan is on sale yet. Ask the operator to add one." in words(wizard.page("plan"))


def test_who_pays_is_said_for_each_option(wizard, option_1):
    assert "Payer Northwind Telecom, your white-label account" in words(wizard.page("plan"))
    option_1.contact()
    assert "Payer The customer, by card through your Stripe account" in words(option_1.page("plan"))
