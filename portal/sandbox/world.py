"""The sandbox as one thing: its memory, its clock, its faults, and where it can be reached."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from portal.sandbox.errors import Json, missing
from portal.sandbox.faults import Faults
from portal.sandbox.ids import kind_of
from portal.sandbox.store import Store


class World:
    def __init__(self, store: Store, public_url: str, webhook_delays_s: Sequence[float]) -> None:
        self.store = store
        self.public_url = public_url
        self.webhook_delays_s = tuple(webhook_delays_s)
        self.faults = Faults()
        self.clock_offset_s = 0.0
        # Set whenever there may be something to do for the background thread.
        self.wake = threading.Event()

    def time(self) -> float:
        """The sandbox's own time in seconds since the epoch; tests move it."""
        return time.time() + self.clock_offset_s

    def now(self) -> int:
        return int(self.time())


@dataclass(frozen=True)
class Call:
    """One request to the API, authenticated and with its parameters read."""

    world: World
    account: Json
    params: Json
    id: str = ""

    @property
    def account_id(self) -> str:
        return str(self.account["id"])

    def load(self, kind: str) -> Json:
        """The object that the address names."""
        return self.fetch(kind, self.id)

    def fetch(self, kind: str, id: str, *, param: str = "id") -> Json:
        """An object of this account. Named by a parameter it is a bad request when absent, else it is not found."""
        found = self.world.store.find(self.account_id, kind, id) if kind_of(id) == kind else None
        if found is None:
            raise missing(kind, id, param=param, status=404 if param == "id" else 400)
        return found
