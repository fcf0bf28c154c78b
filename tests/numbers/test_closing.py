"""Whoever closes an account is told of the numbers that it loses."""

from portal.numbers.quote_pages import closing_words
from tests.numbers.making import give, number
from tests.numbers.test_pages import order, street
from tests.signup.browsing import words

__all__ = ["street"]


def test_whoever_closes_it_is_told_of_each_number_first(db, own, clock):
    """Red when the rest is taken for the same for all: who was called lately waits, a new number does not."""
    assert closing_words(db, own) == ""
    give(db, own, number(db))
    assert closing_words(db, own) == "Its number is released, and calls to it end. Others can have it at once."
    clock.advance(days=1)
    assert "It rests for 30 days, and then others can have it." in closing_words(db, own)
    give(db, own, number(db, 1), number(db, 2))
    assert closing_words(db, own).startswith("Its 3 numbers are released, and calls to them end. 1 of them rests")


def test_the_page_that_closes_an_account_names_the_numbers_that_go(street, browse, bob):
    """Red when only the effects on money and services are said: nobody learns that a number is lost."""
    browser, base = browse(bob), f"/customers/{street.run}"
    assert "released" not in words(browser.get(f"{base}/closure"))
    order(browser, base, street.numbers[0])
    assert "Its number is released, and calls to it end." in words(browser.get(f"{base}/closure"))
    assert "released" not in words(browser.get(f"{base}/suspension"))
