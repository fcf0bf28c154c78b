"""Customers of an account."""

from portal.sandbox import events, lists
from portal.sandbox.errors import Json, unreadable
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call

PLAIN = ("name", "email", "phone", "description")
UNDERSTOOD = (*PLAIN, "metadata", "address", "preferred_locales")


def create(call: Call) -> Json:
    customer: Json = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.world.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        "_account": call.account_id,
    }
    _write(customer, call.params)
    call.world.store.add(customer)
    events.emit(call.world, "customer.created", customer)
    return customer


def update(call: Call) -> Json:
    customer = call.load("customer")
    before = dict(customer)
    _write(customer, call.params)
    changed = {key: value for key, value in before.items() if customer[key] != value}
    if changed:
        call.world.store.save(customer)
        events.emit(call.world, "customer.updated", customer, changed)
    return customer


def retrieve(call: Call) -> Json:
    return call.load("customer")


def listing(call: Call) -> Json:
    return lists.page(call, "customer", "/v1/customers", ("email",))


def merged_metadata(old: Json, given: Json | str | None) -> Json:
    """Given keys replace, an empty value takes its key away, and an empty string takes them all away."""
    if given == "":
        return {}
    both = {**old, **(given if isinstance(given, dict) else {})}
    return {key: value for key, value in both.items() if value != ""}


def _write(customer: Json, params: Json) -> None:
    if params.get("email") and "@" not in params["email"]:
        raise unreadable("email", f"'{params['email']}' is not an e-mail address.", "email_invalid")
    for name in PLAIN:
        if name in params:
            customer[name] = params[name] or None
    if "address" in params:
        parts = ("city", "country", "line1", "line2", "postal_code", "state")
        customer["address"] = {part: (params["address"] or {}).get(part) or None for part in parts}
    if "preferred_locales" in params:
        customer["preferred_locales"] = params["preferred_locales"]
    customer["metadata"] = merged_metadata(customer["metadata"], params.get("metadata"))
