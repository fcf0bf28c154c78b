"""The test payment of the gateway page: opened, paid, heard of by webhook, given back; nobody's money, no entry."""

import re

import pytest
from sqlalchemy import select

from portal.kit.db import reading, scoped, transaction
from portal.ledger.models import JournalEntry
from portal.payments import trial
from portal.payments.flows import PaymentPageClosed
from portal.payments.models import GatewayTest
from portal.payments.stripe_gateway import StripeGateway
from portal.whitelabels.queries import gateway_credential
from tests.conftest import HostClient
from tests.signup.browsing import words


@pytest.fixture
def browser(shop):
    made = HostClient(shop.app, shop.company.host)
    made.sign_in(shop.bob)
    return made


def trials(shop):
    with reading(shop.company.id) as db:
        return list(db.scalars(select(GatewayTest).order_by(GatewayTest.created_at)))


def refunds_at(shop, test):
    with reading(shop.company.id) as db:
        gateway = StripeGateway(gateway_credential(db).key)
    return gateway.checkout(test.checkout_session).refunds


def begin(browser, shop):
    answer = browser.submit("/settings/gateway/tests", page="/settings/gateway")
    assert answer.status_code == 303
    (test,) = trials(shop)
    return answer.location, test, f"/settings/gateway/tests/{test.id}"


def test_paid_and_heard_of_it_is_given_back_and_the_page_says_so(browser, shop):
    url, test, path = begin(browser, shop)
    assert url.startswith(shop.gateway.url) and "The card page waits for you" in words(browser.get(path))
    shop.pay(url)
    assert shop.deliver(shop.event("checkout.session.completed", test.checkout_session)) == 200
    shop.work()
    shop.work()
    (test,) = trials(shop)
    assert (test.state, test.amount_minor, test.currency) == ("refunded", 100, "GBP") and test.webhook_at is not None
    assert [refund.amount_minor for refund in refunds_at(shop, test)] == [100]
    page = browser.get(path)
    assert "It works: paid and given back" in words(page) and "Stripe told us by webhook" in words(page)
    assert 'data-follow' not in page.text


def test_twenty_webhooks_and_a_look_give_back_once(browser, shop):
    url, test, path = begin(browser, shop)
    shop.pay(url)
    for _ in range(20):
        shop.deliver(shop.event("checkout.session.completed", test.checkout_session))
    browser.submit(path)
    shop.work()
    shop.work()
    assert len(refunds_at(shop, test)) == 1
    shop.deliver(shop.event("charge.updated", test.checkout_session))
    shop.work()
    assert trials(shop)[0].state == "refunded", "a late hint does not bring it back"


def test_without_a_webhook_one_can_look_and_the_page_says_that_none_came(browser, shop):
    """Which is what the test is made for. Red when looking alone calls it a success."""
    url, _, path = begin(browser, shop)
    shop.pay(url)
    assert browser.submit(path).status_code == 303
    shop.work()
    page = browser.get(path)
    assert "No webhook about it was received yet" in words(page) and 'data-follow' in page.text
    assert trials(shop)[0].state == "refunded"


def test_nothing_is_posted_and_no_funding_is_made(browser, shop):
    before = shop.ask(lambda db: len(db.scalars(select(JournalEntry)).all()))
    url, test, _ = begin(browser, shop)
    shop.pay(url)
    shop.deliver(shop.event("checkout.session.completed", test.checkout_session))
    shop.work()
    assert shop.ask(lambda db: len(db.scalars(select(JournalEntry)).all())) == before


def test_with_a_live_key_it_is_refused(browser, shop):
    """Every payment would be real. Red without the look at the mode."""
    with transaction(shop.company.id) as db:
        gateway_credential(db).livemode = True
    answer = browser.submit("/settings/gateway/tests", page="/password/change")
    assert answer.status_code == 409 and trials(shop) == []
    assert "Make a test payment" not in browser.get("/settings/gateway").text


def test_a_gateway_that_is_away_says_so_and_the_test_is_over(browser, shop):
    shop.gateway.down()
    answer = browser.submit("/settings/gateway/tests", page="/password/change")
    assert answer.status_code == 503 and "No money was taken." in words(answer)
    assert [test.state for test in trials(shop)] == ["failed"]
    shop.gateway.clear_faults()


def test_a_decline_leaves_it_open(browser, shop):
    url, _, path = begin(browser, shop)
    shop.pay(url, "4000000000000002")
    browser.submit(path)
    assert trials(shop)[0].state == "open" and "The card was not charged yet" in words(browser.get(path))


def test_another_white_labels_test_is_not_found(browser, shop, cast, app):
    _, _, path = begin(browser, shop)
    stranger = HostClient(app, cast.charlie.host)
    stranger.sign_in(cast.charlie)
    assert stranger.get(path).status_code == 404
    assert stranger.submit(path, page="/password/change").status_code == 404
    with scoped(cast.charlie.white_label_id), pytest.raises((trial.NoTestPayment, PaymentPageClosed)):
        trial.start(by=cast.charlie.actor)


def test_the_panel_says_what_was_found_line_by_line(browser, shop):
    page = words(browser.get("/settings/gateway"))
    for line in ("Stripe accepts the key", "The account may take card payments", "Our webhook is registered",
                 "Test mode: no real money moves", "Charges in GBP"):
        assert line in page
    assert re.search(r"No event was received yet|Last event:", page)
