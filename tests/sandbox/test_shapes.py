"""Our objects have the shape of Stripe's: each field is one that Stripe has, and of the same type.

`stripe_shapes.json` beside this file holds the types of the fields in Stripe's official example responses
(github.com/stripe/openapi, MIT), reduced to the objects that the sandbox makes.
"""

import json
from pathlib import Path

import pytest
import stripe

SHAPES = json.loads(Path(__file__).with_name("stripe_shapes.json").read_text())
# Fields that this version of the API has and the example responses do not show yet, by the library's own classes.
NEWER = {
    "checkout.session": {"allowed_payment_method_types": "list", "branding_settings": "object"},
    "charge": {"outcome.risk_level": "string", "outcome.risk_score": "integer"},
    "webhook_endpoint": {"secret": "string"},
    "refund": {"failure_reason": "string", "failure_balance_transaction": "string"},
    "payment_intent": {"next_action.redirect_to_url": "object"},
}
# What an example shows empty, or with other members, because the member depends on the case.
VARIES = {
    "event": {"data.object", "data.previous_attributes"},
    "payment_intent": {"last_payment_error", "latest_charge"},
    "charge": {"fraud_details"},
}


def type_of(value):
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "list", dict: "object"}
    return names[type(value)]


def differences(kind, ours, shape, name=""):
    """Names of our fields that Stripe lacks or types otherwise. An example's null says nothing of the type."""
    for key, value in ours.items():
        dotted = f"{name}{key}"
        if dotted in VARIES.get(kind, ()) or (key == "metadata" and type_of(value) == "object"):
            continue
        expected = shape.get(key, NEWER.get(kind, {}).get(dotted))
        if expected is None:
            yield f"{dotted}: Stripe has no such field"
        elif isinstance(expected, dict):
            if type_of(value) == "object":
                yield from differences(kind, value, expected, f"{dotted}.")
            elif value is not None:
                yield f"{dotted}: {type_of(value)} instead of an object"
        elif type_of(value) not in (expected, "null") and expected != "null":
            yield f"{dotted}: {type_of(value)} instead of {expected}"


def made(shop, buyer, sandbox):
    """One of each object, as the API answers."""
    url = "http://127.0.0.1:1/"
    endpoint = shop.v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["payout.paid"]})
    customer = shop.v1.customers.create(params={"name": "A", "email": "a@b.example", "address": {"city": "Napier"}})
    session = shop.checkout(customer=customer.id)
    buyer.pay(session.url, "4000000000009995")
    declined = shop.session(session, "payment_intent.latest_charge").payment_intent
    buyer.pay(session.url, "4000002500003155")
    waiting = shop.v1.payment_intents.retrieve(declined.id)
    buyer.answer(session.url, "complete")
    sandbox.move_clock(2)
    paid = shop.session(session, "payment_intent.latest_charge.balance_transaction")
    refund = shop.v1.refunds.create(params={"payment_intent": paid.payment_intent.id})
    charge = paid.payment_intent.latest_charge
    return [
        shop.v1.accounts.retrieve_current(), endpoint, customer, session, shop.session(session), declined,
        declined.latest_charge, waiting, shop.v1.payment_intents.retrieve(waiting.id),
        shop.v1.charges.retrieve(charge.id), charge.balance_transaction, refund, shop.v1.events.list().data[0],
        *disputes(sandbox, shop, buyer),
    ]


def disputes(sandbox, shop, buyer):
    """A dispute, an inquiry, and what the first one took."""
    shop.paid(buyer, number="4000000000000259")
    shop.paid(buyer, number="4000000000001976")
    sandbox.move_clock(4)
    inquiry, dispute = shop.v1.disputes.list().data
    return inquiry, dispute, dispute.balance_transactions[0]


def test_every_field_is_one_of_stripes_and_of_its_type(sandbox, shop, buyer):
    for thing in made(shop, buyer, sandbox):
        ours = thing.to_dict()
        assert ours.keys() <= set(type(thing).__annotations__)
        assert list(differences(ours["object"], ours, SHAPES[ours["object"]])) == []


def test_every_object_says_it_is_no_live_one_and_has_an_id_of_its_kind(sandbox, shop, buyer):
    prefixes = {"account": "acct_", "webhook_endpoint": "we_", "customer": "cus_", "checkout.session": "cs_test_",
                "charge": "ch_", "payment_intent": "pi_", "balance_transaction": "txn_", "refund": "re_",
                "dispute": "du_", "event": "evt_"}
    for thing in made(shop, buyer, sandbox):
        ours = thing.to_dict()
        assert ours["id"].startswith(prefixes[ours["object"]])
        assert ours.get("livemode", False) is False
        assert not [key for key in ours if key.startswith("_")]


@pytest.mark.parametrize(("kind", "cls"), [
    ("checkout.session", stripe.checkout.Session), ("payment_intent", stripe.PaymentIntent), ("charge", stripe.Charge),
    ("refund", stripe.Refund), ("webhook_endpoint", stripe.WebhookEndpoint),
])
def test_the_newer_fields_are_those_of_the_library(kind, cls):
    assert {name for name in NEWER[kind] if "." not in name} <= set(cls.__annotations__)
