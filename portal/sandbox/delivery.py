"""The background thread: lets time pass, and sends events to their addresses, signed, until they are taken."""

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import sqlite3
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

from portal.sandbox import events, passing
from portal.sandbox.endpoints import is_here
from portal.sandbox.errors import Json
from portal.sandbox.world import World

log = logging.getLogger("portal.sandbox")

LONGEST_NAP_S = 0.25
PATIENCE_S = 10
SENDERS = 4


class Courier:
    """Several senders work at once, so that events overtake each other, as they do in life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="sandbox-webhook")
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._world.wake.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._world.wake.wait(self._nap_s())
            self._world.wake.clear()
            with self._world.store.transaction():
                passing.catch_up(self._world)
                due = [] if self._world.faults.are_webhooks_held else _claim(self._world)
            for row in due:
                if not self._stopped.is_set():
                    self._pool.submit(deliver, self._world, row).add_done_callback(_tell)

    def _nap_s(self) -> float:
        """Until the next thing is due, at most a quarter of a second."""
        with self._world.store.transaction():
            thing = self._world.store.rows("SELECT min(due) AS due FROM object")[0]["due"]
            letter = self._world.store.rows("SELECT min(due) AS due FROM delivery WHERE state = 'due'")[0]["due"]
        waits: list[float] = [] if thing is None else [thing - self._world.time()]
        if letter is not None and not self._world.faults.are_webhooks_held:
            waits.append(letter - time.time())
        return max(0.0, min([LONGEST_NAP_S, *waits]))


def _tell(done: Future[None]) -> None:
    """A sender that broke says so in the log; the event is sent again when the sandbox starts again."""
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("a webhook was not sent", exc_info=error)


def deliver(world: World, row: sqlite3.Row) -> None:
    """One attempt. An endpoint that was removed or disabled meanwhile hears nothing."""
    with world.store.transaction():
        event = world.store.find_anywhere("event", row["event"])
        endpoint = world.store.find_anywhere("webhook_endpoint", row["endpoint"])
    if event is None or endpoint is None or endpoint["status"] != "enabled":
        outcome, is_taken = "no such endpoint any more", True
    elif world.faults.take_webhook_loss():
        outcome, is_taken = "lost on purpose", True
    else:
        times = 2 if world.faults.take_webhook_duplicate() else 1
        for _ in range(times):
            outcome, is_taken = _send(endpoint, event)
    with world.store.transaction():
        _record(world, row, outcome, is_taken)


def release_in_order(world: World, *, is_reversed: bool) -> None:
    """Send what is held, one after the other, oldest or newest first; then send as usual again."""
    with world.store.transaction():
        held = _claim(world, is_early=True)
    for row in reversed(held) if is_reversed else held:
        deliver(world, row)
    world.faults.are_webhooks_held = False
    world.wake.set()


def signature(secret: str, payload: bytes, at: int) -> str:
    """Stripe's scheme v1 (docs.stripe.com/webhooks/signature). Real time, because receivers refuse old ones."""
    signed = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def unfinished(world: World) -> list[Json]:
    with world.store.transaction():
        rows = world.store.rows(
            "SELECT event, endpoint, attempt, state, outcome FROM delivery "
            "WHERE state IN ('due', 'sending') ORDER BY seq"
        )
    return [dict(row) for row in rows]


def _claim(world: World, *, is_early: bool = False) -> list[sqlite3.Row]:
    latest = float("inf") if is_early else time.time()
    rows = world.store.rows("SELECT * FROM delivery WHERE state = 'due' AND due <= ? ORDER BY seq LIMIT 200", latest)
    for row in rows:
        world.store.rows("UPDATE delivery SET state = 'sending' WHERE seq = ?", row["seq"])
    return rows


def _record(world: World, row: sqlite3.Row, outcome: str, is_taken: bool) -> None:
    attempt = row["attempt"] + 1
    if is_taken:
        state, due = "done", row["due"]
        _count_down(world, row["event"])
    elif attempt < len(world.webhook_delays_s):
        state, due = "due", time.time() + world.webhook_delays_s[attempt]
    else:
        state, due = "failed", row["due"]
    world.store.rows(
        "UPDATE delivery SET state = ?, due = ?, attempt = ?, outcome = ? WHERE seq = ?",
        state,
        due,
        attempt,
        outcome,
        row["seq"],
    )
    world.wake.set()


def _count_down(world: World, event_id: str) -> None:
    event = world.store.find_anywhere("event", event_id)
    if event is not None:
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        world.store.save(event)


def _send(endpoint: Json, event: Json) -> tuple[str, bool]:
    """POST the event. Programs do not resolve names under .localhost, so the name goes into `Host` only."""
    payload = json.dumps(events.public(event), indent=2).encode()
    address = urlsplit(endpoint["url"])
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Host": address.netloc.rpartition("@")[2],
        "Stripe-Signature": signature(endpoint["_secret"], payload, int(time.time())),
        "User-Agent": "Sandbox-Webhooks/1.0",
    }
    connection = http.client.HTTPConnection(_reachable(address.hostname or ""), address.port or 80, timeout=PATIENCE_S)
    try:
        connection.request(
            "POST", f"{address.path or '/'}{'?' if address.query else ''}{address.query}", payload, headers
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}", False
    finally:
        connection.close()
    return f"HTTP {status}", 200 <= status < 300


def _reachable(host: str) -> str:
    assert is_here(host), "checked when the endpoint was made"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return "127.0.0.1"
