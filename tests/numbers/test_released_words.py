"""What is said of the money after a number is released."""

from tests.numbers.test_pages import order, street
from tests.signup.browsing import words

__all__ = ["street"]


def released(browser, base, street, agreed):
    there = f"{base}/numbers/{street.numbers[0]}/release"
    page = words(browser.get(there))
    assert browser.submit(there, {"agreed": agreed}).status_code == 303
    return page, words(browser.get(f"{base}/numbers"))


def test_before_the_activation_no_money_moves_and_afterwards_none_did(street, browse, bob):
    """Red when every release speaks of what came back."""
    browser, base = browse(bob), f"/customers/{street.early}"
    order(browser, base, street.numbers[0])
    before, after = released(browser, base, street, 0)
    assert "No money moves now." in before
    assert "+44 113 496 0000 is released. No money moved." in after and "came back" not in after


def test_what_came_back_is_with_the_charges(street, browse, clock):
    base = f"/account/{street.own}"
    order(browse(street.owner), base, street.numbers[0])
    clock.advance(days=15)
    _, after = released(browse(street.owner), base, street, -120)
    assert "+44 113 496 0000 is released. The charges show what came back." in after
