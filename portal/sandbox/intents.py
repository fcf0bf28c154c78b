"""PaymentIntents: one wish to be paid, through declines and 3-D Secure, until it succeeds or is canceled."""

from portal.sandbox import charges, events, lists
from portal.sandbox.cards import Card, Decline
from portal.sandbox.errors import Json, Refused
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call, World

AUTHENTICATION_FAILED = "payment_intent_authentication_failure"


def retrieve(call: Call) -> Json:
    return call.load("payment_intent")


def listing(call: Call) -> Json:
    return lists.page(call, "payment_intent", "/v1/payment_intents", ("customer",))


def cancel(call: Call) -> Json:
    """An intent made by Checkout ends with its session; that is Stripe's rule too, and here all of them are."""
    intent = call.load("payment_intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise Refused(
            f"This PaymentIntent is {intent['status']} and cannot be canceled.", code="payment_intent_unexpected_state"
        )
    raise Refused(
        "This PaymentIntent belongs to a Checkout Session. Expire the session instead.",
        code="payment_intent_unexpected_state",
    )


def for_session(world: World, session: Json) -> Json:
    """The session's intent, made at the first attempt to pay, as Stripe has done since 2022."""
    if session["payment_intent"] is not None:
        found = world.store.find(session["_account"], "payment_intent", session["payment_intent"])
        assert found is not None, "a session's intent is never removed"
        return found
    intent = _new_intent(world, session)
    world.store.add(intent)
    session["payment_intent"] = intent["id"]
    world.store.save(session)
    events.emit(world, "payment_intent.created", intent)
    return intent


def ask_to_authenticate(world: World, intent: Json, paid_with: Json) -> None:
    intent.update(status="requires_action", last_payment_error=None, payment_method=new_id("pm"))
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": None, "url": f"{world.public_url}/c/pay/{intent['_session']}/challenge"},
    }
    intent["_paid_with"] = paid_with
    world.store.save(intent)
    events.emit(world, "payment_intent.requires_action", intent)


def fail_authentication(world: World, intent: Json) -> None:
    """Nothing was charged, so there is no charge to show."""
    error = {
        "type": "invalid_request_error",
        "code": AUTHENTICATION_FAILED,
        "message": "The card's bank did not confirm that it is you.",
    }
    _need_another_card(world, intent, error)


def decline(world: World, intent: Json, decline: Decline, card: Card, paid_with: Json) -> None:
    charge = charges.fail(world, intent, decline, card, paid_with)
    error = {"type": "card_error", "code": decline.code, "message": decline.message, "charge": charge["id"]}
    if decline.decline_code is not None:
        error["decline_code"] = decline.decline_code
    intent["latest_charge"] = charge["id"]
    _need_another_card(world, intent, error)


def succeed(world: World, intent: Json, card: Card, paid_with: Json) -> None:
    intent["payment_method"] = intent["payment_method"] or new_id("pm")
    charge = charges.succeed(world, intent, card, paid_with)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    intent.pop("_paid_with", None)
    world.store.save(intent)
    events.emit(world, "payment_intent.succeeded", intent)


def cancel_of_session(world: World, session: Json) -> None:
    intent = for_session(world, session)
    intent.update(status="canceled", canceled_at=world.now(), cancellation_reason="expired", next_action=None)
    intent.pop("_paid_with", None)
    world.store.save(intent)
    events.emit(world, "payment_intent.canceled", intent)


def _need_another_card(world: World, intent: Json, error: Json) -> None:
    intent.update(status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None)
    intent.pop("_paid_with", None)
    world.store.save(intent)
    events.emit(world, "payment_intent.payment_failed", intent)


def _new_intent(world: World, session: Json) -> Json:
    id, asked = new_id("pi"), session["_intent"]
    return {
        "id": id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": new_id(f"{id}_secret"),
        "confirmation_method": "automatic",
        "created": world.now(),
        "currency": session["currency"],
        "customer": session["customer"],
        "description": asked.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": asked.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": asked.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_account": session["_account"],
        "_session": session["id"],
    }
