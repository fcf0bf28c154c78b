"""Idempotency keys: the first answer under a key is the answer (docs.stripe.com/api/idempotent_requests)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from portal.sandbox.errors import Invalid, Json
from portal.sandbox.world import World

KEPT_S = 24 * 60 * 60
LONGEST = 255


@dataclass(frozen=True)
class Claim:
    """The right to carry out the request of one key. Without a key it costs nothing and keeps nothing."""

    world: World
    account: str
    key: str | None

    def keep(self, status: int, body: Json) -> None:
        if self.key is not None:
            self.world.store.rows(
                "UPDATE answer SET status = ?, body = ? WHERE account = ? AND key = ?",
                status,
                json.dumps(body),
                self.account,
                self.key,
            )

    def give_up(self) -> None:
        """Nothing was carried out: the key is free again."""
        if self.key is not None:
            self.world.store.rows(
                "DELETE FROM answer WHERE account = ? AND key = ? AND status IS NULL", self.account, self.key
            )


def fingerprint(method: str, path: str, fields: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps([method, path, sorted(fields)]).encode()).hexdigest()


def claim(world: World, account: str, key: str | None, print: str) -> Claim | tuple[int, Json]:
    """The claim on a new key, or the answer that was given under a known one."""
    if key is None:
        return Claim(world, account, None)
    if not 1 <= len(key) <= LONGEST:
        raise Invalid(f"An idempotency key has 1 to {LONGEST} characters.", type="idempotency_error")
    now = world.now()
    world.store.rows("DELETE FROM answer WHERE account = ? AND key = ? AND at <= ?", account, key, now - KEPT_S)
    found = world.store.rows("SELECT * FROM answer WHERE account = ? AND key = ?", account, key)
    if not found:
        world.store.rows(
            "INSERT INTO answer (account, key, fingerprint, at) VALUES (?, ?, ?, ?)", account, key, print, now
        )
        return Claim(world, account, key)
    known = found[0]
    if known["fingerprint"] != print:
        raise Invalid(
            f"The idempotency key '{key}' was first used for another request, or with other parameters.",
            type="idempotency_error",
        )
    if known["status"] is None:
        raise Invalid(
            f"A request with the idempotency key '{key}' is being carried out at this moment.",
            status=409,
            type="idempotency_error",
            code="idempotency_key_in_use",
        )
    return known["status"], json.loads(known["body"])
