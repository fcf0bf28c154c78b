"""A change for the next period that the credit will not cover then: said with the quote, and not refused."""

import re
from datetime import date

import pytest

from portal.billing.run import bill_white_label
from portal.kit.db import reading
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from tests.cast import on_sqlite
from tests.services.test_changing import order

pytestmark = on_sqlite
SHORT = re.compile(r"Your credit will not cover this on 2 December 2026 Your credit is £([\d.]+) today. With what you"
                   r" have, £([\d.]+) is charged by then. Add £([\d.]+) before that day. It can be confirmed now.")


def credit(shop):
    with reading(shop.tenant.id) as db:
        return credit_minor(db, Book.RETAIL, shop.own)


def said(quote):
    found = SHORT.search(quote)
    return None if found is None else [int(amount.replace(".", "")) for amount in found.groups()]


@pytest.mark.parametrize(("have", "more"), [(0, 0), (3, 0), (0, 1), (8, 2)])
def test_what_is_said_to_be_missing_is_missing_on_that_day(shop, browse, clock, have, more):
    """Seats for all the credit, so that the plan of the same day is not covered. Red when only the change is counted,
    or what it ends is, too."""
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    if have:
        order(browser, base, shop.seat, have)
    answer, agreed, quote = order(browser, base, shop.seat, credit(shop) // 1080 + more, "next")
    has, due, missing = said(quote)
    assert answer.status_code == 303 and (has, due) == (credit(shop), agreed + 1200) and missing == due - has
    clock.advance(days=30)
    bill_white_label(shop.tenant.id, date(2026, 12, 2), by="a test")
    assert credit(shop) == -missing


def test_what_is_covered_is_not_warned_of(shop, browse, clock):
    """To the last penny. What a change switches off is never missing."""
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    order(browser, base, shop.seat, 2)
    seats = (credit(shop) - 1200) // 1080
    assert said(order(browser, base, shop.seat, seats, "next")[2]) is None


def test_a_larger_plan_is_counted_instead_of_the_present_one(shop, browse):
    base, browser = f"/account/{shop.own}", browse(shop.owner)
    order(browser, base, shop.seat, credit(shop) // 1080)
    _, agreed, quote = order(browser, base, shop.bigger, 1, "next")
    has, due, missing = said(quote)
    seats = due - agreed
    assert agreed == 3600 and has == credit(shop) and seats % 1080 == 0 < seats and missing == due - has


def test_it_leads_to_where_credit_is_added(shop, browse):
    page = browse(shop.owner).get(f"/account/{shop.own}/services/{shop.seat}?quantity=100&when=next").text
    assert "will not cover this" in page and f'href="/account/{shop.own}/credit">Add credit</a>' in page


def test_where_the_white_label_pays_no_credit_is_named(shop, browse, bob):
    page = browse(bob).get(f"/customers/{shop.run}/services/{shop.seat}?quantity=100&when=next").text
    assert "Confirm the change" in page and "will not cover this" not in page
