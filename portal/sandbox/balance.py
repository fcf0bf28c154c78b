"""Balance transactions: what a charge brought, and what a refund or a dispute took, after fees.

The sandbox converts nothing: a payment settles in its own currency.
"""

from portal.sandbox import lists
from portal.sandbox.errors import Json
from portal.sandbox.ids import new_id
from portal.sandbox.money import fee_of
from portal.sandbox.world import Call, World

AVAILABLE_AFTER_S = 2 * 24 * 60 * 60
# In minor units: 15.00 of a currency with two places.
DISPUTE_FEE = 1500


def retrieve(call: Call) -> Json:
    return call.load("balance_transaction")


def listing(call: Call) -> Json:
    return lists.page(call, "balance_transaction", "/v1/balance_transactions", ("currency", "source", "type"))


def of_charge(world: World, charge: Json) -> Json:
    return _book(world, charge, type="charge", amount=charge["amount"], fee=fee_of(charge["amount"]))


def of_refund(world: World, refund: Json) -> Json:
    """Stripe keeps the fee of the payment, and takes none for the refund."""
    return _book(world, refund, type="refund", amount=-refund["amount"], fee=0)


def of_failed_refund(world: World, refund: Json) -> Json:
    return _book(world, refund, type="refund_failure", amount=refund["amount"], fee=0)


def of_dispute(world: World, dispute: Json) -> Json:
    """The disputed amount is taken at once, with a fee on top of it."""
    amount, fee = -dispute["amount"], DISPUTE_FEE
    return _book(world, dispute, type="adjustment", category="dispute", amount=amount, fee=fee)


def of_won_dispute(world: World, dispute: Json) -> Json:
    """Amount and fee come back (docs.stripe.com/testing#disputes)."""
    amount, fee = dispute["amount"], -DISPUTE_FEE
    return _book(world, dispute, type="adjustment", category="dispute_reversal", amount=amount, fee=fee)


def _book(world: World, source: Json, *, type: str, amount: int, fee: int, category: str | None = None) -> Json:
    currency = source["currency"]
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Sandbox dispute fee" if source["object"] == "dispute" else "Sandbox processing fee",
        "type": "stripe_fee",
    }
    booked = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": world.now() + AVAILABLE_AFTER_S,
        "balance_type": "payments",
        "created": world.now(),
        "currency": currency,
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category or type,
        "source": source["id"],
        "status": "pending",
        "type": type,
        "_account": source["_account"],
    }
    world.store.add(booked)
    return booked
