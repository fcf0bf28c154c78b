"""Events: what happened on an account, kept for its list and sent to the addresses that listen."""

import time
from contextvars import ContextVar
from typing import Any

import stripe

from portal.sandbox import lists
from portal.sandbox.errors import Json
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call, World

API_VERSION: str = stripe.api_version
NO_REQUEST: Json = {"id": None, "idempotency_key": None}

# The API request that is being carried out; events say which one caused them.
cause: ContextVar[Json] = ContextVar("cause", default=NO_REQUEST)


def emit(world: World, type: str, subject: Json, changed: Json | None = None) -> None:
    """Record an event about an object as it is now. It is sent once the surrounding transaction is committed."""
    account = subject["_account"]
    listening = [e for e in world.store.all(account, "webhook_endpoint") if _listens(e, type)]
    about: Json = {"object": public(subject)}
    if changed is not None:
        about["previous_attributes"] = changed
    event = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": world.now(),
        "data": about,
        "livemode": False,
        "pending_webhooks": len(listening),
        "request": cause.get(),
        "type": type,
        "_account": account,
    }
    world.store.add(event)
    for endpoint in listening:
        world.store.rows(
            "INSERT INTO delivery (event, endpoint, attempt, due, state) VALUES (?, ?, 0, ?, 'due')",
            event["id"],
            endpoint["id"],
            time.time() + world.webhook_delays_s[0],
        )
    world.wake.set()


def public(value: Any) -> Any:
    """The object without what the sandbox keeps for itself."""
    if isinstance(value, dict):
        return {key: public(inner) for key, inner in value.items() if not key.startswith("_")}
    return [public(inner) for inner in value] if isinstance(value, list) else value


def retrieve(call: Call) -> Json:
    return call.load("event")


def listing(call: Call) -> Json:
    wanted: Json = {}
    if "type" in call.params:
        wanted["type"] = call.params["type"]
    elif "types" in call.params:
        wanted["type"] = call.params["types"]
    return lists.select(call, "event", "/v1/events", wanted)


def _listens(endpoint: Json, type: str) -> bool:
    wanted = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or type in wanted)
