"""However a payment becomes known, and however often: one entry, one receipt, one activation."""

from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.billing.models import Charge
from portal.kit.db import transaction
from portal.payments import webhooks
from portal.payments.commands import settle
from portal.payments.flows import gateway_of
from portal.verify import verify
from tests.payments.conftest import Shop
from tests.threads import at_once


def charges_of(account_id: UUID):
    return select(Charge.id).where(Charge.account_id == account_id)


COMPLETED = "checkout.session.completed"


def paid_funding(shop: Shop) -> tuple[UUID, UUID, str]:
    """A funding that the gateway has money for and we do not know of yet: account, funding, session."""
    account_id = shop.customer()
    opened = shop.open(account_id)
    shop.pay(opened.url)
    (funding,) = shop.fundings(account_id)
    assert funding.state == "pending" and shop.account(account_id).state == State.INACTIVE
    return account_id, opened.funding_id, str(funding.checkout_session)


def holds_once(shop: Shop, account_id: UUID, funding_id: UUID) -> None:
    assert shop.account(account_id).state == State.ACTIVE
    assert shop.entries("funding:") == [f"funding:{funding_id}"]
    assert len(shop.letters("receipt", account_id)) == 1
    assert len(shop.letters("welcome", account_id)) == 1
    charged = [source for source in shop.entries("charge:") if str(account_id) in source]
    assert len(charged) == len(set(charged)) == len(shop.ask(lambda db: list(db.scalars(charges_of(account_id)))))
    assert [f.differences for f in verify() if f.differences] == []


def test_webhook_before_the_redirect_returns(shop: Shop):
    account_id, funding_id, session = paid_funding(shop)
    assert shop.deliver(shop.event(COMPLETED, session)) == 200
    shop.work()
    assert shop.refresh(funding_id).state == "succeeded"
    holds_once(shop, account_id, funding_id)


def test_redirect_returns_before_the_webhook(shop: Shop):
    account_id, funding_id, session = paid_funding(shop)
    assert shop.refresh(funding_id).state == "succeeded"
    assert shop.deliver(shop.event(COMPLETED, session)) == 200
    shop.work()
    holds_once(shop, account_id, funding_id)


def test_one_that_comes_again_writes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """It waits for nobody who writes. Red without the look before: it asked for a transaction."""
    _, _, session = paid_funding(shop)
    event = shop.event(COMPLETED, session)
    assert shop.deliver(event) == 200

    def refuse(*scope: object) -> None:
        raise AssertionError("a transaction that writes")

    monkeypatch.setattr(webhooks, "transaction", refuse)
    assert shop.deliver(event) == 200
    assert shop.deliver(shop.event(COMPLETED, session)) == 500


def test_twenty_deliveries_of_one_webhook_at_once_with_the_return_page(shop: Shop):
    account_id, funding_id, session = paid_funding(shop)
    event = shop.event(COMPLETED, session)

    def act(n: int) -> object:
        return shop.refresh(funding_id).state if n == 20 else shop.deliver(event)

    answers = at_once(21, act)
    assert answers[:20] == [200] * 20
    assert answers[20] == "succeeded"
    at_once(4, lambda n: shop.work())
    holds_once(shop, account_id, funding_id)


def test_twenty_different_webhooks_about_one_payment_worked_at_once(shop: Shop):
    """Each is a job of its own, and all end in one settle under one lock.

    Shown red with `db.locked` in `settle` replaced by `db.load`: two receipts on PostgreSQL.
    """
    account_id, funding_id, session = paid_funding(shop)
    assert at_once(20, lambda n: shop.deliver(shop.event(COMPLETED, session))) == [200] * 20
    at_once(4, lambda n: shop.work())
    holds_once(shop, account_id, funding_id)


def test_settling_again_changes_nothing(shop: Shop):
    account_id, funding_id, session = paid_funding(shop)
    funding = shop.refresh(funding_id)
    seen = gateway_of(funding).checkout(session)
    for _ in range(3):
        with transaction(shop.company.id) as db:
            settle(db, funding_id, seen)
    holds_once(shop, account_id, funding_id)
