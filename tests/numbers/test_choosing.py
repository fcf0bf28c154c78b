"""Choosing among the free numbers that a search shows: too many, or none."""

import re

import pytest

from portal.kit.db import transaction
from portal.numbers.assigning import MOST_RESERVED, reserved_for
from portal.numbers.models import Number
from tests.cast import on_sqlite
from tests.numbers.making import number
from tests.numbers.test_pages import reserve, street
from tests.signup.browsing import words

__all__ = ["street"]


@on_sqlite
def test_too_many_at_once_are_told_with_the_way_back_and_none_is_reserved(street, browse):
    """Red when the choice is read outside of what adds the way: the page ended at "We could not read this request"."""
    with transaction(street.tenant.id) as db:
        ids = [number(db, n).id for n in range(100, 101 + MOST_RESERVED)]
    browser, base = browse(street.owner), f"/account/{street.own}"
    page = browser.get(f"{base}/numbers/search")
    assert len(re.findall('name="chosen"', page.text)) > MOST_RESERVED and "20 at most" in words(page)
    answer = reserve(browser, base, *ids, country="GB", digits="0113")
    assert answer.status_code == 400 and "21 were chosen, and 20 at most are taken at once." in words(answer)
    assert f'href="{base}/numbers/search?country=GB&amp;digits=0113"' in answer.text
    with transaction(street.tenant.id) as db:
        assert not reserved_for(db, street.own) and {db.load(Number, id).state for id in ids} == {"free"}
    assert reserve(browser, base, *ids[1:]).status_code == 303


@on_sqlite
@pytest.mark.parametrize(("chosen", "says"), [((), "Choose numbers in the list first."), (("x",), "not readable")])
def test_no_choice_or_none_that_can_be_read_leads_back_too(street, browse, chosen, says):
    base = f"/account/{street.own}"
    answer = reserve(browse(street.owner), base, *chosen, kind="geographic")
    assert answer.status_code == 400 and says in words(answer)
    assert f'href="{base}/numbers/search?kind=geographic"' in answer.text
