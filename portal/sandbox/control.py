"""The control address: faults and the clock, for tests on this machine. JSON only, so no web page can send it."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from portal.sandbox import delivery
from portal.sandbox.faults import ONCE_EACH, Armed
from portal.sandbox.world import World

bp = Blueprint("control", __name__, url_prefix="/_control")

ORDERS = ("any", "oldest_first", "newest_first")


@bp.post("/faults")
def order_fault() -> tuple[Response, int]:
    world, asked = _world(), request.get_json(silent=True)
    if not isinstance(asked, dict):
        return _no("Send a JSON object with a 'fault'.")
    try:
        set_fault(world, **asked)
    except (TypeError, ValueError) as error:
        return _no(str(error))
    return jsonify(world.faults.described()), 200


@bp.get("/faults")
def show_faults() -> Response:
    return jsonify(_world().faults.described())


@bp.get("/webhooks")
def show_webhooks() -> Response:
    """Deliveries that are still to come or under way."""
    return jsonify(unfinished=delivery.unfinished(_world()))


@bp.post("/clock")
def move_clock() -> tuple[Response, int]:
    world, asked = _world(), request.get_json(silent=True)
    offset = asked.get("offset_s") if isinstance(asked, dict) else None
    if isinstance(offset, bool) or not isinstance(offset, (int, float)):
        return _no("Send {\"offset_s\": seconds}: how far the sandbox's clock is ahead of the machine's.")
    world.clock_offset_s = float(offset)
    world.wake.set()
    return jsonify(offset_s=world.clock_offset_s, now=world.now()), 200


def set_fault(world: World, fault: str, **options: Any) -> None:
    """Raises TypeError or ValueError for what is not a fault, or not an option of it."""
    faults = world.faults
    if fault in ONCE_EACH:
        faults.arm(Armed(fault, **options))
    elif fault == "down":
        faults.is_down = _only(options, "on", True)
    elif fault == "hold_webhooks":
        faults.are_webhooks_held = _only(options, "on", True)
    elif fault == "release_webhooks":
        release(world, _only(options, "order", "any"))
    elif fault == "duplicate_webhooks":
        faults.duplicate_webhooks = _only(options, "times", 1)
    elif fault == "lose_webhooks":
        faults.lose_webhooks = _only(options, "times", 1)
    elif fault == "clear":
        faults.clear()
    else:
        raise ValueError(f"there is no fault called '{fault}'")
    world.wake.set()


def release(world: World, order: str) -> None:
    if order not in ORDERS:
        raise ValueError(f"the order is one of {', '.join(ORDERS)}")
    if order == "any":
        world.faults.are_webhooks_held = False
    else:
        delivery.release_in_order(world, is_reversed=order == "newest_first")


def _only(options: dict[str, Any], name: str, default: Any) -> Any:
    unknown = set(options) - {name}
    if unknown:
        raise TypeError(f"unknown option: {', '.join(sorted(unknown))}")
    value = options.get(name, default)
    if type(value) is not type(default):
        raise TypeError(f"'{name}' must be of the kind of {default!r}")
    return value


def _no(message: str) -> tuple[Response, int]:
    return jsonify(error=message), 400


def _world() -> World:
    world: World = current_app.extensions["sandbox"]
    return world
