"""Refunds: money given back, never more than was taken (docs.stripe.com/api/refunds)."""

from portal.sandbox import balance, cards, disputes, events, lists
from portal.sandbox.customers import merged_metadata
from portal.sandbox.errors import Json, Refused, missing, unreadable
from portal.sandbox.ids import new_id
from portal.sandbox.money import shown
from portal.sandbox.world import Call, World

UNDERSTOOD = ("charge", "payment_intent", "amount", "reason", "metadata")
CONCLUDED_AFTER_S = 1.0


def create(call: Call) -> Json:
    charge = _charge_meant(call)
    left = charge["amount"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    _check(charge, amount, left)
    if not disputes.is_refundable(call.world, charge):
        raise Refused(f"Charge {charge['id']} is disputed, so the bank decides on its money.", code="charge_disputed")
    refund = _new_refund(call, charge, amount)
    last4 = charge["payment_method_details"]["card"]["last4"]
    if last4 == cards.REFUND_IS_PENDING_FIRST:
        refund["status"] = "pending"
    else:
        refund["balance_transaction"] = balance.of_refund(call.world, refund)["id"]
    is_open = last4 in (cards.REFUND_IS_PENDING_FIRST, cards.REFUND_FAILS_LATER)
    call.world.store.add(refund, due=call.world.time() + CONCLUDED_AFTER_S if is_open else None)
    _lessen(call.world, charge, amount)
    events.emit(call.world, "refund.created", refund)
    return refund


def conclude(world: World, refund: Json) -> None:
    """The card's bank made up its mind: a pending refund arrives, another comes back."""
    if refund["status"] == "pending":
        refund.update(status="succeeded", balance_transaction=balance.of_refund(world, refund)["id"])
        world.store.finish(refund)
        events.emit(world, "refund.updated", refund, {"status": "pending", "balance_transaction": None})
        return
    returned = balance.of_failed_refund(world, refund)
    refund.update(status="failed", failure_reason="unknown", failure_balance_transaction=returned["id"])
    world.store.finish(refund)
    charge = world.store.find(refund["_account"], "charge", refund["charge"])
    assert charge is not None, "a refund's charge is never removed"
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.store.save(charge)
    events.emit(world, "refund.failed", refund, {"status": "succeeded"})


def retrieve(call: Call) -> Json:
    return call.load("refund")


def update(call: Call) -> Json:
    refund = call.load("refund")
    before = refund["metadata"]
    refund["metadata"] = merged_metadata(before, call.params.get("metadata"))
    call.world.store.save(refund)
    events.emit(call.world, "refund.updated", refund, {"metadata": before})
    return refund


def listing(call: Call) -> Json:
    return lists.page(call, "refund", "/v1/refunds", ("charge", "payment_intent"))


def of_charge(call: Call, charge: Json) -> Json:
    """The list that a charge carries when it is asked for."""
    found, has_more = call.world.store.page(
        call.account_id, "refund", matching={"charge": charge["id"]}, created={}, after=None, before=None, limit=10
    )
    return lists.wrap(found, f"/v1/charges/{charge['id']}/refunds", has_more)


def _charge_meant(call: Call) -> Json:
    named = [name for name in ("charge", "payment_intent") if name in call.params]
    if len(named) != 1:
        raise unreadable("charge", "Name a charge or a payment_intent, and only one of them.", "parameter_missing")
    if named == ["charge"]:
        return call.fetch("charge", call.params["charge"], param="charge")
    intent = call.fetch("payment_intent", call.params["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise Refused(
            "This PaymentIntent has no successful charge to refund.",
            param="payment_intent",
            code="payment_intent_unexpected_state",
        )
    found = call.world.store.find(call.account_id, "charge", intent["latest_charge"])
    if found is None:
        raise missing("charge", str(intent["latest_charge"]), param="payment_intent", status=400)
    return found


def _check(charge: Json, amount: int, left: int) -> None:
    currency = charge["currency"]
    if not charge["paid"]:
        raise Refused("This charge took no money, so there is none to give back.", param="charge")
    if left == 0:
        raise Refused(f"Charge {charge['id']} was refunded in full already.", code="charge_already_refunded")
    if amount < 1:
        raise unreadable("amount", "A refund is at least 1.", "parameter_invalid_integer")
    if amount > left:
        raise Refused(
            f"A refund of {shown(amount, currency)} is more than the {shown(left, currency)} that is left.",
            param="amount",
        )


def _lessen(world: World, charge: Json, amount: int) -> None:
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.save(charge)
    events.emit(world, "charge.refunded", charge, before)


def _new_refund(call: Call, charge: Json, amount: int) -> Json:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.world.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": call.params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        "_account": call.account_id,
    }
