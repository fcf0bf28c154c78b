"""Somebody who has a login here already is the customer of one more account: they give the password they have."""

import pytest
from sqlalchemy import select

from portal.accounts.queries import primary_user
from portal.audit.models import AuditRow
from portal.identity.models import User
from portal.identity.passwords import hash_password
from portal.kit.db import reading, transaction
from tests.activation.conftest import NEW_PASSWORD
from tests.cast import on_sqlite
from tests.signup.browsing import errors, words

pytestmark = on_sqlite


@pytest.fixture
def known(invited):
    """The invited person signs in here already, with another account's password."""
    with transaction(invited.shop.company.id) as db:
        primary_user(db, invited.account_id).password_hash = hash_password(NEW_PASSWORD)
    return invited


def stored_hash(known):
    who = known.link.user_id
    with reading(known.shop.company.id) as db:
        return db.load(User, who).password_hash


def test_the_page_asks_for_the_password_they_have(known):
    known.open()
    page = known.browser.get("/activation/password")
    assert "You have a login here already" in words(page) and 'name="again"' not in page.text


def test_the_right_one_and_the_terms_claim_the_link_and_nothing_is_changed(known):
    before = stored_hash(known)
    known.open()
    answer = known.browser.submit("/activation/password", {"password": NEW_PASSWORD, "terms": "y"})
    assert answer.location == "/activation/payment" and known.link.used_at is not None
    assert stored_hash(known) == before
    assert known.browser.get("/activation/payment").status_code == 200


def test_a_wrong_one_claims_nothing(known):
    """Red when whoever holds the link may set another password: it opens the other account, too."""
    known.open()
    answer = known.browser.submit("/activation/password", {"password": "seven boats in the fog", "terms": "y"})
    assert answer.status_code == 422 and "not the password" in errors(answer)["password"]
    assert known.link.used_at is None


def test_without_the_terms_nothing_is_claimed(known):
    known.open()
    answer = known.browser.submit("/activation/password", {"password": NEW_PASSWORD})
    assert "terms" in errors(answer) and known.link.used_at is None


def test_signed_in_before_the_link_is_claimed_there_is_nothing_to_pay(known):
    """Red when belonging to the account is enough: terms and link would be skipped."""
    answer = known.sign_in(known.browser)
    assert answer.status_code == 403 or known.browser.get("/activation/payment").status_code == 403


class TestOpened:
    def opened(self, invited):
        with reading(invited.shop.company.id) as db:
            return [row.action for row in db.scalars(select(AuditRow)) if row.action == "activation.link-opened"]

    def test_is_noted_when_a_person_goes_on_and_once(self, invited):
        invited.open()
        assert self.opened(invited) == [], "looking at it notes nothing: scanners look"
        for _ in range(3):
            assert invited.browser.submit("/activation").location == "/activation/password"
        assert self.opened(invited) == ["activation.link-opened"] and invited.link.used_at is None

    def test_a_dead_link_notes_nothing(self, invited):
        invited.open()
        token = invited.browser.token("/activation")
        invited.choose_password()
        assert invited.browser.post("/activation", data={"csrf_token": token}).status_code in (400, 410)
        assert self.opened(invited) == []
