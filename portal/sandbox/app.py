"""Puts the sandbox together as one WSGI application."""

from collections.abc import Sequence

from flask import Flask, Response, abort, request

from portal.sandbox import api, control, pages
from portal.sandbox.delivery import Courier
from portal.sandbox.endpoints import is_here
from portal.sandbox.store import Store
from portal.sandbox.world import World

DELAYS_S = (0.0, 1, 2, 5, 10, 30)
LONGEST_BODY = 512 * 1024


def create_app(
    state_path: str | None = None,
    public_url: str = "http://127.0.0.1:4242",
    webhook_delays_s: Sequence[float] = DELAYS_S,
) -> Flask:
    """The sandbox, with its background thread at work. Without a path it forgets everything when it ends.

    `public_url` is where browsers reach the hosted page; `webhook_delays_s` are the waits before each attempt to
    deliver an event, in seconds. End it with `stop(app)`.
    """
    app = Flask(__name__, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    world = World(Store(state_path), public_url.rstrip("/"), webhook_delays_s)
    courier = Courier(world)
    app.extensions["sandbox"], app.extensions["sandbox-courier"] = world, courier
    for blueprint in (api.bp, control.bp, pages.bp):
        app.register_blueprint(blueprint)
    app.before_request(_stay_on_this_machine)
    courier.start()
    return app


def stop(app: Flask) -> None:
    """End the background thread and close the file."""
    app.extensions["sandbox-courier"].stop()
    app.extensions["sandbox"].store.close()


def _stay_on_this_machine() -> Response | None:
    """Neither another machine, nor a page on the web whose name was made to point here, may talk to the sandbox."""
    host = request.host.rpartition(":")[0] or request.host
    if not is_here(request.remote_addr or "") or not is_here(host.strip("[]")):
        abort(403)
    return None
