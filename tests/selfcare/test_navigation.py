"""The side navigation of somebody with accounts: the parts of the one that is open, and of an only one always."""

import re

import pytest

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.queries import held_customer_or_404
from portal.identity.models import User
from portal.kit.db import transaction
from tests.accounts.making import OPTION_1
from tests.cast import on_sqlite

pytestmark = on_sqlite

PARTS = ["Services", "Numbers", "Phone settings", "People"]


def shown(page):
    """The labels, and the one that is marked as present."""
    side = re.search(r'<nav class="side".*?</nav>', page.text, re.DOTALL).group()
    items = re.findall(r'<a[^>]*href="(/account[^"]*)"([^>]*)>(.*?)</a>', side, re.DOTALL)
    labels = [re.sub(r"<[^>]+>|\s+", " ", label).strip() for _, _, label in items]
    return labels, [label for label, (_, more, _) in zip(labels, items, strict=True) if "aria-current" in more]


@pytest.fixture
def two(owner_of, northwind):
    first, owner = owner_of(OPTION_1, name="Birch")
    second, _ = owner_of(OPTION_1, name="Cedar")
    with transaction(northwind.id) as db:
        account = held_customer_or_404(db, second)
        add_member(db, account, db.load(User, owner.id), Role.STANDARD)
    return first, second, owner


def test_of_several_the_open_ones_parts_are_shown_and_the_present_one_is_marked(two, browse):
    """Red when parts are shown for an only account alone: nothing was marked on the other pages of two accounts."""
    first, _, owner = two
    browser = browse(owner)
    assert shown(browser.get(f"/account/{first}")) == (["Birch", *PARTS, "Cedar"], ["Birch"])
    assert shown(browser.get(f"/account/{first}/numbers")) == (["Birch", *PARTS, "Cedar"], ["Numbers"])
    assert shown(browser.get(f"/account/{first}/pbx/extensions")) == (["Birch", *PARTS, "Cedar"], ["Phone settings"])


def test_people_are_for_who_runs_the_very_account(two, browse):
    """Red when running any account shows everyone's People: the page answers 403."""
    _, second, owner = two
    page = browse(owner).get(f"/account/{second}/services")
    assert shown(page) == (["Birch", "Cedar", *PARTS[:-1]], ["Services"])


def test_elsewhere_only_the_accounts_are_named(two, browse):
    assert shown(browse(two[2]).get("/account")) == (["Birch", "Cedar"], [])
