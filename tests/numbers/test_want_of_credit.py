"""Numbers that the customer's credit does not cover: whoever can add to it is led there, and others read who can."""

from portal.catalogue.models import Service
from tests.cast import on_sqlite
from tests.numbers.test_pages import quoted, reserve, street
from tests.signup.browsing import words

__all__ = ["street"]
pytestmark = on_sqlite


def refused(browser, street, base):
    """The quote, and the answer to a confirmation of it all the same."""
    street.set(Service, street.geo, opening_retail_minor=20_000)
    reserve(browser, base, street.numbers[0])
    form, page = quoted(browser, base)
    return page, browser.post(f"{base}/numbers/quote", data=form)


def test_the_customer_is_led_to_adding_credit(street, browse):
    base = f"/account/{street.own}"
    page, answer = refused(browse(street.owner), street, base)
    assert answer.status_code == 422 and "Add credit first" in words(answer)
    for shown in (page, answer):
        assert f'href="{base}/credit">Add credit</a>' in shown.text
    assert f'href="{base}/numbers"' in answer.text


def test_a_white_label_reads_who_adds_it(street, browse, bob):
    """Red with one sentence for both: there is nothing that it could add."""
    base = f"/customers/{street.own}"
    page, answer = refused(browse(bob), street, base)
    assert answer.status_code == 422 and "The administrators of the account add credit" in words(answer)
    assert f'href="{base}/numbers"' in answer.text and "Add credit" not in answer.text + page.text
