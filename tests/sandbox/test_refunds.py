"""Refunds: money given back, never more than was taken."""

import pytest
import stripe


def charge_of(shop, session):
    return shop.v1.charges.retrieve(session.payment_intent.latest_charge.id, params={"expand": ["refunds"]})


def test_a_whole_refund_gives_everything_back(shop, buyer):
    session = shop.paid(buyer)
    refund = shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id})
    charge = charge_of(shop, session)
    assert (refund.amount, refund.status, refund.charge) == (71875, "succeeded", charge.id)
    assert (charge.amount_refunded, charge.refunded) == (71875, True)
    assert [r.id for r in charge.refunds.data] == [refund.id]


def test_a_refund_is_booked_on_the_balance_without_a_fee(shop, buyer):
    session = shop.paid(buyer)
    refund = shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id, "amount": 875,
                                            "expand": ["balance_transaction"]})
    booked = refund.balance_transaction
    assert (booked.amount, booked.fee, booked.net, booked.type, booked.source) == (-875, 0, -875, "refund", refund.id)
    found = shop.v1.balance_transactions.list(params={"source": refund.id}).data
    assert [b.id for b in found] == [booked.id]


def test_parts_may_be_refunded_until_nothing_is_left(shop, buyer):
    session = shop.paid(buyer)
    charge = session.payment_intent.latest_charge.id
    parts = [shop.v1.refunds.create(params={"charge": charge, "amount": 70000, "reason": "requested_by_customer",
                                            "metadata": {"portal_refund": "r1"}})]
    assert not charge_of(shop, session).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create(params={"charge": charge, "amount": 1876})
    assert refused.value.param == "amount"
    parts.append(shop.v1.refunds.create(params={"charge": charge, "amount": 1875}))
    assert charge_of(shop, session).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create(params={"charge": charge})
    assert refused.value.code == "charge_already_refunded"
    assert [r.id for r in shop.v1.refunds.list(params={"charge": charge}).data] == [r.id for r in parts][::-1]
    assert shop.v1.refunds.retrieve(parts[0].id).metadata["portal_refund"] == "r1"


def test_refunding_tells_it_in_events(shop, buyer):
    session = shop.paid(buyer)
    shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id, "amount": 5})
    assert shop.happened()[-2:] == ["charge.refunded", "refund.created"]
    event = shop.v1.events.list(params={"type": "charge.refunded"}).data[0]
    assert (event.data.object.amount_refunded, event.data.previous_attributes["amount_refunded"]) == (5, 0)


def test_a_charge_refunded_within_its_first_second_still_gets_its_fee(sandbox, shop, buyer):
    session = shop.paid(buyer)
    shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id})
    sandbox.move_clock(2)
    assert charge_of(shop, session).balance_transaction is not None


def test_a_payment_that_took_nothing_is_not_refunded(shop, buyer):
    session = shop.checkout()
    buyer.pay(session.url, "4000000000000002")
    intent = shop.session(session, "payment_intent").payment_intent
    for wanted in ({"payment_intent": intent.id}, {"charge": intent.latest_charge}):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.refunds.create(params=wanted)


@pytest.mark.parametrize("wanted", [{}, {"charge": "ch_nobody"}, {"payment_intent": "pi_nobody"}, {"charge": "pi_x"},
                                    {"charge": "ch_x", "payment_intent": "pi_x"}])
def test_a_refund_of_nothing_known_is_refused(shop, wanted):
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.refunds.create(params=wanted)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_refund_is_more_than_nothing(shop, buyer, amount):
    session = shop.paid(buyer)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id, "amount": amount})


def test_a_refund_may_fail_later_and_its_money_comes_back(sandbox, shop, buyer):
    session = shop.paid(buyer, number="4000000000005126")
    refund = shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id})
    assert refund.status == "succeeded"
    sandbox.move_clock(2)
    refund = shop.v1.refunds.retrieve(refund.id, params={"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_balance_transaction.net) == ("failed", 71875)
    assert (charge_of(shop, session).amount_refunded, charge_of(shop, session).refunded) == (0, False)
    assert "refund.failed" in shop.happened()


def test_a_refund_may_be_pending_first(sandbox, shop, buyer):
    session = shop.paid(buyer, number="4000000000007726")
    refund = shop.v1.refunds.create(params={"payment_intent": session.payment_intent.id})
    assert (refund.status, refund.balance_transaction) == ("pending", None)
    sandbox.move_clock(2)
    assert shop.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert "refund.updated" in shop.happened()
