"""An account is cancelled that was paid for, but not enough to activate it: all of it goes back, once."""

from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation import commands
from portal.activation.pages import what_goes_back
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import transaction
from portal.payments.commands import request_refund
from portal.payments.models import GatewayRefund
from portal.payments.queries import fundings_of, refunds_of_account
from tests.conftest import HostClient
from tests.payments.conftest import VISA, Shop
from tests.signup.browsing import words

MINOR = 500


@pytest.fixture
def paid_short(shop: Shop) -> UUID:
    account_id = shop.customer()
    pay(shop, account_id)
    assert (shop.account(account_id).state, shop.credit(account_id)) == ("inactive", MINOR)
    return account_id


def pay(shop: Shop, account_id: UUID) -> UUID:
    opened = shop.open(account_id, MINOR)
    shop.pay(opened.url, VISA)
    return shop.refresh(opened.funding_id).id


def cancel(shop: Shop, account_id: UUID) -> None:
    with transaction(shop.company.id) as db:
        commands.cancel(db, held_customer_or_404(db, account_id), reason="x", by=COMMAND_LINE)


def returned(shop: Shop, account_id: UUID) -> list[int]:
    return shop.ask(lambda db: [refund.amount_minor for refund, _ in refunds_of_account(db, account_id)])


def test_what_was_paid_goes_back_and_both_sides_are_told(shop: Shop, paid_short: UUID):
    """Red without the requests in `cancel`: five pounds stay on a closed account."""
    pay(shop, paid_short)
    cancel(shop, paid_short)
    shop.work()
    assert (returned(shop, paid_short), shop.credit(paid_short)) == ([MINOR, MINOR], 0)
    assert [letter.facts["is_closed"] for letter in shop.letters("refunded", paid_short)] == [True, True]
    assert "cancelled before it was activated" in shop.letters("refunded-notice", paid_short)[0].facts["reason"]


def test_a_payment_that_is_on_its_way_back_is_not_given_back_twice(shop: Shop, paid_short: UUID):
    """Red with `kept_fundings` of all payments that arrived: the page would promise it twice."""
    with transaction(shop.company.id) as db:
        request_refund(db, fundings_of(db, paid_short)[0], "asked for")
        said = what_goes_back(db, held_customer_or_404(db, paid_short))
    cancel(shop, paid_short)
    asked = shop.ask(lambda db: db.scalars(select(GatewayRefund.reason)).all())
    shop.work()
    assert (said, asked) == ("", ["asked for"])
    assert (returned(shop, paid_short), shop.credit(paid_short)) == ([MINOR], 0)


def test_an_account_that_was_active_keeps_its_credit_on_the_books(shop: Shop):
    """Red without the look at `activated_at`: what was charged would go back, too."""
    account_id = shop.customer()
    shop.pay(shop.open(account_id).url, VISA)
    shop.work()
    shop.refresh(shop.fundings(account_id)[0].id)
    left = shop.credit(account_id)
    assert shop.account(account_id).state == "active" and left > 0
    cancel(shop, account_id)
    shop.work()
    assert (returned(shop, account_id), shop.credit(account_id)) == ([], left)


def test_the_page_says_so_before_and_after(shop: Shop, paid_short: UUID):
    bob = HostClient(shop.app, shop.company.host)
    bob.sign_in(shop.bob)
    address = f"/customers/{paid_short}/closure"
    said = "£5.00 that was paid for it goes back to the card: nothing was charged."
    before = words(bob.get(address))
    assert said in before and "No money" not in before
    bob.submit(address, {"reason": "Asked for by telephone"})
    after = words(bob.get(f"/customers/{paid_short}"))
    assert f"Tidewater Sails is closed. {said}" in after
