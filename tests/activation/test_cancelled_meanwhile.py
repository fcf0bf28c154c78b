"""The white label cancels the account while its customer pays, or before: what each page says, of the money too."""

import pytest

from portal.accounts.queries import held_customer_or_404
from portal.activation import commands
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import transaction
from portal.payments.connection import disconnect
from tests.activation.conftest import Invited
from tests.cast import on_sqlite
from tests.payments.conftest import VISA
from tests.signup.browsing import words

pytestmark = on_sqlite


def cancel(invited: Invited) -> None:
    with transaction(invited.shop.company.id) as db:
        commands.cancel(db, held_customer_or_404(db, invited.account_id), reason="x", by=COMMAND_LINE)


@pytest.fixture
def on_the_card_page(invited: Invited) -> tuple[Invited, str]:
    invited.open()
    invited.choose_password()
    url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    cancel(invited)
    return invited, url


def test_a_payment_for_a_cancelled_account_is_told_of_where_the_card_page_leads(on_the_card_page):
    """Red with the return page for the unfinished only: "Ask the people of your organisation to invite you again"."""
    invited, url = on_the_card_page
    invited.shop.pay(url, VISA)
    back = invited.browser.get("/activation/return", follow_redirects=True)
    said = words(back)
    assert back.status_code == 200 and "This account was cancelled" in said and "Tidewater Sails" in said
    assert "£100.00 goes back to your card in full. The account is closed." in said
    assert "ask Northwind Telecom: help@northwind.example" in said and "invite you again" not in said
    invited.shop.work()
    assert "£100.00 went back to your card in full." in words(invited.browser.get("/activation/return"))


@pytest.mark.parametrize("path", ["/", "/activation/payment", "/activation/waiting", "/activation/done", "/no-account"])
def test_every_way_back_leads_there_and_none_goes_round(on_the_card_page, path):
    invited, _ = on_the_card_page
    page = invited.browser.get(path, follow_redirects=True)
    assert page.status_code == 200 and page.request.path == "/activation/return"


def test_a_card_page_that_is_still_open_is_waited_for_and_then_took_nothing(on_the_card_page):
    invited, _ = on_the_card_page
    waiting = invited.browser.get("/activation/return")
    assert "No money was taken so far." in words(waiting) and 'data-follow="/activation/return"' in waiting.text
    invited.shop.work()
    over = invited.browser.get("/activation/return")
    assert "The card page is closed No money was taken. Nothing more can be paid." in words(over)
    assert "data-follow" not in over.text


def test_without_a_payment_it_says_so(invited: Invited):
    invited.open()
    invited.choose_password()
    cancel(invited)
    assert "No money was taken for this account." in words(invited.browser.get("/activation/return"))


def test_the_gateway_without_an_answer_promises_nothing(on_the_card_page):
    """Red with the status as it is on file: "No money was taken so far", after 100.00 was."""
    invited, url = on_the_card_page
    invited.shop.pay(url, VISA)
    invited.shop.gateway.down()
    page = invited.browser.get("/activation/return")
    invited.shop.gateway.down(False)
    assert page.status_code == 200 and "We do not know yet whether money was taken" in words(page)


def test_the_next_sign_in_says_closed_and_nothing_about_money_that_nobody_looked_at(on_the_card_page):
    """Red with the refusal's own words: "yet", "no money moved" after 100.00 was taken, and a link that never comes."""
    invited, url = on_the_card_page
    invited.shop.pay(url, VISA)
    answer = invited.sign_in(invited.another_browser())
    said = words(answer)
    assert answer.status_code == 403 and "Your account is closed." in said and "cannot sign in any more" in said
    assert "yet" not in said and "money" not in said and "activation link" not in said


def test_a_card_page_that_was_open_when_the_gateway_was_disconnected_can_still_be_paid(invited: Invited):
    """What the page that asks before disconnecting says. Red with "cannot finish activating" for all of them."""
    invited.open()
    invited.choose_password()
    url = invited.browser.submit("/activation/payment", {"other": "100.00"}).location
    with transaction(invited.shop.company.id) as db:
        disconnect(db, by=COMMAND_LINE)
    invited.shop.pay(url, VISA)
    back = invited.browser.get("/activation/return", follow_redirects=True)
    assert "Your account is active" in words(back) and invited.state == "active"
