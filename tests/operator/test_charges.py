"""A charge is given back, and issued again, by the operator: found by its number, with both sides shown first."""

import pytest
from sqlalchemy import select

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge
from portal.kit.db import reading, transaction
from portal.kit.jobs import Job
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.verify import verify
from tests.accounts.making import OPTION_1, active, customer
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, value, words


@pytest.fixture
def plan(northwind, clock):
    """The first month of a customer that pays for itself: 4.80 at wholesale, 12.00 at retail."""
    with transaction(northwind.id) as db:
        account = active(db, customer(db, northwind.plans["desk"], OPTION_1, name="Tidewater"), paid_minor=5000)
        wanted = select(Charge).where(Charge.account_id == account.id, Charge.item == "plan")
        return db.scalars(wanted.where(Charge.book == "wholesale")).one()


def address(northwind, charge):
    return f"{page_of(northwind)}/charges/{charge.id}"


def balances(northwind, charge):
    with reading(northwind.id) as db:
        ours, theirs = northwind.account_id, charge.account_id
        return credit_minor(db, Book.WHOLESALE, ours), credit_minor(db, Book.RETAIL, theirs)


def give_back(desk, at, reason="Wrong name", amount=None):
    """Through the review, as a person does; without an amount all that is left. The answer to the confirmation."""
    amount = amount or value(desk.get(at), "amount")
    asked = {"amount": amount, "reason": reason}
    review = desk.get(f"{at}/credit", query_string=asked)
    return desk.send(f"{at}/credit", {**asked, "left": value(review, "left")})


def issue_again(desk, at):
    """Through the review, as a person does. The answer to the confirmation."""
    return desk.send(f"{at}/again", {"reviewed": value(desk.get(f"{at}/again"), "reviewed")})


def test_it_is_found_by_its_number_however_written(desk, northwind, plan):
    answer = desk.get(f"{page_of(northwind)}/charges?number=+{plan.number.lower()}+")
    assert answer.headers["Location"] == address(northwind, plan)
    for number in ("C-999999", "x" * 500):
        assert "No charge has this number" in words(desk.get(f"{page_of(northwind)}/charges?number={number}"))


def test_given_back_once_in_both_books_with_its_reason(desk, northwind, plan, rows):
    page = words(desk.get(address(northwind, plan)))
    assert "£4.80 to the white-label account and £12.00 to the credit of Tidewater" in page
    wholesale, retail = balances(northwind, plan)
    form = {"amount": "12.00", "reason": "The lines were down"}
    review = desk.get(f"{address(northwind, plan)}/credit", query_string=form)
    for said in ("Give £12.00 of", "To the white-label account £4.80: £4.00 and £0.80 VAT", "Then nothing is left of"):
        assert said in words(review)
    assert balances(northwind, plan) == (wholesale, retail)
    form["left"] = value(review, "left")
    assert desk.send(f"{address(northwind, plan)}/credit", form).status_code == 303
    assert balances(northwind, plan) == (wholesale + 480, retail + 1200)
    page = words(desk.get(address(northwind, plan)))
    assert "by Olga" in page and "The lines were down" in page and "Review giving" not in page
    assert [job.name for job in rows(Job) if job.name == "statements.credit-notes"] == ["statements.credit-notes"]
    assert desk.send(f"{address(northwind, plan)}/credit", form).status_code == 409
    assert balances(northwind, plan) == (wholesale + 480, retail + 1200)


def test_issued_again_once(desk, northwind, plan):
    before = balances(northwind, plan)
    at = address(northwind, plan)
    assert desk.get(f"{at}/again").status_code == 409
    give_back(desk, at)
    assert "Review issuing it again" in words(desk.get(at))
    assert issue_again(desk, at).status_code == 303
    assert "Review issuing it again" not in words(desk.get(at)) and desk.get(f"{at}/again").status_code == 409
    assert balances(northwind, plan) == before
    assert [f.differences for f in verify() if f.differences and f.what != "letters"] == []


@on_sqlite
def test_what_was_issued_again_is_named_on_both_with_links(desk, northwind, plan, rows):
    """Twice over: the third replaces the second. Red when the ties are looked for in either book, or by the first key
    alone."""
    def months(book="wholesale"):
        found = rows(Charge, item="plan", book=book, account_id=plan.account_id)
        return {each.period_key: each for each in found}

    for more in ("", "+1"):
        last = months()[f"{plan.period_key}{more}"]
        give_back(desk, address(northwind, last))
        issue_again(desk, address(northwind, last))
    by_key = months()
    first, second, third = (by_key[f"{plan.period_key}{more}"] for more in ("", "+1", "+2"))
    shown = {each.number: desk.get(address(northwind, each)) for each in (first, second, third)}
    assert f"Replaced by {second.number}" in words(shown[first.number])
    assert "Replaces" not in words(shown[first.number])
    assert f"Replaces {first.number}" in words(shown[second.number])
    assert f"Replaced by {third.number}" in words(shown[second.number])
    assert f"Replaces {second.number}" in words(shown[third.number])
    assert "Replaced by" not in words(shown[third.number])
    assert f'href="{address(northwind, second)}"' in shown[first.number].text
    theirs = months("retail")
    page = words(desk.get(address(northwind, theirs[plan.period_key])))
    assert f"Replaced by {theirs[f'{plan.period_key}+1'].number}" in page
    credit = by_key[f"{plan.period_key}~all"]
    assert f"Gives back {first.number}" in words(desk.get(address(northwind, credit)))
    assert f"Given back by {credit.number}" in words(shown[first.number])


