"""Several hundred extensions and numbers: found by number or name, and shown a page at a time."""

import pytest

from portal.accounts.models import Account
from portal.kit.db import transaction
from portal.pbx.configuration import Configuration, Extension, Route
from tests.cast import on_sqlite
from tests.pbx.making import number, set_up, target
from tests.signup.browsing import words

pytestmark = on_sqlite
EXTENSIONS = tuple(Extension(number=str(n), name=f"Desk {n}") for n in range(200, 600))


@pytest.fixture
def base(phones):
    """400 extensions and 60 numbers that lead to them, of the account that Northwind runs."""
    e164s = [f"+4411349600{n:02d}" for n in range(60)]
    routes = tuple(Route(number=each, to=target(f"extension:{200 + n}")) for n, each in enumerate(e164s))
    with transaction(phones.tenant.id) as db:
        account = db.load(Account, phones.run)
        for each in e164s:
            number(db, account, each)
        set_up(db, account, phones.bob.actor, Configuration(extensions=EXTENSIONS, numbers=routes))
    return f"/customers/{phones.run}"


def test_extensions_come_by_pages_and_are_found(phones, client, base):
    bob, path = client(phones.bob), f"{base}/pbx/extensions"
    page = bob.get(path)
    assert page.text.count('scope="row"') == 50 and "400 in all" in words(page) and "before=249" in page.text
    assert "Extension 250 (Desk 250)" in words(bob.get(f"{path}?before=249"))
    found = words(bob.get(f"{path}?q=desk+59"))
    assert "14 found" in found and "Extension 599 (Desk 599)" in found and "Extension 249" not in found
    assert "Nothing fits “<b>”" in words(bob.get(f"{path}?q=%3Cb%3E")).replace("&lt;", "<").replace("&gt;", ">")
    assert bob.get(f"{path}?q=%00").status_code == 400


@pytest.mark.parametrize("below", ["/pbx/numbers", "/numbers"])
def test_numbers_are_found_in_any_writing_and_by_where_calls_go(phones, client, base, below):
    bob = client(phones.bob)
    assert "61 in all" in words(bob.get(base + below)) or "60 in all" in words(bob.get(base + below))
    for asked in ("0113 496 0059", "01134960059", "%2B441134960059", "+44 113 496 0059", "desk 259"):
        page = words(bob.get(f"{base}{below}?q={asked}"))
        assert "1 found" in page and "+44 113 496 0059" in page, asked
    assert "Nothing fits" in words(bob.get(f"{base}{below}?q=0114"))


def test_the_overview_stays_short(phones, client, base):
    page = client(phones.bob).get(f"{base}/pbx")
    assert page.text.count('class="flow-number"') == 20 and "And 41 more, with where their calls go" in words(page)


def test_short_lists_have_no_form_and_no_pages(phones, client):
    page = client(phones.owner).get(f"/account/{phones.own}/pbx/extensions")
    assert 'role="search"' not in page.text and 'class="pager"' not in page.text
