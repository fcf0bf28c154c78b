"""Checkout Sessions: one order, one hosted page, at most one payment (docs.stripe.com/api/checkout/sessions)."""

import re
from urllib.parse import urlsplit

from portal.sandbox import events, intents, lists, money
from portal.sandbox.errors import Json, Refused, unreadable
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call, World

SHORTEST_LIFE_S, LONGEST_LIFE_S = 30 * 60, 24 * 60 * 60
COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")
UNDERSTOOD = (
    "mode",
    "customer",
    "customer_email",
    "client_reference_id",
    "metadata",
    "success_url",
    "cancel_url",
    "expires_at",
    "locale",
    "submit_type",
    "integration_identifier",
    "allowed_payment_method_types",
    "ui_mode",
    "line_items.quantity",
    "line_items.price_data.currency",
    "line_items.price_data.unit_amount",
    "line_items.price_data.product_data.name",
    "line_items.price_data.product_data.description",
    "payment_intent_data.description",
    "payment_intent_data.metadata",
    "payment_intent_data.receipt_email",
    "branding_settings.display_name",
    "branding_settings.button_color",
    "branding_settings.background_color",
    "branding_settings.border_style",
    "branding_settings.font_family",
)
FILTERS = ("customer", "payment_intent", "status")


def create(call: Call) -> Json:
    params = call.params
    _check_mode(params)
    customer = call.fetch("customer", params["customer"], param="customer") if "customer" in params else None
    if not call.account["charges_enabled"]:
        raise Refused("This account cannot take payments yet: its details are not complete.", code="account_invalid")
    items, currency = _line_items(params)
    session = _new_session(call, items, currency)
    session["customer_email"] = params.get("customer_email")
    if customer is not None:
        session["customer_details"] = _details(customer["email"], customer["name"])
    call.world.store.add(session, due=session["expires_at"])
    return session


def retrieve(call: Call) -> Json:
    return call.load("checkout.session")


def listing(call: Call) -> Json:
    return lists.page(call, "checkout.session", "/v1/checkout/sessions", FILTERS)