def test_without_a_reason_nothing_is_given_back(desk, northwind, plan):
    before, at = balances(northwind, plan), f"{address(northwind, plan)}/credit"
    form = {"amount": "12.00", "reason": " ", "left": "1200"}
    for answer in (desk.send(at, form), desk.get(at, query_string=form)):
        assert answer.status_code == 422 and errors(answer) == {"reason": "Write why it is given back."}
    assert balances(northwind, plan) == before


@on_sqlite
def test_in_parts_until_nothing_is_left(desk, northwind, plan):
    """The parts of the white-label account are the same shares, and the last one takes exactly what is left."""
    before, at = balances(northwind, plan), address(northwind, plan)
    assert give_back(desk, at, "The first days", "5.00").status_code == 303
    page = words(desk.get(at))
    assert "£2.80 to the white-label account and £7.00 to the credit of Tidewater can be given back." in page
    assert "It cannot be issued again. Only a charge of which nothing is left can be." in page
    assert "Given back in part by C-" in page and "£2.00 on" in page and "The first days" in page
    assert give_back(desk, at, "The rest", "7.00").status_code == 303
    assert balances(northwind, plan) == (before[0] + 480, before[1] + 1200)
    page = words(desk.get(at))
    assert "can be given back" not in page and page.count("Given back in part by") == 2
    assert issue_again(desk, at).status_code == 303 and balances(northwind, plan) == before
    assert [f.differences for f in verify() if f.differences and f.what != "letters"] == []


@on_sqlite
@pytest.mark.parametrize(("amount", "said"), [
    ("7.01", "Write an amount up to £7.00: no more is left of this charge."),
    ("9" * 15, "Write at most £9,999,999,999.99."),
    ("0", "The amount must be above zero."),
    ("-1", "Write an amount in figures"),
    ("1e400", "Write an amount in figures"),
    ("7\u202e", "Leave out invisible signs"),
    ("1.001", "GBP has 2 decimal places at most."),
    ("", "Write an amount."),
])  # fmt: skip
def test_no_more_than_is_left(desk, northwind, plan, amount, said):
    """Red without `check_part`."""
    at = address(northwind, plan)
    give_back(desk, at, amount="5.00")
    before, form = balances(northwind, plan), {"amount": amount, "reason": "Again", "left": "700"}
    for answer in (desk.get(f"{at}/credit", query_string=form), desk.send(f"{at}/credit", form)):
        assert answer.status_code == 422 and said in errors(answer)["amount"]
    assert balances(northwind, plan) == before


@on_sqlite
def test_sent_twice_or_from_an_old_page_it_gives_back_once(desk, northwind, plan):
    """Red without the look at what was left when it was agreed to."""
    at, form = address(northwind, plan), {"amount": "5.00", "reason": "Once", "left": "1200"}
    give_back(desk, at, "Once", "5.00")
    before = balances(northwind, plan)
    answer = desk.send(f"{at}/credit", form)
    assert answer.status_code == 409 and "was given back meanwhile" in words(answer)
    assert balances(northwind, plan) == before


@on_sqlite
@pytest.mark.parametrize("left", ["", "many", "-1", "9" * 400, None])
def test_without_the_review_nothing_is_given_back(desk, northwind, plan, left):
    """Red with the words of a form that was sent twice, which this one was not."""
    at, form = address(northwind, plan), {"amount": "5.00", "reason": "Once"}
    before = balances(northwind, plan)
    answer = desk.send(f"{at}/credit", form if left is None else {**form, "left": left})
    assert answer.status_code == 422 and "It was confirmed without its review." in words(answer)
    assert f'href="{at}"' in answer.text and balances(northwind, plan) == before


@on_sqlite
def test_each_refusal_leads_back_to_the_charge(desk, northwind, plan):
    """Red without `_a_way_back`: the start page was all that there was."""
    at = address(northwind, plan)
    form = {"amount": "12.00", "reason": "Once", "left": "1100"}
    asked = {"reviewed": "plan 2026-11-02+1 480 1200"}
    refused = [desk.send(f"{at}/again", asked), desk.get(f"{at}/again"), desk.send(f"{at}/credit", form)]
    give_back(desk, at)
    refused += [desk.send(f"{at}/credit", form), desk.get(f"{at}/credit", query_string=form)]
    with transaction(northwind.id) as db:
        accounts.close(db, db.load(Account, plan.account_id), reason="Moved", by=COMMAND_LINE)
    refused += [desk.send(f"{at}/again", asked), desk.get(f"{at}/again")]
    for answer in refused:
        assert answer.status_code == 409 and f'href="{at}"' in answer.text


@on_sqlite
@pytest.mark.parametrize("amount", ["5.00", "12.00"])
def test_the_review_says_that_what_is_closed_is_not_charged_again(desk, northwind, plan, amount):
    """Red while the review asked for nothing but the amount."""
    at, form = address(northwind, plan), {"amount": amount, "reason": "Moved away"}
    assert "It can be issued again" in words(desk.get(f"{at}/credit", query_string=form))
    with transaction(northwind.id) as db:
        accounts.close(db, db.load(Account, plan.account_id), reason="Moved", by=COMMAND_LINE)
    page = words(desk.get(f"{at}/credit", query_string={**form, "amount": "1.00"}))
    assert "It cannot be issued again. The account is closed" in page and "It can be issued" not in page
