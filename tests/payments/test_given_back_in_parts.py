"""A white label gives a part of a payment back in its gateway's own dashboard; then the account is cancelled."""

from uuid import UUID

import pytest
from sqlalchemy import select

from portal.accounts.queries import held_customer_or_404
from portal.activation import commands
from portal.activation.pages import payment_of_ended, payment_status, what_goes_back
from portal.audit.commands import COMMAND_LINE
from portal.customers.progress import blocker_of
from portal.kit.db import transaction
from portal.kit.jobs import Job
from portal.payments.flows import gateway_of
from portal.payments.models import Funding, GatewayRefund
from portal.verify import verify
from tests.payments.conftest import VISA, Shop

MINOR, PART = 500, 150


@pytest.fixture
def paid(shop: Shop) -> Funding:
    opened = shop.open(shop.customer(), MINOR)
    shop.pay(opened.url, VISA)
    return shop.refresh(opened.funding_id)


def give_back(funding: Funding, minor: int) -> None:
    gateway = gateway_of(funding)
    assert funding.payment_intent is not None
    gateway.refund(intent=funding.payment_intent, amount_minor=minor, currency="GBP", refund_id=str(UUID(int=9)))


def hear_of_it(shop: Shop, funding: Funding) -> None:
    shop.deliver(shop.event("refund.created", "re_x", payment_intent=funding.payment_intent))
    shop.work()


def cancel(shop: Shop, funding: Funding) -> None:
    with transaction(shop.company.id) as db:
        commands.cancel(db, held_customer_or_404(db, funding.account_id), reason="x", by=COMMAND_LINE)
    for _ in range(3):
        shop.work()
        shop.hurry()


def refunds(shop: Shop) -> list[tuple[int, str]]:
    found = shop.ask(lambda db: db.scalars(select(GatewayRefund).order_by(GatewayRefund.created_at)).all())
    return sorted((refund.amount_minor, refund.state) for refund in found)


def said(shop: Shop, funding: Funding) -> str:
    account = shop.account(funding.account_id)
    status = shop.ask(lambda db: payment_of_ended(db, account, seen=True))
    return f"{status.heading}. {status.moved}"


def nothing_is_left(shop: Shop, funding: Funding) -> bool:
    return shop.credit(funding.account_id) == 0 and not any(each.differences for each in verify())


def test_before_the_cancelling_what_is_left_counts(shop: Shop, paid: Funding):
    """Red with any refund that did not fail taken for the whole: "The account could not be activated"."""
    give_back(paid, PART)
    hear_of_it(shop, paid)
    account = shop.account(paid.account_id)
    status = shop.ask(lambda db: payment_status(db, account, seen=True))
    assert (status.kind, status.moved) == ("short", "£3.50 arrived and is on your account.")
    assert "more money is needed" in shop.ask(lambda db: blocker_of(db, account).text)


def test_the_rest_goes_back_when_the_part_is_known(shop: Shop, paid: Funding):
    """Red as above: 3.50 stay on the closed account."""
    give_back(paid, PART)
    hear_of_it(shop, paid)
    account = shop.account(paid.account_id)
    assert "£3.50 that was paid for it goes back" in shop.ask(lambda db: what_goes_back(db, account))
    cancel(shop, paid)
    assert refunds(shop) == [(150, "succeeded"), (350, "succeeded")] and nothing_is_left(shop, paid)
    assert said(shop, paid) == "Your payment was returned. £5.00 went back to your card in full."


@pytest.mark.parametrize(("part", "expected"), [
    (PART, [(150, "succeeded"), (350, "succeeded"), (500, "failed")]),
    (MINOR, [(500, "failed"), (500, "succeeded")]),
])
def test_what_is_left_goes_back_when_the_part_is_not_known(
    shop: Shop, paid: Funding, part: int, expected: list[tuple[int, str]]
):
    """The gateway refuses more than is left. Red without asking for less: the job fails for two days."""
    give_back(paid, part)
    cancel(shop, paid)
    assert refunds(shop) == expected and nothing_is_left(shop, paid)
    hear_of_it(shop, paid)
    assert refunds(shop) == expected and nothing_is_left(shop, paid)
    assert said(shop, paid) == "Your payment was returned. £5.00 went back to your card in full."
    waiting = shop.ask(lambda db: db.scalars(select(Job.name).where(Job.state == "due")).all())
    assert "payments.refund" not in waiting