def line_items(call: Call) -> Json:
    session = call.load("checkout.session")
    return lists.wrap(session["_line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


def expire(call: Call) -> Json:
    session = call.load("checkout.session")
    if session["status"] != "open":
        raise Refused(f"Only an open Checkout Session can be expired; this one is {session['status']}.")
    close(call.world, session)
    return session


def close(world: World, session: Json) -> None:
    """Expire an open session: by request, or because its time has passed. Its intent goes with it."""
    session["status"], session["url"] = "expired", None
    session.pop("_token", None)
    world.store.finish(session)
    if session["payment_intent"] is not None:
        intents.cancel_of_session(world, session)
    events.emit(world, "checkout.session.expired", session)


def complete(world: World, session: Json, payer: Json) -> None:
    session.update(status="complete", payment_status="paid", url=None)
    session["customer_details"] = _details(payer["email"], payer["name"])
    session.pop("_token", None)
    world.store.finish(session)
    events.emit(world, "checkout.session.completed", session)


def returned_to(session: Json) -> str:
    """Where the browser goes after paying."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _check_mode(params: Json) -> None:
    if params.get("mode", "payment") != "payment":
        raise unreadable("mode", "This sandbox knows Checkout Sessions of mode 'payment' only.", "sandbox_unsupported")
    if params.get("ui_mode", "hosted_page") not in ("hosted", "hosted_page"):
        raise unreadable("ui_mode", "This sandbox has the hosted page only.", "sandbox_unsupported")
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise unreadable("allowed_payment_method_types", "This sandbox takes cards only.", "sandbox_unsupported")
    if "customer" in params and "customer_email" in params:
        raise unreadable("customer_email", "Give a customer or an e-mail, not both.", "parameter_invalid")
    if not params.get("success_url"):
        raise unreadable("success_url", "'success_url' is missing.", "parameter_missing")
    for name in ("success_url", "cancel_url"):
        address = urlsplit(params.get(name) or "http://none.example")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise unreadable(name, f"'{name}' must be a whole http or https address.", "url_invalid")
    for name, value in params.get("branding_settings", {}).items():
        if name.endswith("_color") and value and not COLOUR.match(value):
            raise unreadable(
                f"branding_settings[{name}]", "A colour is # and six hexadecimal digits.", "parameter_invalid"
            )


def _line_items(params: Json) -> tuple[list[Json], str]:
    """The priced lines, and the one currency that they share."""
    asked = params.get("line_items") or []
    if not asked:
        raise unreadable("line_items", "'line_items' is missing.", "parameter_missing")
    currency = str((asked[0].get("price_data") or {}).get("currency", "")).lower()
    if not money.is_currency(currency):
        raise unreadable("line_items[0][price_data][currency]", f"'{currency}' is no currency.", "currency_invalid")
    items = [_line_item(index, item, currency) for index, item in enumerate(asked)]
    _check_total(sum(item["amount_total"] for item in items), currency)
    return items, currency


def _line_item(index: int, item: Json, currency: str) -> Json:
    name, price = f"line_items[{index}]", item.get("price_data") or {}
    amount, quantity = price.get("unit_amount"), item.get("quantity", 1)
    if str(price.get("currency", "")).lower() != currency:
        raise unreadable(f"{name}[price_data][currency]", "All lines must be in one currency.", "parameter_invalid")
    if amount is None or "product_data" not in price:
        raise unreadable(f"{name}[price_data]", "A line needs 'unit_amount' and 'product_data'.", "parameter_missing")
    if amount < 0 or quantity < 1:
        raise unreadable(name, "Amounts are not negative and quantities at least 1.", "parameter_invalid_integer")
    total = amount * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": price["product_data"]["name"],
        "quantity": quantity,
    }


def _check_total(total: int, currency: str) -> None:
    if total < 1:
        raise unreadable("line_items", "The total must be more than zero.", "amount_too_small")
    if total > money.LARGEST:
        raise unreadable("line_items", f"The total must be at most {money.LARGEST}.", "amount_too_large")
    step = money.step_of(currency)
    if total % step:
        raise unreadable(
            "line_items", f"Amounts in {currency.upper()} must be a multiple of {step}.", "parameter_invalid_integer"
        )


def _new_session(call: Call, items: list[Json], currency: str) -> Json:
    params, total, id = call.params, sum(item["amount_total"] for item in items), new_id("cs_test", 58)
    return {
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "branding_settings": _branding(call),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": call.world.now(),
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "customer": params.get("customer"),
        "customer_creation": None if "customer" in params else "if_required",
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "expires_at": _expiry(call),
        "integration_identifier": params.get("integration_identifier"),
        "invoice": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "recovered_from": None,
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{call.world.public_url}/c/pay/{id}",
        **_own(call, items),
    }


def _own(call: Call, items: list[Json]) -> Json:
    """What the hosted page needs to know beside what the API shows."""
    return {
        "_account": call.account_id,
        "_line_items": items,
        "_token": new_id("form"),
        "_intent": call.params.get("payment_intent_data", {}),
    }


def _branding(call: Call) -> Json:
    asked = call.params.get("branding_settings", {})
    return {
        "background_color": asked.get("background_color") or "#ffffff",
        "border_style": asked.get("border_style") or "rounded",
        "button_color": asked.get("button_color") or "#4b3bb3",
        "display_name": asked.get("display_name") or call.account["business_profile"]["name"],
        "font_family": asked.get("font_family") or "default",
        "icon": None,
        "logo": None,
    }


def _expiry(call: Call) -> int:
    now = call.world.now()
    expires_at = int(call.params.get("expires_at", now + LONGEST_LIFE_S))
    if not now + SHORTEST_LIFE_S <= expires_at <= now + LONGEST_LIFE_S:
        raise unreadable(
            "expires_at", "'expires_at' lies between 30 minutes and 24 hours from now.", "parameter_invalid_integer"
        )
    return expires_at


def _details(email: str | None, name: str | None) -> Json:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }
