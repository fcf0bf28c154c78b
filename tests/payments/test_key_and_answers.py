"""A key is rolled, a gateway is slow, or shows what we did not ask for: whoever pays learns what is true."""

import pytest
from sqlalchemy import update

from portal.accounts.queries import held_customer_or_404, primary_user
from portal.activation import commands
from portal.activation.pages import what_goes_back
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import reading, scoped, transaction
from portal.payments import connection, flows, stripe_gateway
from portal.payments.flows import PaymentPageClosed
from portal.payments.models import Funding
from portal.whitelabels.queries import gateway_credential
from tests.cast import PASSWORD, on_sqlite
from tests.conftest import HostClient
from tests.payments.conftest import VISA, Shop
from tests.signup.browsing import words

pytestmark = on_sqlite

UNKNOWN = "We do not know yet whether money was taken."


class Paying:
    """A customer with an open card page, signed in."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.account_id = shop, shop.customer()
        self.url = shop.open(self.account_id).url
        with reading(shop.company.id) as db:
            login = primary_user(db, shop_account(db, self.account_id).id).login_name
        self.browser = HostClient(shop.app, shop.company.host)
        assert self.browser.submit("/login", {"login_name": login, "password": PASSWORD}).status_code == 303

    @property
    def page(self) -> str:
        return words(self.browser.get("/activation/payment", follow_redirects=True))

    def try_again(self):
        return self.browser.submit("/activation/payment", {"other": "100.00"})


def shop_account(db, account_id):
    return held_customer_or_404(db, account_id)


@pytest.fixture
def paying(shop: Shop) -> Paying:
    return Paying(shop)


def cancel(shop: Shop, account_id) -> None:
    with transaction(shop.company.id) as db:
        commands.cancel(db, held_customer_or_404(db, account_id), reason="x", by=COMMAND_LINE)


def roll_key(shop: Shop) -> None:
    """The key of then is dead at the gateway; the white label connects a new one of the same account."""
    with transaction(shop.company.id) as db:
        old = gateway_credential(db)
        assert old is not None
        key = old.key
        old.keep_key(f"{key}_revoked")
    with scoped(shop.company.id):
        connection.connect(key, by=shop.bob.actor, register=False)


def test_after_a_rolled_key_the_payment_of_before_is_found(paying: Paying):
    """Red with the key that the payment was made with: never seen, and nothing else can be paid."""
    paying.shop.pay(paying.url, VISA)
    roll_key(paying.shop)
    assert "Your account is active" in paying.page


def test_after_a_rolled_key_a_refund_goes_out(shop: Shop):
    """Red as above: the job gives up after two days."""
    account_id = shop.customer()
    opened = shop.open(account_id, 500)
    shop.pay(opened.url, VISA)
    shop.refresh(opened.funding_id)
    roll_key(shop)
    cancel(shop, account_id)
    shop.work()
    assert shop.credit(account_id) == 0


def test_a_refusal_while_a_card_page_is_open_promises_nothing(paying: Paying):
    """Red with PaymentPageClosed for every refusal: "No money was taken.", after 100.00 was."""
    paying.shop.pay(paying.url, VISA)
    with transaction(paying.shop.company.id) as db:
        credential = gateway_credential(db)
        assert credential is not None
        credential.keep_key(f"{credential.key}_revoked")
    answer = paying.try_again()
    assert answer.status_code == 503 and UNKNOWN in words(answer) and "No money was taken" not in words(answer)


def test_what_does_not_match_is_no_crash(paying: Paying):
    """Red without catching it: 500."""
    with transaction(paying.shop.company.id) as db:
        db.execute(update(Funding).values(currency="EUR"))
    answer = paying.try_again()
    assert answer.status_code == 503 and UNKNOWN in words(answer)


def test_a_page_does_not_wait_for_a_slow_gateway(paying: Paying, monkeypatch: pytest.MonkeyPatch):
    """Red with the patience of a payment: the page comes once the gateway has answered, and knows."""
    monkeypatch.setattr(stripe_gateway, "QUICK_S", 1)
    paying.shop.gateway.latency(2, times=1, path="/v1/checkout", method="GET")
    assert UNKNOWN in paying.page


def test_few_pages_wait_for_one_gateway_at_once(paying: Paying):
    """One white label's gateway that hangs leaves the others their pages. Red without the places."""
    place = flows._places[paying.shop.company.id]
    for _ in range(flows.LOOKS_AT_ONCE):
        place.acquire()
    try:
        assert UNKNOWN in paying.page
    finally:
        for _ in range(flows.LOOKS_AT_ONCE):
            place.release()
    assert "No money was taken so far." in paying.page


def test_no_card_page_opens_for_an_account_that_is_closed(shop: Shop):
    """Red without the look at the account: a payment is begun, and its page made and closed again."""
    account_id = shop.customer()
    cancel(shop, account_id)
    with pytest.raises(PaymentPageClosed, match="closed meanwhile"):
        shop.open(account_id)
    assert shop.fundings(account_id) == []


def test_a_card_page_that_was_being_made_while_the_account_was_closed_is_closed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """Whoever closed the account found no page to close. Red without the second look: it stays open."""
    account_id, real = shop.customer(), flows.StripeGateway.create_checkout

    def slow(self, order):
        cancel(shop, account_id)
        shop.work()
        return real(self, order)

    monkeypatch.setattr(flows.StripeGateway, "create_checkout", slow)
    with pytest.raises(PaymentPageClosed, match="closed meanwhile"):
        shop.open(account_id)
    assert [funding.state for funding in shop.fundings(account_id)] == ["expired"]


def test_cancelling_says_what_becomes_of_a_payment_on_its_way(paying: Paying):
    """Red without it: "No money moves now", and a moment later it goes back."""
    paying.shop.pay(paying.url, VISA)
    account = paying.shop.account(paying.account_id)
    told = "A payment that is still on its way goes back in full when it arrives."
    assert paying.shop.ask(lambda db: what_goes_back(db, account)) == told
    bob = HostClient(paying.shop.app, paying.shop.company.host)
    bob.sign_in(paying.shop.bob)
    before = words(bob.get(f"/customers/{paying.account_id}/closure"))
    assert told in before and "No money moves" not in before
