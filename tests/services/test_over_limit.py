"""A white label beyond its credit limit: nothing more is taken on, all else goes on, and customers read none of it."""

import re

import pytest

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.billing.queries import available_minor
from portal.kit.db import transaction
from tests.accounts.making import OPTION_1, active, customer, plan
from tests.cast import on_sqlite
from tests.services.test_changing import credit, order, rows
from tests.signup.browsing import words

pytestmark = on_sqlite
FIGURES = re.compile(r"white.label|lacks|operator|limit|53\.6", re.IGNORECASE)
TO_CUSTOMERS = "This cannot be done now Nothing was changed and no money moved. Write to help@northwind.example."


def go_beyond(shop, by_minor=1):
    """Lower the limit so far that so much is owed beyond it."""
    with transaction(shop.tenant.id) as db:
        account = db.load(Account, shop.tenant.account_id)
        limit = account.credit_limit_minor - available_minor(db) - by_minor
        accounts.set_credit_limit(db, account, limit, by=COMMAND_LINE)
        assert available_minor(db) == -by_minor


@pytest.fixture
def seats(shop, browse, bob):
    """Three seats on either account, and then a white label that owes too much."""
    order(browse(shop.owner), f"/account/{shop.own}", shop.seat, 3)
    order(browse(bob), f"/customers/{shop.run}", shop.seat, 3)
    go_beyond(shop, 5000)
    return shop


@pytest.mark.parametrize(("quantity", "when"), [(0, "now"), (0, "next"), (2, "now"), (2, "next"), (5, "next")])
def test_what_gives_back_or_waits_is_done_on_either_side(seats, browse, bob, quantity, when):
    """Red when an amount of nothing is held against the limit, too: nobody could switch anything off."""
    for who, base in ((seats.owner, f"/account/{seats.own}"), (bob, f"/customers/{seats.run}")):
        answer, _, quote = order(browse(who), base, seats.seat, quantity, when)
        assert answer.status_code == 303, words(answer)
        assert "Confirm the change" in quote and "cannot" not in quote


def test_a_smaller_plan_is_chosen_for_the_next_period(shop, browse):
    with transaction(shop.tenant.id) as db:
        small = plan(db, "small", retail_minor=100, wholesale_minor=50).id
    go_beyond(shop)
    answer, _, _ = order(browse(shop.owner), f"/account/{shop.own}", small, 1, "next")
    assert answer.status_code == 303


def test_an_account_whose_trial_begins_is_activated(shop):
    """It costs the white label nothing yet. Red with what needs nothing refused."""
    go_beyond(shop)
    with transaction(shop.tenant.id) as db:
        tried = plan(db, "tried", retail_minor=900, wholesale_minor=500, trial_days=14)
        assert active(db, customer(db, tried.id, OPTION_1)).state == "active"


def test_a_customer_reads_neither_figure_nor_state(seats, browse):
    """In the quote and in the answer. Red when the refusal says to all what it says to the white label."""
    before, path = credit(seats), f"/account/{seats.own}/services/{seats.seat}?quantity=4&when=now"
    page = browse(seats.owner).get(path)
    assert TO_CUSTOMERS in words(page) and "Confirm the change" not in page.text
    answer, _, _ = order(browse(seats.owner), f"/account/{seats.own}", seats.seat, 4)
    assert answer.status_code == 409 and "Write to help@northwind.example." in words(answer)
    assert "Nothing was changed and no money moved." in words(answer)
    assert not FIGURES.search(words(answer)) and not FIGURES.search(words(page))
    assert credit(seats) == before and rows(seats, seats.own) == [("seat", 3, None)]


def test_the_white_label_reads_how_much_is_missing(seats, browse, bob):
    """£3.60 for one more seat, and £50.00 that are owed beyond the limit."""
    path = f"/customers/{seats.run}/services/{seats.seat}?quantity=4&when=now"
    said = "The white-label account cannot cover this The white-label account lacks £53.60 for this. Ask the operator"
    page = browse(bob).get(path)
    assert said in words(page) and "Confirm the change" not in page.text
    answer, _, _ = order(browse(bob), f"/customers/{seats.run}", seats.seat, 4)
    assert answer.status_code == 409 and "lacks £53.60 for this" in words(answer)
    assert rows(seats, seats.run) == [("seat", 3, None)]


def test_what_the_credit_just_covers_is_not_spoken_of(shop, browse):
    go_beyond(shop, -360)
    answer, _, quote = order(browse(shop.owner), f"/account/{shop.own}", shop.seat, 1)
    assert answer.status_code == 303 and "cannot be done" not in quote
