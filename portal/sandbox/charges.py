"""Charges: one try of one card. A fee is known a moment after the money was taken, as it is at Stripe."""

import hashlib

from portal.sandbox import balance, events, lists
from portal.sandbox.cards import Card, Decline
from portal.sandbox.errors import Json
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call, World

FEE_KNOWN_AFTER_S = 1.0


def retrieve(call: Call) -> Json:
    return call.load("charge")


def listing(call: Call) -> Json:
    return lists.page(call, "charge", "/v1/charges", ("customer", "payment_intent"))


def succeed(world: World, intent: Json, card: Card, paid_with: Json) -> Json:
    charge = _new_charge(world, intent, card, paid_with)
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=intent["amount"])
    charge["outcome"] = _outcome("authorized", "approved_by_network", None, "Payment complete.")
    world.store.add(charge, due=world.time() + FEE_KNOWN_AFTER_S)
    events.emit(world, "charge.succeeded", charge)
    return charge


def fail(world: World, intent: Json, decline: Decline, card: Card, paid_with: Json) -> Json:
    charge = _new_charge(world, intent, card, paid_with)
    charge.update(status="failed", paid=False, failure_code=decline.code, failure_message=decline.message)
    reason = decline.decline_code or decline.code
    charge["outcome"] = _outcome("issuer_declined", "declined_by_network", reason, decline.message)
    world.store.add(charge)
    events.emit(world, "charge.failed", charge)
    return charge


def settle(world: World, charge: Json) -> None:
    """Book the charge on the account's balance and say so."""
    booked = balance.of_charge(world, charge)
    charge["balance_transaction"] = booked["id"]
    world.store.finish(charge)
    events.emit(world, "charge.updated", charge, {"balance_transaction": None})


def _outcome(type: str, network: str, reason: str | None, words: str) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": words,
        "type": type,
    }


def _new_charge(world: World, intent: Json, card: Card, paid_with: Json) -> Json:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": _billing(paid_with),
        "calculated_statement_descriptor": None,
        "captured": False,
        "created": world.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"] or new_id("pm"),
        "payment_method_details": {"card": _card(intent, card, paid_with), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
        "_account": intent["_account"],
    }


def _billing(paid_with: Json) -> Json:
    return {
        "address": {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None},
        "email": paid_with["email"],
        "name": paid_with["name"],
        "phone": None,
        "tax_id": None,
    }


def _card(intent: Json, card: Card, paid_with: Json) -> Json:
    fingerprint = hashlib.sha256(f"{intent['_account']} {card.number}".encode()).hexdigest()[:16]
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
    return {
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "fail" if card.decline and card.decline.code == "incorrect_cvc" else "pass",
        },
        "country": "US",
        "exp_month": paid_with["exp_month"],
        "exp_year": paid_with["exp_year"],
        "fingerprint": fingerprint,
        "funding": "credit",
        "installments": None,
        "last4": card.last4,
        "mandate": None,
        "network": card.brand,
        "network_token": {"used": False},
        "regulated_status": "unregulated",
        "three_d_secure": secure if card.is_challenged else None,
        "wallet": None,
    }
