"""Serves the sandbox on loopback: for a test in a thread of its own, or for the command line."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from portal.sandbox import control, delivery
from portal.sandbox.app import DELAYS_S, create_app, stop
from portal.sandbox.world import World

LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Says nothing of requests that went well; errors still reach the log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        logging.getLogger("portal.sandbox").debug("%s %s", self.requestline, code)


class Running:
    """A sandbox at work, and its controls. `fault` and its options are those of `POST /_control/faults`."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app = app
        self.url = url
        self.world: World = app.extensions["sandbox"]

    def answer_lost(self, times: int = 1, path: str = "/v1/", method: str = "POST") -> None:
        """Do the work of the next requests that match, and drop the connection instead of answering."""
        control.set_fault(self.world, "answer_lost", times=times, path=path, method=method)

    def cached_500(self, times: int = 1, path: str = "/v1/", method: str = "POST") -> None:
        """Answer the next requests that match with 500 and keep that under their keys. No work is done."""
        control.set_fault(self.world, "cached_500", times=times, path=path, method=method)

    def latency(self, seconds: float, times: int = 1, path: str = "/v1/", method: str = "POST") -> None:
        control.set_fault(self.world, "latency", seconds=seconds, times=times, path=path, method=method)

    def down(self, on: bool = True) -> None:
        """Reset every connection to the API until it is switched off."""
        control.set_fault(self.world, "down", on=on)

    def hold_webhooks(self) -> None:
        control.set_fault(self.world, "hold_webhooks")

    def release_webhooks(self, order: str = "any") -> None:
        """`any` lets them go at once; `oldest_first` and `newest_first` send one after the other before returning."""
        control.release(self.world, order)

    def duplicate_webhooks(self, times: int = 1) -> None:
        """Send each of the next events twice."""
        control.set_fault(self.world, "duplicate_webhooks", times=times)

    def lose_webhooks(self, times: int = 1) -> None:
        """Believe the next deliveries done without sending them."""
        control.set_fault(self.world, "lose_webhooks", times=times)

    def clear_faults(self) -> None:
        control.set_fault(self.world, "clear")

    def move_clock(self, offset_s: float) -> None:
        """Set how far the sandbox's clock is ahead of the machine's."""
        self.world.clock_offset_s = offset_s
        self.world.wake.set()

    def wait_for_webhooks(self, within_s: float = 5.0) -> bool:
        """Whether everything due was delivered, or given up, in time."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if not delivery.unfinished(self.world):
                return True
            time.sleep(0.01)
        return False


@contextmanager
def running(
    state_path: str | None = None,
    port: int = 0,
    public_url: str | None = None,
    webhook_delays_s: Sequence[float] = DELAYS_S,
) -> Iterator[Running]:
    """Serve a sandbox on loopback for as long as the block lasts. Port 0 takes a free one."""
    app = create_app(state_path, webhook_delays_s=webhook_delays_s)
    server = _server(app, port)
    url = f"http://{LOOPBACK}:{server.server_port}"
    app.extensions["sandbox"].public_url = (public_url or url).rstrip("/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Running(app, url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        stop(app)


def _server(app: Flask, port: int) -> BaseWSGIServer:
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=QuietHandler)
