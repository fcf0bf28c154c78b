"""Option 1 is open only while the white label's gateway was found ready, and that is asked again at the end."""

import secrets

import pytest

from portal.kit.db import scoped, transaction
from portal.payments.connection import connect, disconnect
from tests.cast import on_sqlite
from tests.signup.browsing import Wizard, words

pytestmark = on_sqlite


def reconnect(bob, ending):
    with scoped(bob.white_label_id):
        connect(f"sk_test_northwind_gbp_{secrets.token_hex(6)}{ending}", by=bob.actor)


def cut_off(bob):
    with transaction(bob.white_label_id) as db:
        disconnect(db, by=bob.actor)


class TestTheChoice:
    def test_is_open_when_the_gateway_is_ready(self, gateway, browse, bob):
        page = browse(bob).get("/customers/new")
        assert "Option 1 Ready" in words(page) and "Continue with new customer" in words(page)

    def test_says_plainly_that_no_gateway_is_connected(self, browse, bob, clock):
        page = browse(bob).get("/customers/new")
        assert "Option 1 Not ready" in words(page) and "Continue with new customer" not in words(page)
        assert "Option 1 needs your payment gateway. No gateway is connected." in words(page)

    def test_says_that_the_account_may_not_charge(self, gateway, browse, bob):
        reconnect(bob, "_notready")
        assert "Stripe does not let this account take card payments yet." in words(browse(bob).get("/customers/new"))

    def test_says_that_the_gateway_does_not_answer(self, gateway, browse, bob, clock):
        clock.advance(minutes=2)
        gateway.down()
        assert "Stripe was not reached. We will ask again." in words(browse(bob).get("/customers/new"))

    def test_opens_again_when_the_gateway_answers_again(self, gateway, browse, bob, clock):
        clock.advance(minutes=2)
        gateway.down()
        browser = browse(bob)
        browser.get("/customers/new")
        gateway.clear_faults()
        clock.advance(minutes=2)
        assert "Option 1 Ready" in words(browser.get("/customers/new"))

    @pytest.mark.parametrize("posted", [{}, {"administration": "both"}])
    def test_an_answer_that_is_none_shows_it_anew_as_it_is(self, browse, bob, clock, posted):
        """Red when the page that comes back has not asked the gateway: Option 1 would look open."""
        answer = browse(bob).submit("/customers/new", posted)
        assert answer.status_code == 422 and "Option 1 Not ready" in words(answer)


class TestRefused:
    def test_at_the_choice_whatever_is_posted(self, browse, bob, clock, northwind, stored):
        """Red when only the button is left out."""
        refused = Wizard(browse(bob), northwind.plans["desk"], "customer").started
        assert refused.status_code == 409 and "Your gateway is not ready" in words(refused) and stored() == []

    @pytest.mark.parametrize("what", ["disconnected", "down", "not allowed to charge"])
    def test_at_creation_when_it_stopped_being_ready_after_the_review(
        self, option_1, gateway, bob, clock, what, accounts, stored
    ):
        """Red when readiness is asked at the beginning only: the customer would get a link that leads nowhere."""
        option_1.fill()
        assert option_1.page("review").status_code == 200
        clock.advance(minutes=2)
        if what == "disconnected":
            cut_off(bob)
        elif what == "down":
            gateway.down()
        else:
            reconnect(bob, "_notready")
        answer = option_1.create()
        assert answer.status_code == 409 and "Your gateway is not ready" in words(answer)
        assert "The draft is kept as it is. Nothing was created or sent, and no money moved." in words(answer)
        assert 'href="/settings/gateway"' in answer.text and f'href="{option_1.path("review")}"' in answer.text
        assert accounts() == [] and set(stored()[0].answers) == {"contact", "addresses", "plan"}

    def test_and_the_review_warns_of_it_beforehand(self, option_1, bob, clock):
        """Red when the review never asks: everything looks well until the last press."""
        option_1.fill()
        assert "not ready" not in words(option_1.page("review"))
        cut_off(bob)
        page = option_1.page("review")
        assert page.status_code == 200 and 'href="/settings/gateway">Look at the gateway<' in page.text
        warned = "Your gateway is not ready The draft is kept. Nothing has been created yet. Option 1 needs your"
        assert warned in words(page)

    def test_the_review_of_option_2_asks_no_gateway(self, option_2):
        assert "gateway is not ready" not in words(option_2.fill().page("review"))

    def test_and_creates_once_it_is_ready_again(self, option_1, gateway, clock, accounts):
        option_1.fill()
        clock.advance(minutes=2)
        gateway.down()
        option_1.create()
        gateway.clear_faults()
        clock.advance(minutes=2)
        assert option_1.create().status_code == 303 and len(accounts()) == 1

    def test_option_2_needs_no_gateway_at_all(self, option_2, accounts):
        assert option_2.fill().create().status_code == 303 and len(accounts()) == 1


def test_a_customer_that_was_created_is_shown_even_when_the_gateway_is_gone(option_1, gateway, bob, clock, accounts):
    """A reload of the last step, at a bad moment."""
    first = option_1.fill().create()
    cut_off(bob)
    clock.advance(minutes=2)
    assert option_1.create().headers["Location"] == first.headers["Location"] and len(accounts()) == 1


def test_the_gateway_is_asked_at_most_once_a_minute(gateway, browse, bob, clock):
    """Found ready within the last minute is ready; the page does not wait for Stripe each time."""
    gateway.down()
    assert "Option 1 Ready" in words(browse(bob).get("/customers/new"))
