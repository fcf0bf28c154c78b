"""Webhook endpoints: the addresses that hear of events. Here they lie on this machine, whatever a program asks for."""

import ipaddress
from urllib.parse import urlsplit

from portal.sandbox import events, lists
from portal.sandbox.customers import merged_metadata
from portal.sandbox.errors import Json, Refused, unreadable
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call

UNDERSTOOD = ("url", "enabled_events", "description", "metadata", "api_version", "connect")
UNDERSTOOD_LATER = ("url", "enabled_events", "description", "metadata", "disabled")
MOST = 16


def create(call: Call) -> Json:
    """The one answer that tells the secret."""
    check_address(call.params["url"])
    if call.params.get("api_version", events.API_VERSION) != events.API_VERSION:
        raise unreadable("api_version", f"The sandbox speaks {events.API_VERSION} only.", "sandbox_unsupported")
    if len(call.world.store.all(call.account_id, "webhook_endpoint")) >= MOST:
        raise Refused(f"An account has at most {MOST} webhook endpoints.")
    endpoint: Json = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": call.params.get("api_version"),
        "application": None,
        "created": call.world.now(),
        "description": call.params.get("description") or None,
        "enabled_events": call.params["enabled_events"],
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "status": "enabled",
        "url": call.params["url"],
        "_account": call.account_id,
        "_secret": new_id("whsec", 32),
    }
    call.world.store.add(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


def retrieve(call: Call) -> Json:
    return call.load("webhook_endpoint")


def listing(call: Call) -> Json:
    return lists.page(call, "webhook_endpoint", "/v1/webhook_endpoints")


def update(call: Call) -> Json:
    endpoint = call.load("webhook_endpoint")
    if "url" in call.params:
        check_address(call.params["url"])
        endpoint["url"] = call.params["url"]
    if "enabled_events" in call.params:
        endpoint["enabled_events"] = call.params["enabled_events"]
    if "description" in call.params:
        endpoint["description"] = call.params["description"] or None
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    endpoint["metadata"] = merged_metadata(endpoint["metadata"], call.params.get("metadata"))
    call.world.store.save(endpoint)
    return endpoint


def delete(call: Call) -> Json:
    endpoint = call.load("webhook_endpoint")
    call.world.store.remove(endpoint)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def check_address(url: str) -> None:
    """A sandbox that could be told to call any address would be a way into other people's machines."""
    try:
        address = urlsplit(url)
        port_is_fine = address.port is None or address.port > 0
    except ValueError as error:
        raise unreadable("url", "The address cannot be read.", "url_invalid") from error
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if address.scheme != "http" or not port_is_fine or not is_plain or not is_here(address.hostname or ""):
        raise unreadable(
            "url",
            "The sandbox sends to http addresses on this machine only: 127.0.0.1, localhost, "
            "or a name that ends in .localhost.",
            "url_invalid",
        )


def is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
