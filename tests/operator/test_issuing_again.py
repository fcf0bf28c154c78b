"""Issuing a charge again is looked at first, and what is confirmed is what was looked at."""

import pytest
from sqlalchemy import select, update

from portal.accounts.lifecycle import Administration
from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.db import transaction
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, plan as plan_at
from tests.cast import on_sqlite
from tests.operator.test_charges import address, balances, give_back, plan
from tests.signup.browsing import value, words

__all__ = ["plan"]
pytestmark = on_sqlite


@pytest.fixture
def given(desk, northwind, plan):
    """The address of a charge that was given back in whole."""
    at = address(northwind, plan)
    give_back(desk, at)
    return at


def reviewed(desk, at):
    return {"reviewed": value(desk.get(f"{at}/again"), "reviewed")}


def charge_of(northwind, administration, **prices):
    with transaction(northwind.id) as db:
        has = plan_at(db, "other", **{"retail_minor": 1000, "wholesale_minor": 400, **prices}).id
        paid_minor = 5000 if administration is OPTION_1 else 0
        account = active(db, customer(db, has, administration, name="Otter"), paid_minor=paid_minor)
        wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == "wholesale")
        return db.scalars(wanted).one()


def test_it_says_what_is_charged_to_whom(desk, northwind, plan, given):
    before = balances(northwind, plan)
    page = words(desk.get(f"{given}/again"))
    for said in (
        f"Issue {plan.number} again?", "Tidewater, account ",
        "Wholesale £4.80: £4.00 and £0.80 VAT, to the white-label account",
        "Retail £12.00: £10.00 and £2.00 VAT, to the customer's credit",
        f"A new charge replaces {plan.number}.", f"The credit of Tidewater is £{(before[1] - 1200) / 100:.2f} then.",
        "No money has moved yet. It does at once when you confirm.",
    ):  # fmt: skip
        assert said in page
    assert balances(northwind, plan) == before
    assert desk.send(f"{given}/again", reviewed(desk, given)).status_code == 303
    assert balances(northwind, plan) == (before[0] - 480, before[1] - 1200)


def test_where_the_white_label_pays_retail_is_charged_nothing(desk, northwind):
    at = address(northwind, charge_of(northwind, OPTION_2))
    give_back(desk, at)
    page = words(desk.get(f"{at}/again"))
    assert "Retail Nothing: the white label pays for this account." in page and "The credit of" not in page


@pytest.mark.parametrize("form", [{}, {"reviewed": ""}])
def test_without_the_review_nothing_is_charged(desk, northwind, plan, given, form):
    """Red while one click charged it."""
    before = balances(northwind, plan)
    answer = desk.send(f"{given}/again", form)
    assert answer.status_code == 422 and "Look at what this charges first" in words(answer)
    assert f'href="{given}"' in answer.text and balances(northwind, plan) == before


def test_sent_twice_it_is_charged_once(desk, northwind, plan, given):
    """Called so: red while the second was told that the charge was not given back."""
    form = reviewed(desk, given)
    assert desk.send(f"{given}/again", form).status_code == 303
    before, again = balances(northwind, plan), desk.send(f"{given}/again", form)
    assert again.status_code == 409 and "This charge was issued again already" in words(again)
    assert balances(northwind, plan) == before


def test_an_old_page_charges_nothing(desk, northwind, plan, given, rows):
    """What was charged again was given back, too. Red without `as_reviewed`: the old confirmation charges once more."""
    form = reviewed(desk, given)
    desk.send(f"{given}/again", form)
    second = rows(Charge, book="wholesale", account_id=plan.account_id, period_key=f"{plan.period_key}+1")[0]
    give_back(desk, address(northwind, second))
    before, answer = balances(northwind, plan), desk.send(f"{given}/again", form)
    assert answer.status_code == 409 and "This is not what you were shown" in words(answer)
    assert f'href="{given}"' in answer.text and balances(northwind, plan) == before


@pytest.mark.parametrize("form", ["x" * 5000, "\u202eplan", "plan 2026-11-02+1 1 1"])
def test_what_no_review_showed_charges_nothing(desk, northwind, plan, given, form):
    before = balances(northwind, plan)
    assert desk.send(f"{given}/again", {"reviewed": form}).status_code == 409
    assert balances(northwind, plan) == before


def test_another_payer_is_not_what_was_reviewed(desk, northwind, plan, given):
    """Red when only the time that it is charged is compared."""
    form, before = reviewed(desk, given), balances(northwind, plan)
    with transaction(northwind.id) as db:
        theirs = update(Account).where(Account.id == plan.account_id)
        db.execute(theirs.values(administration=Administration.WHITE_LABEL))
    assert desk.send(f"{given}/again", form).status_code == 409 and balances(northwind, plan) == before


NOTE = "If it stands on a statement"


@pytest.mark.parametrize(("prices", "said"), [
    ({}, f"{NOTE}, a credit note that refers to it follows."),
    ({"retail_minor": 0}, f"{NOTE} of the white label, a credit note"),
    ({"wholesale_minor": 0}, f"{NOTE} of Otter, a credit note"),
])
def test_a_credit_note_is_announced_where_something_comes_back(desk, northwind, prices, said):
    """Red with one sentence for all books."""
    at = address(northwind, charge_of(northwind, OPTION_1, **prices))
    asked = {"amount": value(desk.get(at), "amount"), "reason": "Never worked"}
    assert said in words(desk.get(f"{at}/credit", query_string=asked))


def test_of_nothing_no_credit_note_is_announced(desk, northwind):
    at = address(northwind, charge_of(northwind, OPTION_2, wholesale_minor=0))
    page = words(desk.get(f"{at}/credit", query_string={"amount": "0.00", "reason": "Never worked"}))
    assert "Give £0.00 of" in page and NOTE not in page and "No money moves." in page
