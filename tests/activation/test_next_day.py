"""3-D Secure abandoned in the evening, the payment finished the next day on another device: once."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from portal.kit.clock import reading as at
from tests.cast import on_sqlite
from tests.signup.browsing import words

pytestmark = on_sqlite

THREE_D_SECURE, VISA = "4000002500003155", "4242424242424242"


def open_card_page(browser):
    answer = browser.submit("/activation/payment", {"amount": "20.00", "other": ""})
    assert answer.status_code == 303, words(answer)
    return answer.location


@pytest.fixture
def tomorrow(invited):
    """Moves the portal's clock and the gateway's a day on."""
    ahead = [timedelta()]

    def move():
        ahead[0] = timedelta(days=1)
        invited.shop.gateway.move_clock(ahead[0].total_seconds())

    with at(lambda: datetime.now(UTC) + ahead[0]):
        yield move
    invited.shop.gateway.move_clock(0)


def test_the_customer_is_led_back_and_pays_once(invited, tomorrow):
    """Red when an expired card page is reused, or when the first one could still be paid beside the second."""
    invited.open()
    invited.choose_password()
    abandoned = open_card_page(invited.browser)
    assert invited.shop.pay(abandoned, THREE_D_SECURE).status in (200, 303)
    tomorrow()
    elsewhere = invited.another_browser()
    signed_in = invited.sign_in(elsewhere)
    assert signed_in.status_code == 303
    led_to = elsewhere.get("/", follow_redirects=True)
    assert urlsplit(led_to.request.path).path == "/activation/payment"
    fresh = open_card_page(elsewhere)
    assert fresh != abandoned
    assert "Card number" not in invited.shop.pay_page(abandoned)
    invited.shop.pay(fresh, VISA)
    done = elsewhere.get("/activation/return", follow_redirects=True)
    assert "Your account is active" in done.text and invited.state == "active"
    states = sorted(funding.state for funding in invited.shop.fundings(invited.account_id))
    assert states == ["expired", "succeeded"] and len(invited.shop.entries("funding:")) == 1
