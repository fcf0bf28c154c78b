"""A quote that what has begun meanwhile made old."""

import re

from tests.numbers.test_pages import order, street
from tests.signup.browsing import words

__all__ = ["street"]


def test_before_the_run_of_the_night_the_second_quote_is_the_right_one(street, browse, bob, clock):
    """A month begins today and is not charged yet. Red without `as_quoted`: no confirmation would ever fit."""
    base = f"/customers/{street.run}"
    order(browse(bob), base, street.numbers[0])
    clock.advance(days=30)
    path, browser = f"{base}/numbers/{street.numbers[0]}/release", browse(bob)

    def agreed():
        return re.search(r'name="agreed" value="(-?\d+)"', browser.get(path).text)[1]

    refused = browser.submit(path, {"agreed": agreed()})
    assert refused.status_code == 409 and "Nothing else was changed." in words(refused)
    assert browser.submit(path, {"agreed": agreed()}).status_code == 303
