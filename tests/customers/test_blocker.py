"""The one thing a customer waits for, said in every situation, with whose turn it is and what removes it."""

import pytest

from portal.accounts import commands as accounts
from portal.activation.commands import correct_address
from portal.letters.commands import mark_failed
from portal.payments import commands as payments
from portal.payments.models import GatewayRefund
from portal.whitelabels.models import GatewayCredential
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, pay, plan, seen, start_payment


def connect(db):
    """A gateway as the rows have it; nothing here asks it."""
    made = GatewayCredential(
        webhook_slug="slug", gateway_account="acct_tests", livemode=False, currency="GBP", key_hint="sk_test",
        sealed_key="sealed", connected_by="Bob")
    made.white_label_id = db.tenant
    db.put(made)


def said(blocker):
    return blocker.text, blocker.kind, blocker.act, blocker.badge


class TestTheLetter:
    def test_is_on_its_way(self, case):
        assert said(case.create(OPTION_1).blocker()) == (
            "The portal: the activation letter is on its way", "wait", "", "waiting")

    def test_was_mailed_and_the_link_not_used(self, case):
        blocker = case.create(OPTION_1).mailed().blocker()
        assert said(blocker) == ("Customer: letter mailed today, link not opened", "wait", "resend", "waiting")

    @pytest.mark.parametrize(("days", "when"), [(1, "on Monday"), (6, "on Monday")])
    def test_was_mailed_some_days_ago(self, case, days, when):
        case.create(OPTION_1).mailed()
        case.clock.advance(days=days)
        assert case.blocker().text == f"Customer: letter mailed {when}, link not opened"

    def test_came_back(self, case):
        assert said(case.create(OPTION_1).bounced().blocker()) == (
            "You: the letter came back, correct the address", "bad", "correct", "bounced")

    def test_could_not_be_sent(self, case):
        """No mail server took it for two days: that is no fault of the address. Red when both read alike."""
        mark_failed(case.db, case.create(OPTION_1).letter(), "The mail server was not reached: timed out")
        assert said(case.blocker()) == ("You: the letter could not be sent, send it again", "bad", "resend", "failed")

    def test_came_back_and_was_sent_anew(self, case, bob):
        """Red when any failed letter counts, or the latest is chosen by luck among letters of one moment."""
        case.create(OPTION_1).bounced()
        correct_address(case.db, case.account, "dora@quist.example", by=bob.actor)
        assert case.blocker().text == "The portal: the activation letter is on its way"
        case.mailed()
        assert case.blocker().text.startswith("Customer: letter mailed today")

    def test_has_a_link_whose_time_is_over(self, case):
        case.create(OPTION_1).mailed()
        case.clock.advance(days=7, seconds=1)
        assert said(case.blocker()) == ("You: the link has expired, send the letter again", "bad", "resend", "waiting")

    def test_waits_long_without_the_link_ending(self, case):
        """The mail server is away for a week: nobody has to do anything. Red when the life counts from writing."""
        case.create(OPTION_1)
        case.clock.advance(days=8)
        assert case.blocker().text == "The portal: the activation letter is on its way"


