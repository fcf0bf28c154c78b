"""The letters page: what went out in the white label's name, without any link; sending again where that is safe."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation.commands import correct_address
from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.letters.commands import mark_failed, mark_sent
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, OPTION_2, active, customer
from tests.cast import on_sqlite
from tests.signup.browsing import words

PAGE = "/settings/letters"


@pytest.fixture
def letters(northwind):
    def look(**wanted):
        with reading(northwind.id) as db:
            return list(db.scalars(select(Letter).filter_by(**wanted).order_by(Letter.id)))

    return look


@pytest.fixture
def welcomed(northwind, clock):
    """An active Option 2 account, and what its welcome letter is said to have become."""

    def make(act):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
            letter = db.scalars(select(Letter).where(Letter.about_id == account.id)).one()
            act(db, letter)
        return account.id, letter.id

    return make


def failed(db, letter):
    mark_failed(db, letter, "550 5.1.1 no such mailbox here")


def again(browser, letter_id):
    return browser.submit(f"/settings/letters/{letter_id}/again", page="/password/change")


class TestThePage:
    def test_lists_the_newest_first_with_what_the_server_said(self, welcomed, browse, bob, clock):
        welcomed(failed)
        clock.advance(minutes=5)
        welcomed(mark_sent)
        page = words(browse(bob).get(PAGE))
        newest = page.index("Welcome office-101-0004@birch.example Sent 2 November, 10:05")
        assert newest < page.index("Welcome office-101-0003@birch.example Failed 2 November, 10:00")
        assert "550 5.1.1 no such mailbox here" in page

    def test_holds_no_link_and_no_token(self, northwind, browse, bob, alice, clock):
        """Whoever reads this page must not be able to use a customer's link. Red when the letter's text is shown."""
        with transaction(northwind.id) as db:
            customer(db, northwind.plans["desk"], OPTION_1)
            send_password_link(db, db.load(User, alice.id), "password-reset")
        text = browse(bob).get(PAGE).text
        assert "Activation" in text and "Password reset" in text
        for trace in ("/activate/", "/password/set/", "/password/reset/", "http://northwind"):
            assert trace not in text

    @on_sqlite
    def test_without_any_letter_says_so(self, browse, charlie, clock):
        assert "No letters yet" in words(browse(charlie).get(PAGE))

    def test_another_white_labels_letters_are_not_on_it(self, welcomed, browse, charlie):
        welcomed(mark_sent)
        assert "birch.example" not in browse(charlie).get(PAGE).text

    @on_sqlite
    @pytest.mark.parametrize("who", ["fiona", "alice"])
    def test_administrators_only(self, browse, cast, clock, who):
        assert browse(getattr(cast, who)).get(PAGE).status_code == 403


class TestSendAgain:
    @pytest.mark.parametrize("act", [failed, mark_sent])
    def test_is_a_copy_and_the_first_one_stays_as_it_was(self, welcomed, browse, bob, letters, act):
        account_id, letter_id = welcomed(act)
        answer = again(browse(bob), letter_id)
        assert answer.headers["Location"] == PAGE
        first, copy = letters(about_id=account_id)
        assert first.id == letter_id and first.state != "queued" and copy.state == "queued"
        assert (copy.name, copy.to_address, copy.facts) == ("welcome", first.to_address, first.facts)

    def test_goes_to_the_corrected_address(self, welcomed, northwind, browse, bob, letters):
        """The letter came back, the address was corrected. Red when the copy goes where the first one failed."""
        account_id, letter_id = welcomed(failed)
        with transaction(northwind.id) as db:
            correct_address(db, held_customer_or_404(db, account_id), "dora@quist.example", by=bob.actor)
        again(browse(bob), letter_id)
        assert letters(about_id=account_id)[-1].to_address == "dora@quist.example"

    def test_a_notice_to_staff_goes_to_staff_again(self, northwind, browse, bob, letters, clock):
        with transaction(northwind.id) as db:
            account = active(db, customer(db, northwind.plans["desk"], OPTION_1), 2000)
            notice = db.scalars(select(Letter).filter_by(name="account-active-notice", about_id=account.id)).one()
            mark_sent(db, notice)
        again(browse(bob), notice.id)
        copies = letters(name="account-active-notice", about_id=account.id)
        assert [letter.to_address for letter in copies] == ["bob@northwind.example"] * 2

    def test_a_letter_with_a_link_is_not_copied(self, northwind, browse, bob, letters, clock):
        """Its link would live twice. It is renewed on the customer's page, where the older one dies."""
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_1)
            letter = db.scalars(select(Letter).where(Letter.about_id == account.id)).one()
            mark_sent(db, letter)
        browser = browse(bob)
        assert f"{letter.id}/again" not in browser.get(PAGE).text
        again(browser, letter.id)
        assert len(letters(about_id=account.id)) == 1

    @on_sqlite
    def test_a_letter_that_still_waits_is_not_sent_twice(self, welcomed, browse, bob, letters):
        account_id, letter_id = welcomed(lambda db, letter: None)
        again(browse(bob), letter_id)
        assert len(letters(about_id=account_id)) == 1

    def test_a_foreign_or_missing_letter_is_not_found(self, welcomed, browse, charlie, bob, letters):
        account_id, letter_id = welcomed(failed)
        assert again(browse(charlie), letter_id).status_code == 404
        assert again(browse(bob), uuid4()).status_code == 404
        assert len(letters(about_id=account_id)) == 1


class TestChosen:
    def test_those_that_came_back(self, welcomed, browse, bob):
        """Red when the state is not asked for."""
        welcomed(mark_sent)
        welcomed(failed)
        page = words(browse(bob).get(f"{PAGE}?show=came-back"))
        assert "office-101-0004@birch.example Failed" in page and "office-101-0003" not in page
        assert "office-101-0003@birch.example Sent" in words(browse(bob).get(f"{PAGE}?show=nonsense"))

    @on_sqlite
    def test_none_of_them_says_so_and_leads_back(self, welcomed, browse, bob):
        welcomed(mark_sent)
        page = words(browse(bob).get(f"{PAGE}?show=came-back"))
        assert "No letter came back" in page and "Show all letters" in page
