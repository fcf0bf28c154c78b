"""`expand`: ids in an answer become the objects they name (docs.stripe.com/api/expanding_objects)."""

from collections.abc import Iterable
from typing import Any

from portal.sandbox import lists, refunds
from portal.sandbox.errors import Json, unreadable
from portal.sandbox.ids import kind_of
from portal.sandbox.world import Call

DEEPEST = 4
EXPANDABLE = {
    "checkout.session": {"customer", "payment_intent", "line_items"},
    "payment_intent": {"customer", "latest_charge"},
    "charge": {"customer", "payment_intent", "balance_transaction", "refunds"},
    "refund": {"charge", "payment_intent", "balance_transaction", "failure_balance_transaction"},
    "dispute": {"charge", "payment_intent"},
    "balance_transaction": {"source"},
}


def expand(call: Call, body: Json, paths: Iterable[str]) -> Json:
    """A copy of the answer with every path expanded."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise _not_expandable(path)
        body = _follow(call, body, parts, path)
    return body


def _follow(call: Call, body: Any, parts: list[str], path: str) -> Any:
    if not parts or body is None:
        return body
    field, rest = parts[0], parts[1:]
    if isinstance(body, list):
        return [_follow(call, each, parts, path) for each in body]
    if body.get("object") == "list" and field == "data":
        return {**body, "data": _follow(call, body["data"], rest, path)}
    if field not in EXPANDABLE.get(body.get("object", ""), ()):
        raise _not_expandable(path)
    return {**body, field: _follow(call, _whole(call, body, field), rest, path)}


def _whole(call: Call, body: Json, field: str) -> Any:
    if field == "refunds":
        return body.get("refunds") or refunds.of_charge(call, body)
    if field == "line_items":
        url = f"/v1/checkout/sessions/{body['id']}/line_items"
        return body.get("line_items") or lists.wrap(body["_line_items"], url)
    value = body.get(field)
    return call.fetch(kind_of(value) or "", value) if isinstance(value, str) else value


def _not_expandable(path: str) -> Exception:
    return unreadable("expand", f"'{path}' cannot be expanded here.", "parameter_invalid")
