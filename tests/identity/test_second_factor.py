"""Signing in with a second factor: staff cannot do without, a code counts once, a recovery code stands in once."""

import pytest

from tests.cast import PASSWORD
from tests.identity.phones import phone_on, set_up
from tests.signup.browsing import words


@pytest.fixture
def strict(app, change_settings):
    """Staff need a second factor, as in a real installation."""
    return change_settings(staff_factor="required")


def at_door(client, person):
    browser = client(person.host)
    answer = browser.submit("/login", {"login_name": person.login_name, "password": PASSWORD})
    assert answer.status_code == 303
    return browser


def test_staff_enrol_at_their_first_sign_in(strict, client, bob, clock):
    browser = at_door(client, bob)
    sent = browser.get("/customers?q=a")
    assert sent.location == "/login/second-factor?next=%2Fcustomers%3Fq%3Da"
    page = browser.get(sent.location)
    assert page.status_code == 200 and "<svg" in page.text
    phone = phone_on(page.text)
    done = browser.submit("/login/second-factor", {"new_code": phone.code(), "next": "/customers?q=a"})
    assert done.status_code == 200 and "Keep these recovery codes" in words(done)
    assert 'href="/customers?q=a"' in done.text
    assert browser.get("/customers").status_code == 200


def test_whoever_has_one_shows_it_at_each_sign_in(client, alice, clock):
    kept = set_up(alice)
    browser = at_door(client, alice)
    assert browser.get("/account").location == "/login/code?next=%2Faccount"
    answer = browser.submit("/login/code", {"code": kept.phone.code(), "next": "/account"})
    assert answer.status_code == 303 and answer.location == "/account"
    assert browser.get("/account").status_code in (200, 303)


def test_a_recovery_code_stands_in_once(client, alice, clock):
    kept = set_up(alice)
    browser = at_door(client, alice)
    assert browser.submit("/login/code?recovery=1", {"code": kept.codes[3].lower()}).status_code == 303
    assert browser.get("/profile").status_code == 200
    again = at_door(client, alice)
    assert again.submit("/login/code?recovery=1", {"code": kept.codes[3]}).status_code == 401
