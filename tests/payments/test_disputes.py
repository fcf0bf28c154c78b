"""A card's holder goes to their bank: what it takes and gives back is booked once, whatever told us of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation.commands import cancel
from portal.arrears import flows as arrears
from portal.arrears.models import ArrearsCase
from portal.audit.commands import COMMAND_LINE
from portal.kit import clock
from portal.kit.db import scoped, transaction
from portal.letters.flows import render
from portal.payments import background, commands, connection, stripe_gateway
from portal.payments.connection import KeyNotAccepted
from portal.payments.disputes import settle_dispute
from portal.payments.flows import gateway_for, gateway_of
from portal.payments.gateway import KeyRefused, SeenDispute, SeenMove
from portal.payments.models import Dispute, Funding, GatewayRefund
from portal.payments.queries import kept_minor
from portal.selfcare.pages import account_page
from portal.settings.pages import gateway_page
from portal.statements.commands import issue
from portal.statements.statement import Month
from portal.verify import verify
from portal.whitelabels.queries import gateway_credential, white_label
from tests.cast import on_sqlite
from tests.payments.conftest import Shop
from tests.statements.conftest import lines_of
from tests.verify.planting import change

FRAUDULENT, ASKED_ABOUT = "4000000000000259", "4000000000001976"
TAKEN_NOTICES = 2
"""Bob's and Fiona's."""


def differences() -> list[str]:
    return [words for finding in verify() for words in finding.differences]


class Case:
    """A payment of 100.00 with a card whose holder contests it, heard of by nobody yet."""

    def __init__(self, shop: Shop, card: str, minor: int = 10_000) -> None:
        self.shop = shop
        self.account_id = shop.customer()
        opened = shop.open(self.account_id, minor)
        shop.pay(opened.url, card)
        self.funding: Funding = shop.refresh(opened.funding_id)
        self.before = shop.credit(self.account_id)
        self.ahead = 0
        self.pass_time()

    def pass_time(self) -> None:
        """The bank makes up its mind a second later."""
        self.ahead += 2
        self.shop.gateway.move_clock(self.ahead)

    @property
    def client(self):
        return gateway_of(self.funding)._client.v1.disputes

    @property
    def id(self) -> str:
        return self.client.list(params={"payment_intent": self.funding.payment_intent}).data[0].id

    def hear(self, *events: str) -> None:
        for event in events:
            told = self.shop.event(f"charge.dispute.{event}", self.id, payment_intent=self.funding.payment_intent)
            assert self.shop.deliver(told) == 200
            self.shop.work()

    def send(self, evidence: str) -> None:
        self.client.update(self.id, params={"evidence": {"uncategorized_text": evidence}, "submit": True})
        self.pass_time()

    def row(self) -> Dispute:
        (found,) = self.shop.ask(lambda db: list(db.scalars(select(Dispute))))
        return found

    def letters(self, name: str) -> list[str]:
        return [letter.facts["step"] for letter in self.shop.letters(name, self.account_id)]


@pytest.fixture
def taken(shop: Shop) -> Case:
    case = Case(shop, FRAUDULENT)
    case.hear("created", "funds_withdrawn")
    return case


@pytest.fixture
def asked(shop: Shop) -> Case:
    case = Case(shop, ASKED_ABOUT)
    case.hear("created")
    return case


def test_what_the_bank_took_is_taken_off_the_credit_once(shop: Shop, taken: Case):
    """Shown red with `settle` hearing of refunds alone: the books had money that the gateway had not."""
    taken.hear("created", "updated", "funds_withdrawn")
    assert shop.entries("dispute:") == [f"dispute:{taken.id}"]
    assert shop.credit(taken.account_id) == taken.before - 10_000
    dispute = taken.row()
    assert (dispute.state, dispute.taken_at is not None, dispute.amount_minor) == ("open", True, 10_000)
    assert dispute.answer_by is not None and dispute.answer_by > clock.now()
    assert len(shop.entries("fee:")) == 2 and differences() == []
    assert taken.letters("disputed") == ["taken"] and taken.letters("disputed-notice") == ["taken"] * TAKEN_NOTICES


@on_sqlite
def test_a_won_one_gives_the_credit_back_and_nothing_old_takes_it_again(shop: Shop, taken: Case):
    """Shown red without the states that nothing brings back: a late answer made it open again."""
    older = gateway_of(taken.funding).checkout(str(taken.funding.checkout_session)).disputes[0]
    taken.send("winning_evidence")
    taken.hear("funds_reinstated", "closed")
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, taken.funding.id)
        assert funding is not None
        settle_dispute(db, funding, older)
    assert shop.credit(taken.account_id) == taken.before
    assert shop.entries("dispute:") == [f"dispute:{taken.id}", f"dispute:{taken.id}:returned"]
    assert (taken.row().state, taken.row().returned_minor, taken.row().answer_by) == ("won", 10_000, None)
    assert taken.letters("disputed") == ["taken", "returned"] and differences() == []


@on_sqlite
def test_a_lost_one_moves_nothing_more(shop: Shop, taken: Case):
    taken.send("losing_evidence")
    taken.hear("closed", "closed")
    assert shop.credit(taken.account_id) == taken.before - 10_000 and len(shop.entries("dispute:")) == 1
    assert taken.row().state == "lost" and differences() == []
    assert taken.letters("disputed") == ["taken"]
    assert taken.letters("disputed-notice") == ["taken"] * TAKEN_NOTICES + ["lost"] * TAKEN_NOTICES


@on_sqlite
def test_an_inquiry_is_no_dispute(shop: Shop, asked: Case):
    """No money moves, and the customer hears nothing. Shown red with every dispute booked."""
    assert asked.row().state == "inquiry" and shop.entries("dispute:") == []
    asked.send("winning_evidence")
    asked.hear("closed")
    assert asked.row().state == "closed" and shop.credit(asked.account_id) == asked.before
    assert asked.letters("disputed") == [] and set(asked.letters("disputed-notice")) == {"asked", "closed"}
    assert differences() == []


@on_sqlite
def test_an_inquiry_that_becomes_a_dispute_takes_the_money_then(shop: Shop, asked: Case):
    asked.send("escalate_inquiry_evidence")
    asked.hear("updated", "funds_withdrawn")
    assert shop.credit(asked.account_id) == asked.before - 10_000
    assert asked.row().state == "open" and differences() == []


@on_sqlite
def test_all_of_it_at_once_is_as_one_after_the_other(shop: Shop):
    """Nothing was heard before it was over. All is as before then, and nobody is written to."""
    case = Case(shop, FRAUDULENT)
    case.send("winning_evidence")
    case.hear("closed")
    assert shop.credit(case.account_id) == case.before and len(shop.entries("dispute:")) == 2
    assert case.letters("disputed") == case.letters("disputed-notice") == [] and differences() == []


@on_sqlite
def test_one_that_no_webhook_told_of_is_found(shop: Shop):
    """Shown red without the job that asks: the books never heard of it. A decided one is not asked about again."""
    case = Case(shop, FRAUDULENT)
    background.find_disputes({})
    shop.work()
    assert shop.credit(case.account_id) == case.before - 10_000
    case.send("losing_evidence")
    with scoped(shop.company.id):
        background.look_for_disputes({})
        assert case.row().state == "lost"
        with transaction() as db:
            credential = gateway_credential(db)
            seen = gateway_for(credential).disputed_intents(clock.now() - timedelta(days=9))
            assert background.unheard_disputes(db, seen) == []


@on_sqlite
def test_one_that_is_won_is_asked_about_until_the_money_is_back(shop: Shop, taken: Case):
    """The decision may be told before the movement. Red when won is the end of it."""
    older = gateway_of(taken.funding).checkout(str(taken.funding.checkout_session)).disputes[0]
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, taken.funding.id)
        assert funding is not None
        settle_dispute(db, funding, replace(older, status="won"))
        found = background.unheard_disputes(db, {older.gateway_id: str(funding.payment_intent)})
        assert [each.id for each in found] == [funding.id]


@on_sqlite
def test_a_part_that_comes_back_is_booked_as_a_part(shop: Shop, taken: Case):
    """A bank that had 30.00 twice gives them back, and the rest is lost. Red when what comes back is all of it."""
    older = gateway_of(taken.funding).checkout(str(taken.funding.checkout_session)).disputes[0]
    back = SeenMove("txn_part", came_back=True, amount_minor=3_000, fee_minor=0)
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, taken.funding.id)
        assert funding is not None
        settle_dispute(db, funding, replace(older, status="lost", moves=(*older.moves, back)))
        assert kept_minor(db, funding) == 3_000
    assert (taken.row().state, taken.row().returned_minor) == ("lost", 3_000)
    assert shop.credit(taken.account_id) == taken.before - 7_000 and differences() == []
    told = {x.facts["step"]: x.facts["amount"] for x in shop.letters("disputed-notice", taken.account_id)}
    assert told == {"taken": "£100.00", "returned": "£30.00", "lost": "£70.00"}


@on_sqlite
def test_movements_in_another_currency_are_booked_in_the_payments(shop: Shop, taken: Case):
    """Stripe may keep its balance in euros: its fee is not ours to book, and what is back is what was taken."""
    older = gateway_of(taken.funding).checkout(str(taken.funding.checkout_session)).disputes[0]
    back = SeenMove("txn_euro", came_back=True, amount_minor=None, fee_minor=None)
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, taken.funding.id)
        assert funding is not None
        settle_dispute(db, funding, replace(older, status="won", moves=(*older.moves, back)))
    assert shop.credit(taken.account_id) == taken.before and "fee:txn_euro" not in shop.entries("fee:")


@on_sqlite
def test_a_cancelled_account_gets_its_money_back_once_the_dispute_is_won(shop: Shop):
    """It paid too little to become active, its payment was disputed, and it was cancelled. Red without going on: the
    money stayed on a closed account."""
    case = Case(shop, FRAUDULENT, minor=1_000)
    case.hear("created", "funds_withdrawn")
    with transaction(shop.company.id) as db:
        cancel(db, held_customer_or_404(db, case.account_id), reason="created twice", by=COMMAND_LINE)
    case.send("winning_evidence")
    case.hear("closed")
    refunds = shop.ask(lambda db: [(each.amount_minor, each.state) for each in db.scalars(select(GatewayRefund))])
    assert refunds == [(1_000, "succeeded")] and shop.credit(case.account_id) == 0 and differences() == []


@on_sqlite
def test_a_refund_that_was_given_up_for_a_dispute_is_asked_for_again(shop: Shop):
    """Red when what a dispute stopped is forgotten."""
    case = Case(shop, FRAUDULENT)
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, case.funding.id)
        assert funding is not None
        commands.request_refund(db, funding, "paid twice")
    shop.work()
    case.send("winning_evidence")
    case.hear("closed")
    refunds = shop.ask(lambda db: sorted(
        (each.state, each.reason) for each in db.scalars(select(GatewayRefund))))
    assert refunds == [("failed", "paid twice"), ("succeeded", "paid twice")] and differences() == []


@on_sqlite
def test_one_payment_that_cannot_be_settled_hides_no_other(shop: Shop, taken: Case, monkeypatch: pytest.MonkeyPatch):
    """Red when the first refusal ends the look."""
    looked: list[UUID] = []

    def refuse(funding_id: UUID, seen: object) -> None:
        looked.append(funding_id)
        raise commands.DoesNotMatch("another amount")

    other = Case(shop, FRAUDULENT)
    other.pass_time()
    monkeypatch.setattr(background.flows, "settled", refuse)
    with scoped(shop.company.id):
        background.look_for_disputes({})
    assert set(looked) == {taken.funding.id, other.funding.id}


@on_sqlite
def test_what_is_disputed_is_not_refunded(shop: Shop, taken: Case):
    """Shown red with what a dispute took counted as kept."""
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, taken.funding.id)
        assert funding is not None and kept_minor(db, funding) == 0
        commands.request_refund(db, funding, "closed")
        assert db.scalars(select(GatewayRefund)).all() == []


def test_a_refund_that_meets_a_dispute_nobody_heard_of_ends_and_learns_of_it(shop: Shop):
    case = Case(shop, FRAUDULENT)
    with transaction(shop.company.id) as db:
        funding = db.locked(Funding, case.funding.id)
        assert funding is not None
        commands.request_refund(db, funding, "closed")
    shop.work()
    refunds = shop.ask(lambda db: [refund.state for refund in db.scalars(select(GatewayRefund))])
    assert refunds == ["failed"] and case.row().taken_at and differences() == []
    assert shop.credit(case.account_id) == case.before - 10_000


@on_sqlite
def test_pages_letters_and_the_statement_tell_it(shop: Shop, taken: Case):
    taken.send("winning_evidence")
    taken.hear("closed")
    letters = shop.letters("disputed", taken.account_id)
    with shop.app.app_context(), transaction(shop.company.id) as db:
        account = held_customer_or_404(db, taken.account_id)
        moved = [(m.what, m.amount, m.reference) for m in account_page(db, account, runs=True).movements]
        bank = f"Disputed, taken back by the bank of {taken.funding.card}"
        assert (bank, "−£100.00", taken.funding.reference) in moved
        assert ("Dispute decided, the payment is back", "£100.00", taken.funding.reference) in moved
        (line,) = gateway_page(db).disputes
        assert (line.customer, line.amount, line.state) == ("Tidewater Sails", "£100.00", "dispute-won")
        bodies = [render(letter, white_label(db)).body for letter in letters]
        assert "the holder of the card says they did not make it" in bodies[0] and "£100.00 is credit" in bodies[1]
        month = Month.of(clock.now().date())
    with clock.reading(lambda: month.end("Europe/London")), transaction(shop.company.id) as db:
        statement = issue(db, held_customer_or_404(db, taken.account_id), month)
        about = [(x.kind, x.description, x.reference, x.amount_minor) for x in lines_of(db, statement)
                 if "isputed" in x.description]
    card = taken.funding.card
    assert about == [
        ("refund", f"Card payment disputed, {card}", taken.funding.reference, -10_000),
        ("payment", f"Disputed card payment returned, {card}", taken.funding.reference, 10_000)]


@on_sqlite
def test_what_comes_back_ends_what_was_owed(shop: Shop, taken: Case):
    """Shown red without arrears hearing of disputes: the case went on until the night."""
    with scoped(shop.company.id):
        arrears.look_at_all(shop.company.id)
    cases = lambda: shop.ask(lambda db: [case.ended_on for case in db.scalars(  # noqa: E731
        select(ArrearsCase).where(ArrearsCase.account_id == taken.account_id))])
    assert cases() == [None]
    taken.send("winning_evidence")
    taken.hear("closed")
    assert cases() != [None]


@on_sqlite
def test_a_webhook_of_before_hears_of_disputes_from_the_next_look_on(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Shown red without the widening: whoever connected before would hear of none."""
    events = list(stripe_gateway.EVENTS)
    monkeypatch.setattr(stripe_gateway, "EVENTS", [event for event in events if "dispute" not in event])
    with scoped(shop.company.id):
        connection.check(register=True)
        with transaction() as db:
            credential = gateway_credential(db)
        gateway_for(credential).widen_webhook(credential.webhook_endpoint)
        monkeypatch.setattr(stripe_gateway, "EVENTS", events)
        assert not gateway_for(credential).webhook(credential.webhook_endpoint).hears_all
        assert connection.check() == []
        assert gateway_for(credential).webhook(credential.webhook_endpoint).hears_all


