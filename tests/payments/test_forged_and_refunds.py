"""What must never be settled, and what goes back."""

import secrets
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from portal.accounts.commands import close
from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404, white_label_account
from portal.activation.commands import cancel
from portal.audit.commands import COMMAND_LINE
from portal.kit import db as kit_db
from portal.kit.db import PLATFORM, reading, scoped, transaction
from portal.ledger.entry import Book
from portal.ledger.queries import balance_minor
from portal.letters.flows import render
from portal.payments import commands, connection
from portal.payments.flows import gateway_of
from portal.payments.models import Funding, GatewayCustomer, GatewayRefund, WebhookEvent
from portal.selfcare.pages import account_page
from portal.verify import verify
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import gateway_credential, white_label
from tests.cast import Company, Person
from tests.payments.conftest import WEBHOOK_SECRET, Shop

COMPLETED = "checkout.session.completed"


def differences() -> list[str]:
    return [words for finding in verify() for words in finding.differences]


def events(shop: Shop) -> int:
    return shop.ask(lambda db: len(list(db.scalars(select(WebhookEvent)))))


def paid(shop: Shop, minor: int = 10_000) -> tuple[UUID, Funding]:
    account_id = shop.customer()
    opened = shop.open(account_id, minor)
    shop.pay(opened.url)
    (funding,) = shop.fundings(account_id)
    return account_id, funding


@pytest.mark.parametrize("secret", ["whsec_another_tenants", "", "whsec_", WEBHOOK_SECRET.upper()])
def test_a_webhook_signed_with_another_secret_is_refused(shop: Shop, secret: str):
    """Shown red with `is_signed` answering True."""
    account_id, funding = paid(shop)
    assert shop.deliver(shop.event(COMPLETED, str(funding.checkout_session)), secret=secret) == 400
    assert events(shop) == 0 and shop.account(account_id).state == State.INACTIVE


def test_an_address_without_a_secret_accepts_nothing(shop: Shop):
    """Shown red with the 503 left out: a body signed with the empty secret is then refused by 400 only."""
    with transaction(shop.company.id) as db:
        db.execute(update(GatewayCredential).values(sealed_webhook_secret=""))
    assert shop.deliver(shop.event(COMPLETED, "cs_test_x"), secret="") == 503
    assert shop.deliver(shop.event(COMPLETED, "cs_test_x"), slug="nobodys-address") == 404
    assert events(shop) == 0


def test_live_events_old_events_huge_and_odd_bodies_are_refused(shop: Shop):
    event = shop.event(COMPLETED, "cs_test_x")
    assert shop.deliver({**event, "livemode": True}) == 400
    assert shop.deliver(event, age_s=301) == 400
    assert shop.deliver({**event, "padding": "x" * 600_000}) == 400
    for odd in ({}, {"id": 1}, {"id": "evt", "type": "x"}, {"id": "evt", "type": "x", "data": {"object": {}}}):
        assert shop.deliver(odd) == 400
    assert events(shop) == 0


@pytest.mark.parametrize("column, value", [("amount_minor", 9_999), ("currency", "USD"), ("livemode", True)])
def test_another_amount_currency_or_mode_is_never_settled(shop: Shop, column: str, value: object):
    """A genuine payment of one thing must not pay for another. Shown red with `_check` left out."""
    account_id, funding = paid(shop)
    seen = gateway_of(funding).checkout(str(funding.checkout_session))
    with transaction(shop.company.id) as db:
        db.execute(update(Funding).where(Funding.id == funding.id).values({column: value}))
    with pytest.raises(commands.DoesNotMatch), transaction(shop.company.id) as db:
        commands.settle(db, funding.id, seen)
    assert shop.entries("funding:") == [] and shop.account(account_id).state == State.INACTIVE


def test_a_payment_for_one_account_does_not_settle_another(shop: Shop):
    _, funding = paid(shop)
    seen = gateway_of(funding).checkout(str(funding.checkout_session))
    other = shop.open(shop.customer("Another Firm"))
    with pytest.raises(commands.DoesNotMatch), transaction(shop.company.id) as db:
        commands.settle(db, other.funding_id, seen)
    assert shop.entries("funding:") == []


def test_another_tenants_object_is_not_found_with_our_key(shop: Shop, kauri: Company, charlie: Person):
    """A signed event of ours that names a session of another tenant's account settles nothing anywhere."""
    account_id, funding = paid(shop)
    with scoped(kauri.id):
        connection.connect(f"sk_test_k{secrets.token_hex(6)}_nzd_x", by=charlie.actor, register=False)
        with transaction() as db:
            kept = gateway_credential(db)
            assert kept is not None
            kept.keep_webhook_secret("whsec_of_kauri")
            slug = kept.webhook_slug
    event = shop.event(COMPLETED, str(funding.checkout_session))
    assert shop.deliver(event, secret="whsec_of_kauri") == 400
    assert shop.deliver(event, secret="whsec_of_kauri", slug=slug) == 200
    shop.work()
    assert shop.account(account_id).state == State.INACTIVE and shop.entries("funding:") == []


