"""Checkout Sessions, from creation to payment or expiry, as the API shows them."""

import time

import pytest
import stripe

HALF_AN_HOUR_S, DAY_S = 30 * 60, 24 * 60 * 60


def test_a_new_session_is_open_unpaid_and_has_a_page(sandbox, shop):
    customer = shop.v1.customers.create(params={"email": "m@wairoa.example"})
    session = shop.checkout(customer=customer.id, allowed_payment_method_types=["card"], expand=["payment_intent"],
                            branding_settings={"display_name": "Kauri Telecom", "button_color": "#0b6e4f"})
    assert (session.status, session.payment_status, session.amount_total, session.currency) == (
        "open", "unpaid", 71875, "nzd")
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert session.id.startswith("cs_test_") and session.livemode is False
    assert session.payment_intent is None
    assert session.allowed_payment_method_types == ["card"]
    assert session.branding_settings.display_name == "Kauri Telecom"
    assert session.metadata["account"] == "207-0114"


def test_a_paid_session_shows_intent_charge_and_fee(sandbox, shop, buyer):
    session = shop.paid(buyer)
    sandbox.move_clock(2)
    session = shop.session(session, "payment_intent.latest_charge.balance_transaction",
                           "payment_intent.latest_charge.refunds", "customer", "line_items")
    intent, charge = session.payment_intent, session.payment_intent.latest_charge
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (intent.status, intent.amount_received, intent.metadata["portal_funding"]) == ("succeeded", 71875, "f1")
    assert (charge.status, charge.paid, charge.payment_method_details.card.last4) == ("succeeded", True, "4242")
    assert charge.balance_transaction.fee == 1027 == 71875 - charge.balance_transaction.net
    assert charge.refunds.data == []
    assert session.line_items.data[0].amount_total == 71875
    assert session.customer_details.email == "mereana@wairoa.example"


def test_the_fee_is_not_known_at_once_and_then_announced(sandbox, shop, buyer):
    session = shop.paid(buyer)
    told = shop.v1.events.list(params={"type": "charge.succeeded"}).data[0]
    assert told.data.object.balance_transaction is None
    sandbox.move_clock(2)
    charge = shop.v1.charges.retrieve(session.payment_intent.latest_charge.id)
    booked = shop.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (booked.amount, booked.fee, booked.source, booked.type) == (71875, 1027, charge.id, "charge")
    event = shop.v1.events.list(params={"type": "charge.updated"}).data[0]
    assert event.data.object.balance_transaction == booked.id
    assert event.data.previous_attributes["balance_transaction"] is None


def test_the_fee_arrives_by_itself_within_about_a_second(shop, buyer, eventually):
    charge = shop.paid(buyer).payment_intent.latest_charge
    eventually(lambda: shop.sandbox.world.store.find_anywhere("charge", charge.id)["balance_transaction"])


def test_paying_tells_it_in_events(shop, buyer):
    shop.paid(buyer)
    assert shop.happened() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
                               "checkout.session.completed"]


def test_sessions_are_found_by_customer_intent_status_and_time(shop, buyer):
    customer = shop.v1.customers.create(params={})
    mine = shop.checkout(customer=customer.id)
    paid = shop.paid(buyer)
    sessions = shop.v1.checkout.sessions

    def found(**params):
        return [s.id for s in sessions.list(params=params).data]

    assert found(customer=customer.id) == [mine.id]
    assert found(payment_intent=paid.payment_intent.id) == [paid.id]
    assert found(status="open") == [mine.id]
    assert found(status="complete") == [paid.id]
    assert found(created={"gte": int(time.time()) + 60}) == []
    assert found() == [paid.id, mine.id]


def test_intents_and_charges_are_listed(shop, buyer):
    session = shop.paid(buyer)
    intent = session.payment_intent
    assert [i.id for i in shop.v1.payment_intents.list().data] == [intent.id]
    assert [c.id for c in shop.v1.charges.list(params={"payment_intent": intent.id}).data] == [intent.latest_charge.id]
    assert shop.v1.payment_intents.retrieve(intent.id, params={"expand": ["latest_charge"]}).latest_charge.paid


def test_lists_expand_too(shop, buyer):
    shop.paid(buyer)
    found = shop.v1.checkout.sessions.list(params={"expand": ["data.payment_intent.latest_charge"]}).data[0]
    assert found.payment_intent.latest_charge.status == "succeeded"


@pytest.mark.parametrize("from_now_s", [HALF_AN_HOUR_S - 60, DAY_S + 60, -5])
def test_a_session_lives_half_an_hour_to_a_day(shop, from_now_s):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.checkout(expires_at=int(time.time()) + from_now_s)
    assert refused.value.param == "expires_at"


def test_an_open_session_can_be_expired(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000002500003155")
    expired = shop.v1.checkout.sessions.expire(session.id)
    intent = shop.v1.payment_intents.retrieve(expired.payment_intent)
    assert (expired.status, expired.url) == ("expired", None)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")
    assert shop.happened()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


@pytest.mark.parametrize("end", ["complete", "expired"])
def test_a_session_that_is_over_cannot_be_expired(shop, buyer, end):
    session = shop.paid(buyer) if end == "complete" else shop.checkout()
    if end == "expired":
        shop.v1.checkout.sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.checkout.sessions.expire(session.id)
    assert shop.session(session).status == end


def test_a_session_expires_when_its_time_has_passed(sandbox, shop, buyer):
    session = shop.checkout(expires_at=int(time.time()) + HALF_AN_HOUR_S + 10)
    buyer.pay(session.url, "4000000000000002")
    sandbox.move_clock(HALF_AN_HOUR_S - 60)
    assert shop.session(session).status == "open"
    sandbox.move_clock(HALF_AN_HOUR_S + 11)
    found = shop.session(session, "payment_intent")
    assert (found.status, found.payment_intent.status) == ("expired", "canceled")
    assert shop.happened()[-1] == "checkout.session.expired"


def test_a_session_expires_even_if_nobody_looks(sandbox, shop, eventually):
    session = shop.checkout()
    sandbox.move_clock(DAY_S + 1)
    eventually(lambda: sandbox.world.store.find_anywhere("checkout.session", session.id)["status"] == "expired")


def test_an_intent_of_checkout_is_not_canceled_directly(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000000000000002")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.cancel(shop.session(session).payment_intent)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(("amount", "currency", "fee"), [(5000, "jpy", 90), (1250, "kwd", 38), (1, "usd", 21)])
def test_amounts_stay_in_the_minor_unit_of_their_currency(sandbox, shop, buyer, amount, currency, fee):
    session = shop.paid(buyer, amount, currency)
    sandbox.move_clock(2)
    booked = shop.session(session, "payment_intent.latest_charge.balance_transaction")
    booked = booked.payment_intent.latest_charge.balance_transaction
    assert (booked.amount, booked.fee, booked.currency) == (amount, fee, currency)
