"""Somebody who has a login here already is the customer of one more account: they give the password they have."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.guards import Standing
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.models import Account, Membership
from portal.accounts.queries import primary_user
from portal.activation.commands import NotOursToMove, correct_address, is_ours_to_move
from portal.audit.commands import COMMAND_LINE
from portal.audit.models import AuditRow
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.identity.passwords import hash_password
from portal.kit.db import reading, transaction
from tests.activation.conftest import NEW_PASSWORD
from tests.cast import new_customer, on_sqlite
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


class TestTheAddressOfSomebodyElse:
    """Whoever receives a person's letters can reset their password, and a white label names the first contact."""

    def option_2(self, db, northwind, user):
        account = open_customer_account(
            db, new_customer("Bait", northwind.plans["desk"], Administration.WHITE_LABEL), by=COMMAND_LINE)
        add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
        return account

    @pytest.mark.parametrize("who", ["alice", "fiona"])
    def test_of_another_account_or_of_our_own_people_is_not_moved(self, db, northwind, bob, cast, who):
        """Red when only the account at hand is looked at: Alice's active account was taken over that way."""
        user = db.load(User, getattr(cast, who).id)
        account = self.option_2(db, northwind, user)
        with pytest.raises(NotOursToMove):
            correct_address(db, account, "evil@attacker.example", by=bob.actor)
        assert user.email == getattr(cast, who).login_name

    @pytest.mark.parametrize(("has_password", "must_change", "may"), [
        (False, False, True), (True, True, True), (True, False, False)])
    def test_of_a_person_of_this_account_only_until_they_choose_a_password(
        self, db, northwind, bob, has_password, must_change, may,
    ):
        user = add_user(db, login_name="dora@bait.example", display_name="Dora", email="dora@bait.example")
        user.password_hash, user.must_change_password = "x" if has_password else None, must_change
        account = self.option_2(db, northwind, user)
        assert is_ours_to_move(db, user) is may
        if may:
            correct_address(db, account, "dora@new.example", by=bob.actor)
            assert user.email == "dora@new.example"


def test_the_activation_begun_last_is_the_one_to_finish(database):
    """Red when the oldest is taken: the money went to another account than the one just redeemed."""
    began = [datetime(2026, 11, day, tzinfo=UTC) for day in (2, 9)]
    accounts = [
        Account(kind="customer", state="inactive", administration="customer", claimed_at=at, created_at=began[0])
        for at in began
    ]
    person = Standing(tuple((Membership(is_primary=True, role="administrator"), account) for account in accounts))
    assert person.unfinished is accounts[1]


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
