"""Faults on demand: what real gateways and networks do on bad days, switched on by a test."""

import threading
from dataclasses import asdict, dataclass

ONCE_EACH = ("answer_lost", "cached_500", "latency")


@dataclass
class Armed:
    """A fault that strikes the next `times` requests whose method and path match."""

    fault: str
    times: int = 1
    path: str = "/v1/"
    method: str = "POST"
    seconds: float = 0.0

    def strikes(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (method, "*") and path.startswith(self.path)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Armed] = []
        self.is_down = False
        self.are_webhooks_held = False
        self.duplicate_webhooks = 0
        self.lose_webhooks = 0

    def arm(self, armed: Armed) -> None:
        with self._lock:
            self._armed.append(armed)

    def take(self, fault: str, method: str, path: str) -> Armed | None:
        """Use up one strike of a fault, when one is armed for this request."""
        with self._lock:
            for armed in self._armed:
                if armed.fault == fault and armed.strikes(method, path):
                    armed.times -= 1
                    return armed
        return None

    def take_webhook_loss(self) -> bool:
        with self._lock:
            if self.lose_webhooks <= 0:
                return False
            self.lose_webhooks -= 1
            return True

    def take_webhook_duplicate(self) -> bool:
        with self._lock:
            if self.duplicate_webhooks <= 0:
                return False
            self.duplicate_webhooks -= 1
            return True

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
            self.is_down = self.are_webhooks_held = False
            self.duplicate_webhooks = self.lose_webhooks = 0

    def described(self) -> dict[str, object]:
        with self._lock:
            return {
                "armed": [asdict(armed) for armed in self._armed if armed.times > 0],
                "down": self.is_down,
                "webhooks_held": self.are_webhooks_held,
                "duplicate_webhooks": self.duplicate_webhooks,
                "lose_webhooks": self.lose_webhooks,
            }
