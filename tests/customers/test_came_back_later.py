"""An activation letter that came back hours after it was mailed: the same on every page as one refused at delivery."""

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404, primary_user
from portal.activation.commands import activate_as_administrator, correct_address
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import reading, transaction
from portal.letters import returns
from portal.letters.bounces import Outcome, take
from portal.letters.commands import mark_sent
from portal.letters.models import Letter
from tests.accounts.making import OPTION_1, OPTION_2
from tests.letters.reports import report
from tests.signup.browsing import words


def mailed(db, account):
    mark_sent(db, db.scalars(select(Letter).where(Letter.about_id == account.id)).one())


def letters_of(northwind, account_id):
    with reading(northwind.id) as db:
        return list(db.scalars(select(Letter).where(Letter.about_id == account_id).order_by(Letter.id)))


@pytest.fixture
def bounced(made, northwind, clock):
    """Mailed at ten, back at one."""
    account_id = made(OPTION_1, mailed)
    clock.advance(hours=3)
    assert take(report(returns.message_id(letters_of(northwind, account_id)[0].id, northwind.host))) is Outcome.BOUNCED
    return account_id


def test_the_row_names_it_and_leads_to_the_act(bounced, browse, bob):
    page = browse(bob).get("/customers?waits=bounced")
    assert "You: the letter came back, correct the address" in words(page) and "Correct the address" in words(page)
    assert f'href="/customers/{bounced}"' in page.text


def test_the_customer_page_says_what_was_answered_and_offers_to_correct_it(bounced, browse, bob):
    page = words(browse(bob).get(f"/customers/{bounced}"))
    assert "The activation letter came back" in page and "Correct and send again" in page
    assert "550 5.1.1 no such mailbox" in page and "Bounced" in page


def test_the_timeline_tells_it_when_it_came_back(bounced, browse, bob):
    """Red with the letter's own time: it would seem to have come back before it was mailed."""
    page = words(browse(bob).get(f"/customers/{bounced}"))
    assert page.index("Activation letter mailed") < page.index("Letter to office-101-0003@birch.example came back")
    assert "came back 2 November, 13:00" in page


def test_the_letters_page_shows_it(bounced, browse, bob):
    page = words(browse(bob).get("/settings/letters"))
    assert "Activation office-101-0003@birch.example Bounced" in page and "550 5.1.1 no such mailbox" in page


def test_corrected_and_sent_again_it_is_over(bounced, browse, bob, northwind):
    answer = browse(bob).submit(f"/customers/{bounced}/address", {"email": "dora@birch.example"},
                                page="/password/change")
    assert answer.status_code == 303
    assert [(x.to_address, x.state) for x in letters_of(northwind, bounced)] == [
        ("office-101-0003@birch.example", "bounced"), ("dora@birch.example", "queued")]
    assert "the letter came back" not in words(browse(bob).get(f"/customers/{bounced}"))


@pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
def test_one_for_the_address_before_does_not_mark_the_new_one(made, northwind, browse, bob, clock, administration):
    """Red when a report is tied to the person or the account instead of the letter."""
    acts = [mailed] if administration == OPTION_1 else []
    account_id = made(administration, *acts)
    with transaction(northwind.id) as db:
        account = held_customer_or_404(db, account_id)
        if administration == OPTION_2:
            activate_as_administrator(db, account, by=COMMAND_LINE)
            mailed(db, account)
        correct_address(db, account, "dora@birch.example", by=COMMAND_LINE)
    if administration == OPTION_1:
        with transaction(northwind.id) as db:
            mark_sent(db, db.merge(letters_of_newest(db, account_id)))
    first = letters_of(northwind, account_id)[0]
    assert take(report(returns.message_id(first.id, northwind.host))) is Outcome.BOUNCED
    page = words(browse(bob).get(f"/customers/{account_id}"))
    assert "The activation letter came back" not in page
    assert [x.state for x in letters_of(northwind, account_id)][1:] == ["sent"] * (administration == OPTION_1)


def letters_of_newest(db, account_id):
    return db.scalars(select(Letter).where(Letter.about_id == account_id).order_by(Letter.id.desc()).limit(1)).one()


class TestTheWelcomeLetter:
    """Of Option 2: its people cannot begin without it."""

    @pytest.fixture
    def active(self, made, northwind, clock):
        def activated(db, account):
            activate_as_administrator(db, account, by=COMMAND_LINE)
            mailed(db, account)

        account_id = made(OPTION_2, activated)
        clock.advance(hours=3)
        first = letters_of(northwind, account_id)[0]
        assert first.name == "welcome"
        assert take(report(returns.message_id(first.id, northwind.host))) is Outcome.BOUNCED
        return account_id

    def test_stands_on_the_row_and_in_the_filters(self, active, browse, bob):
        """Red when only inactive accounts can wait for something."""
        for asked in ("waits=bounced", "waits=us", "q=office"):
            page = words(browse(bob).get(f"/customers?{asked}"))
            assert "You: the welcome letter came back, correct the address" in page, asked
        assert "welcome letter" not in words(browse(bob).get("/customers?waits=set-up"))

    def test_is_sent_again_to_the_corrected_address(self, active, browse, bob, northwind):
        browser = browse(bob)
        page = words(browser.get(f"/customers/{active}"))
        assert "The welcome letter came back" in page and "It was answered: 550 5.1.1 no such mailbox" in page
        browser.submit(f"/customers/{active}/address", {"email": "dora@birch.example"}, page="/password/change")
        assert [(x.name, x.to_address, x.state) for x in letters_of(northwind, active)] == [
            ("welcome", "office-101-0003@birch.example", "bounced"), ("welcome", "dora@birch.example", "queued")]
        assert "came back, correct" not in words(browser.get("/customers?waits=bounced"))

    def test_of_somebody_with_a_password_is_theirs_to_change(self, active, browse, bob, northwind):
        with transaction(northwind.id) as db:
            primary_user(db, active).password_hash = "chosen"
            primary_user(db, active).must_change_password = False
        page = words(browse(bob).get(f"/customers/{active}"))
        assert "has chosen a password, and changes the address alone" in page and "Correct and send" not in page


def test_a_wrong_address_typed_elsewhere_is_no_letter_that_came_back(made, browse, bob):
    """Red when an error in the form is taken for a bounce."""
    account_id = made(OPTION_1, mailed)
    answer = browse(bob).submit(f"/customers/{account_id}/address", {"email": "dora"}, page="/password/change")
    assert answer.status_code == 422 and "came back" not in words(answer)