def test_money_for_a_cancelled_account_goes_back_in_full_and_both_sides_are_told(shop: Shop):
    """Shown red with the CLOSED branch of `use_money` left out."""
    account_id, funding = paid(shop)
    with transaction(shop.company.id) as db:
        close(db, held_customer_or_404(db, account_id), reason="changed their mind", by=COMMAND_LINE)
    shop.refresh(funding.id)
    assert shop.credit(account_id) == 10_000
    shop.work()
    assert shop.credit(account_id) == 0 and shop.account(account_id).state == State.CLOSED
    assert len(shop.entries("refund:")) == 1
    assert len(shop.letters("refunded", account_id)) == 1
    assert [x.to_address for x in shop.letters("refunded-notice", account_id)] == ["bob@northwind.example"]
    shop.refresh(funding.id)
    shop.work()
    assert len(shop.entries("refund:")) == 1 and differences() == []


def test_cancelling_closes_the_card_page_that_is_still_open(shop: Shop):
    account_id = shop.customer()
    opened = shop.open(account_id)
    with transaction(shop.company.id) as db:
        cancel(db, held_customer_or_404(db, account_id), reason="created twice", by=COMMAND_LINE)
    shop.work()
    assert [f.state for f in shop.fundings(account_id)] == ["expired"]
    assert "expired" in shop.pay_page(opened.url).lower()


def test_a_refund_whose_answer_was_lost_is_one_refund(shop: Shop):
    account_id, funding = paid(shop)
    with transaction(shop.company.id) as db:
        close(db, held_customer_or_404(db, account_id), reason="no", by=COMMAND_LINE)
    shop.refresh(funding.id)
    shop.gateway.answer_lost(times=2, path="/v1/refunds")
    shop.work()
    shop.hurry()
    shop.work()
    assert len(shop.entries("refund:")) == 1 and shop.credit(account_id) == 0 and differences() == []


def test_a_refund_made_in_the_gateways_own_dashboard_becomes_an_entry(shop: Shop):
    account_id, funding = paid(shop)
    settled = shop.refresh(funding.id)
    before = shop.credit(account_id)
    made = gateway_of(settled).refund(
        intent=str(settled.payment_intent), amount_minor=1_500, currency="GBP", refund_id=str(UUID(int=9))
    )
    assert shop.deliver(shop.event("refund.created", made.gateway_id, payment_intent=settled.payment_intent)) == 200
    shop.work()
    assert shop.credit(account_id) == before - 1_500
    rows = shop.ask(lambda db: list(db.scalars(select(GatewayRefund))))
    assert [(r.amount_minor, r.state) for r in rows] == [(1_500, "succeeded")] and differences() == []


def test_a_part_given_back_is_told_as_a_part_with_its_own_amount(shop: Shop):
    """Red when the letter tells the payment's amount, or that all of it went back."""
    account_id, funding = paid(shop)
    settled = shop.refresh(funding.id)
    gateway_of(settled).refund(
        intent=str(settled.payment_intent), amount_minor=1_500, currency="GBP", refund_id=str(UUID(int=9))
    )
    shop.deliver(shop.event("refund.created", "re_x", payment_intent=settled.payment_intent))
    shop.work()
    (letter,) = shop.letters("refunded", account_id)
    assert (letter.facts["amount"], letter.facts["is_whole"], letter.facts["is_over"]) == ("£15.00", False, False)
    with shop.app.app_context(), reading(shop.company.id) as db:
        text = render(letter, white_label(db)).body
    assert "We returned £15.00 of your payment" in text and "all of it" not in text
    with reading(shop.company.id) as db:
        account = db.load(Account, account_id)
        moved = account_page(db, account, runs=True)
    assert [m.amount for m in moved.movements if m.what.startswith("Returned")] == ["−£15.00"]


def test_the_fee_is_a_second_entry_when_it_becomes_known(shop: Shop):
    _account_id, funding = paid(shop)
    settled = shop.refresh(funding.id)
    assert shop.entries("fee:") == []
    shop.gateway.move_clock(5)
    assert shop.deliver(shop.event("charge.updated", "ch_x", payment_intent=settled.payment_intent)) == 200
    shop.work()
    shop.work()
    assert len(shop.entries("fee:")) == 1
    assert shop.ask(lambda db: balance_minor(db, Book.RETAIL, "gateway-fees")) == 160


def test_no_room_on_the_white_label_account_when_the_money_arrives_gives_it_back(shop: Shop):
    account_id, funding = paid(shop)
    with transaction(shop.company.id) as db:
        white_label_account(db).credit_limit_minor = -50_000
    shop.refresh(funding.id)
    shop.work()
    assert shop.account(account_id).state == State.INACTIVE
    assert shop.credit(account_id) == 0 and len(shop.entries("refund:")) == 1 and differences() == []


def test_the_gateways_customer_is_made_once(shop: Shop):
    account_id = shop.customer()
    shop.open(account_id)
    shop.open(account_id, 20_000)
    assert len(shop.ask(lambda db: list(db.scalars(select(GatewayCustomer))))) == 1


def test_keys_and_secrets_are_sealed_wherever_they_are_kept(shop: Shop):
    """Shown red with `seal` returning its input."""
    with reading(PLATFORM) as db:
        for table in kit_db.Base.metadata.sorted_tables:
            for row in db.connection().execute(text(f'select * from "{table.name}"')):
                words = " ".join(str(value) for value in row)
                assert WEBHOOK_SECRET not in words and "_gbp_x" not in words.replace("sk_test_…", ""), table.name
