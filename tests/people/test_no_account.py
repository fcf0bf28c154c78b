"""Whoever was removed from their last account: a page that says so and who helps, instead of a refusal."""

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Membership
from portal.kit.db import transaction
from tests.cast import PASSWORD, on_sqlite
from tests.signup.browsing import browse, words

__all__ = ["browse"]
pytestmark = on_sqlite


@pytest.fixture
def removed(northwind, cast, alice):
    with transaction(northwind.id) as db:
        for membership in db.scalars(select(Membership).where(Membership.user_id == alice.id)):
            db.delete(membership)
    return alice


def test_the_sign_in_ends_at_a_page_that_says_so_and_whom_to_ask(people, removed, northwind):
    """Red with the guard's bare refusal: "This is not yours to do", on the page that the sign-in itself led to."""
    browser = people.browser()
    browser.sign_in(removed)
    page = browser.get("/", follow_redirects=True)
    assert page.status_code == 200 and page.request.path == "/no-account" and len(page.history) == 1
    said = words(page)
    assert "You have no account here" in said and f"signed in as {removed.login_name}" in said
    assert "You were removed from the last account" in said
    assert f"write to help@{northwind.host}" in said or "mailto:" in page.text
    assert 'action="/logout"' in page.text


def test_every_other_page_leads_there_and_none_goes_round(people, removed, cast, browse):
    browser = browse(removed)
    for path in ("/account", f"/account/{cast.acme}", "/customers", "/finance/charges", "/activation/payment"):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, "/no-account"), path
    assert browser.get("/no-account").status_code == 200


def test_what_is_sent_is_refused_and_changes_nothing(people, removed, cast, browse):
    answer = browse(removed).submit(f"/account/{cast.acme}/invitations", {"address_1": "x@y.example"}, page="/profile")
    assert answer.status_code == 403 and "You were removed from the last account" in words(answer)


def test_the_profile_stays_theirs_and_so_does_the_way_out(people, removed, browse):
    browser = browse(removed)
    assert browser.get("/profile").status_code == 200 and "No account" in words(browser.get("/profile"))
    assert browser.submit("/logout", page="/no-account").status_code == 303
    assert browser.get("/no-account").location.startswith("/login")


def test_who_has_a_place_never_sees_it(people, alice, bob, fiona, olga, browse):
    """Red when the page is shown to whoever asks for its address."""
    for person in (alice, bob, fiona, olga):
        assert browse(person).get("/no-account").location == "/", person.name


@pytest.mark.parametrize(("state", "said"), [
    (State.CLOSED, "Your account is closed."), (State.INACTIVE, "Your account is not active yet."),
])
def test_an_account_that_is_not_open_is_told_by_its_name(people, alice, cast, northwind, browse, state, said):
    """Somebody who is signed in while it happens; the next sign-in is refused with the same words."""
    with transaction(northwind.id) as db:
        account = db.load(Account, cast.acme)
        account.state, account.activated_at, account.claimed_at = state, None, None
    assert said in words(browse(alice).get("/no-account"))
    form = {"login_name": alice.login_name, "password": PASSWORD}
    refused = people.browser().submit("/login", form)
    assert refused.status_code == 403 and said in words(refused)
