"""A number that needs an address for emergency calls: said before it is assigned, and shown the way right after."""

import pytest

from portal.kit.clock import now
from portal.kit.db import transaction
from portal.numbers.models import Number
from portal.numbers.quote_pages import assigned_words
from tests.cast import on_sqlite
from tests.numbers.making import number
from tests.numbers.test_pages import order, street
from tests.signup.browsing import value, words

__all__ = ["street"]

@on_sqlite
def test_one_is_said_and_leads_to_its_own_page(street, browse):
    """Red when every assignment leads to the list: there is no way to the address on it."""
    browser, base = browse(street.owner), f"/account/{street.own}"
    street.set(Number, street.numbers[0], needs_address=True)
    answer, _, page = order(browser, base, street.numbers[0])
    assert "It works once its address for emergency calls is entered." in page
    assert answer.location == f"{base}/numbers/{street.numbers[0]}"
    page = browser.get(answer.location)
    assert "1 number is assigned. The charges show what was debited. It works once its address" in words(page)
    assert f'href="{answer.location}/emergency">Enter the address' in page.text


@on_sqlite
def test_one_that_needs_none_is_not_said_to(street, browse):
    answer, _, page = order(browse(street.owner), f"/account/{street.own}", street.numbers[0])
    assert answer.location == f"/account/{street.own}/numbers" and "emergency" not in page


@pytest.mark.parametrize(("needs", "said"), [
    ((False, False), ""), ((True, False), " One of them works once its address for emergency calls is entered."),
    ((True, True), " They work once their addresses for emergency calls are entered."),
    ((True, True, False), " 2 of them work once their addresses for emergency calls are entered."),
])
def test_of_several_it_is_said_how_many(needs, said):
    made = [Number(needs_address=each) for each in needs]
    assert assigned_words(made, 0) == f"{len(needs)} numbers are assigned. No money moved.{said}"


@on_sqlite
def test_free_numbers_are_paged_by_their_digits(street, browse):
    """Red with *Newer* and *Older*: numbers have no age."""
    with transaction(street.tenant.id) as db:
        for n in range(100, 200):
            number(db, n)
    page = words(browse(street.owner).get(f"/account/{street.own}/numbers/search"))
    pager = page.partition("in the order of their")[2]
    assert "Before After" in pager and "Older" not in pager


@on_sqlite
def test_a_number_of_another_country_begins_with_that_country(street, browse):
    """Red while the form held the account's own address, which is refused for this number whatever is written."""
    with transaction(street.tenant.id) as db:
        theirs = {"state": "assigned", "account_id": street.own, "assigned_at": now()}
        abroad = number(db, e164="+6442129000", country="NZ", **theirs)
    page = browse(street.owner).get(f"/account/{street.own}/numbers/{abroad.id}/emergency")
    assert (value(page, "country"), value(page, "line1")) == ("NZ", "")