class TestTheMoney:
    @pytest.fixture
    def claimed(self, case):
        connect(case.db)
        case.create(OPTION_1).mailed()
        claim(case.db, case.account)
        return case

    def test_was_not_tried_yet(self, claimed):
        assert said(claimed.blocker()) == ("Customer: password set, not paid", "wait", "", "waiting")

    def test_was_begun(self, claimed):
        start_payment(claimed.db, claimed.account, 2000)
        assert said(claimed.blocker()) == ("Customer: payment begun today, not finished", "wait", "", "waiting")

    @pytest.mark.parametrize(("status", "days", "when"), [("open", 0, "today"), ("expired", 1, "on Monday")])
    def test_was_declined(self, claimed, status, days, when):
        funding = start_payment(claimed.db, claimed.account, 2000)
        payments.settle(claimed.db, funding.id, seen(funding, status=status, decline="insufficient_funds"))
        claimed.clock.advance(days=days)
        assert said(claimed.blocker()) == (f"Customer: card declined {when}", "bad", "", "failed")

    def test_was_declined_and_is_tried_anew(self, claimed):
        funding = start_payment(claimed.db, claimed.account, 2000)
        payments.settle(claimed.db, funding.id, seen(funding, status="expired", decline="insufficient_funds"))
        claimed.clock.advance(hours=1)
        start_payment(claimed.db, claimed.account, 2500)
        assert claimed.blocker().text == "Customer: payment begun today, not finished"

    def test_is_unknown(self, claimed):
        funding = start_payment(claimed.db, claimed.account, 2000)
        payments.note_unknown(claimed.db, funding.id, "no answer")
        claimed.clock.advance(days=1)
        assert said(claimed.blocker()) == (
            "The portal: the payment begun on Monday is being looked up", "wait", "", "waiting")

    def test_could_not_be_asked_for(self, claimed):
        """The gateway refuses the white label, so the customer can do nothing. Red when it reads as its turn."""
        funding = start_payment(claimed.db, claimed.account, 2000)
        payments.note_failed(claimed.db, funding.id, "Your account cannot take payments")
        assert said(claimed.blocker()) == (
            "You: the gateway refused to open the card page, check its key", "bad", "gateway", "failed")

    def test_arrived_and_is_too_little(self, claimed):
        pay(claimed.db, claimed.account, 100)
        assert said(claimed.blocker()) == ("Customer: paid, but more money is needed", "wait", "", "waiting")

    def test_arrived_after_a_decline_and_is_too_little(self, claimed):
        """Red when an earlier decline of the same card page hides that it was paid."""
        funding = start_payment(claimed.db, claimed.account, 100)
        payments.settle(claimed.db, funding.id, seen(funding, decline="insufficient_funds"))
        payments.settle(claimed.db, funding.id, seen(funding, status="complete", paid=True))
        assert claimed.blocker().text == "Customer: paid, but more money is needed"

    def test_cannot_be_paid_without_a_gateway(self, case):
        """It is the white label's turn. Red when it reads as the customer's."""
        case.create(OPTION_1).mailed()
        claim(case.db, case.account)
        blocker = case.blocker()
        assert said(blocker) == (
            "You: connect the gateway, your customer cannot pay", "bad", "gateway", "waiting")
        assert (blocker.way, blocker.href) == ("Connect the gateway", "/settings/gateway")

    def pay_for_what_the_white_label_cannot(self, case):
        connect(case.db)
        case.create(OPTION_1)
        case.account.plan_id = plan(case.db, "dear", retail_minor=100, wholesale_minor=10**6).id
        claim(case.db, case.account)
        pay(case.db, case.account, 100)

    def test_went_back_because_the_white_label_could_not_pay(self, case):
        """It is the white label's turn. Red when it says that the customer has to add money."""
        self.pay_for_what_the_white_label_cannot(case)
        assert said(case.blocker()) == (
            "You: the payment went back (the white-label account could not cover the first charges)", "bad", "",
            "failed")

    def test_did_not_go_back_although_it_should(self, case):
        self.pay_for_what_the_white_label_cannot(case)
        case.db.query(GatewayRefund).one().state = "failed"
        assert case.blocker().text == "Customer: paid, but more money is needed"


class TestTheRest:
    def test_option_2_waits_for_the_administrator(self, case):
        assert said(case.create(OPTION_2).blocker()) == (
            "You: activate the account when it is set up", "wait", "activate", "")

    def test_an_active_one_waits_for_nothing(self, case):
        active(case.db, case.create(OPTION_2).account)
        assert said(case.blocker()) == ("Nothing", "none", "", "")

    def test_a_suspended_one_waits_for_nobody(self, case, bob):
        active(case.db, case.create(OPTION_2).account)
        accounts.suspend(case.db, case.account, reason="Unpaid", by=bob.actor)
        assert said(case.blocker()) == ("Suspended", "none", "reactivate", "")

    @pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
    def test_a_closed_one_waits_for_nothing_even_when_it_was_never_active(self, case, bob, administration):
        case.create(administration)
        accounts.close(case.db, case.account, reason="Twice", by=bob.actor)
        assert said(case.blocker()) == ("Nothing, the account is closed", "none", "", "")


class TestSinceWhen:
    """Every waiting row says it, in its words or beside them."""

    def test_it_is_set_up(self, case):
        case.create(OPTION_2)
        case.clock.advance(days=2)
        assert case.blocker().since == "since Monday"

    def test_the_letter_came_back(self, case):
        assert case.create(OPTION_1).bounced().blocker().since == "since today"

    def test_it_was_suspended(self, case, bob):
        active(case.db, case.create(OPTION_2).account)
        accounts.suspend(case.db, case.account, reason="Unpaid", by=bob.actor)
        case.db.flush()
        case.clock.advance(days=1)
        assert case.blocker().since == "since Monday"

    def test_the_password_was_set(self, case):
        connect(case.db)
        case.create(OPTION_1).mailed()
        claim(case.db, case.account)
        case.clock.advance(days=30)
        assert case.blocker().since == "since 2 November"