@on_sqlite
def test_a_key_that_may_not_read_disputes_is_not_taken_and_one_of_before_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """Red when the refusal is not caught: no payment of a disputed charge could be settled any more."""
    case = Case(shop, FRAUDULENT)
    whole = stripe_gateway._ask

    def ask(call):
        answer = whole(call)
        if getattr(answer, "url", "") == "/v1/disputes" or (isinstance(answer, list) and answer[:1] == []):
            raise KeyRefused("rak_dispute_read")
        return answer

    with monkeypatch.context() as limited:
        limited.setattr(stripe_gateway, "_ask", ask)
        assert gateway_of(case.funding).checkout(str(case.funding.checkout_session)).disputes == ()
        with scoped(shop.company.id), pytest.raises(KeyNotAccepted, match="may not read disputes"):
            connection.connect("rk_test_northwind_gbp_0001", by=COMMAND_LINE)


@pytest.mark.parametrize("values", [{"amount_minor": 9_999}, {"taken_at": None}])
def test_verify_finds_a_dispute_that_is_not_as_it_was_booked(shop: Shop, taken: Case, values: dict[str, object]):
    change(Dispute, Dispute.gateway_id == taken.id, **values)
    assert any(f"dispute {taken.id} is open" in words for words in differences())


@on_sqlite
def test_an_unknown_payment_is_nobodys(shop: Shop, taken: Case):
    """A second payment of somebody else's shop with the same key is no funding of ours."""
    with scoped(shop.company.id), transaction() as db:
        assert background.unheard_disputes(db, {"du_x": "pi_x"}) == []
        found = db.locked(Funding, taken.funding.id)
        assert found is not None
        settle_dispute(db, found, SeenDispute("du_y", 5, "warning_needs_response", "new_reason", None))
    with transaction(shop.company.id) as db:
        assert {d.state for d in db.scalars(select(Dispute))} == {"open", "inquiry"}
    assert isinstance(taken.account_id, UUID)
