"""How one API request is answered: who asks, with what, was it asked before, and what goes wrong on purpose."""

import time
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response, current_app, jsonify, request

from portal.sandbox import events, idempotency, keys, params, passing, wire
from portal.sandbox.errors import Invalid, Json, Refused
from portal.sandbox.expand import expand
from portal.sandbox.ids import new_id
from portal.sandbox.routes import ROUTES, Route
from portal.sandbox.world import Call, World

bp = Blueprint("api", __name__)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    is_replayed: bool = False
    is_broken: bool = False


def handle(route: Route, id: str = "") -> Response:
    world: World = current_app.extensions["sandbox"]
    if world.faults.is_down:
        return wire.cut()
    request_id = new_id("req", 14)
    try:
        answer = _answer(world, route, id, request_id)
    except Refused as refusal:
        answer = Answer(refusal.status, refusal.body)
    if world.faults.take("answer_lost", request.method, request.path):
        return wire.cut()
    return _sent(answer, request_id)


def _answer(world: World, route: Route, id: str, request_id: str) -> Answer:
    with world.store.transaction():
        passing.catch_up(world)
        account = keys.account_of(world, request.headers.get("Authorization"))
    _check_headers()
    fields = [*request.args.items(multi=True), *request.form.items(multi=True)]
    call = Call(world, account, params.read(fields, route.spec, route.understood), id)
    key = request.headers.get("Idempotency-Key") if route.method == "POST" else None
    print = idempotency.fingerprint(route.method, request.path, fields)
    with world.store.transaction():
        claim = idempotency.claim(world, call.account_id, key, print)
    if not isinstance(claim, idempotency.Claim):
        return Answer(*claim, is_replayed=True)
    events.cause.set({"id": request_id, "idempotency_key": key} if route.method == "POST" else events.NO_REQUEST)
    return _carried_out(route, call, claim)


def _carried_out(route: Route, call: Call, claim: idempotency.Claim) -> Answer:
    """Do the work and keep its answer in one transaction, so that neither is there without the other."""
    store, faults = call.world.store, call.world.faults
    slow = faults.take("latency", request.method, request.path)
    if slow is not None:
        time.sleep(slow.seconds)
    if faults.take("cached_500", request.method, request.path):
        broken = Answer(
            500,
            {"error": {"type": "api_error", "message": "Something broke in the sandbox, as ordered."}},
            is_broken=True,
        )
        with store.transaction():
            claim.keep(broken.status, broken.body)
        return broken
    try:
        with store.transaction():
            body = events.public(expand(call, route.answer(call), call.params.get("expand", ())))
            claim.keep(200, body)
    except Refused as refusal:
        with store.transaction():
            claim.keep(refusal.status, refusal.body) if refusal.is_kept else claim.give_up()
        raise
    except BaseException:
        with store.transaction():
            claim.give_up()
        raise
    return Answer(200, body)


def _check_headers() -> None:
    if "Stripe-Account" in request.headers:
        raise Invalid("The sandbox has no connected accounts: leave out 'Stripe-Account'.", status=403)
    wanted = request.headers.get("Stripe-Version", events.API_VERSION)
    if wanted != events.API_VERSION:
        raise Invalid(f"The sandbox speaks version {events.API_VERSION} of the API, not '{wanted}'.")


def _sent(answer: Answer, request_id: str) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = events.API_VERSION
    response.headers["Cache-Control"] = "no-store"
    if request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
    if answer.is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.status >= 500:
        # A retry would be given the same kept answer.
        response.headers["Stripe-Should-Retry"] = "false"
    return response


@bp.route("/v1/<path:rest>", methods=["GET", "POST", "DELETE", "PUT", "PATCH"])
def unknown(rest: str) -> Response:
    world: World = current_app.extensions["sandbox"]
    if world.faults.is_down:
        return wire.cut()
    refusal = Invalid(f"The sandbox has nothing at {request.method} /v1/{rest}.", status=404)
    try:
        with world.store.transaction():
            keys.account_of(world, request.headers.get("Authorization"))
    except Refused as unauthorised:
        refusal = Invalid(str(unauthorised), status=unauthorised.status)
    return _sent(Answer(refusal.status, refusal.body), new_id("req", 14))


@bp.errorhandler(500)
def broken(_error: Exception) -> Response:
    """A mistake of the sandbox's own, in the shape that the library can read. The log has the rest."""
    return _sent(
        Answer(500, {"error": {"type": "api_error", "message": "The sandbox made a mistake."}}), new_id("req", 14)
    )


def _add_routes() -> None:
    for route in ROUTES:
        bp.add_url_rule(
            route.path,
            endpoint=f"{route.method} {route.path}".replace(".", "_"),
            view_func=partial(handle, route),
            methods=[route.method],
            provide_automatic_options=False,
        )


_add_routes()
