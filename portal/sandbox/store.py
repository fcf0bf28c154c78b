"""What the sandbox remembers: one SQLite file, one connection, one lock around every transaction."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from portal.sandbox.errors import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY, key_hint TEXT NOT NULL, created INTEGER NOT NULL, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, due REAL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_kind ON object (account, kind, seq);
CREATE INDEX IF NOT EXISTS object_customer ON object (account, kind, json_extract(body, '$.customer'), seq);
CREATE INDEX IF NOT EXISTS object_intent ON object (account, kind, json_extract(body, '$.payment_intent'), seq);
CREATE INDEX IF NOT EXISTS object_due ON object (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS answer (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, at INTEGER NOT NULL,
    status INTEGER, body TEXT, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, attempt INTEGER NOT NULL,
    due REAL NOT NULL, state TEXT NOT NULL, outcome TEXT);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due);
"""
BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Store:
    """Objects are kept as Stripe's JSON. A field that begins with an underscore is the sandbox's own."""

    def __init__(self, path: str | None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        # A process that died in the middle of a request or a delivery did not finish it.
        self._db.execute("DELETE FROM answer WHERE status IS NULL")
        self._db.execute("UPDATE delivery SET state = 'due' WHERE state = 'sending'")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement of a module that owns its table."""
        return self._db.execute(sql, values).fetchall()

    def add(self, body: Json, *, due: float | None = None) -> None:
        self.rows(
            "INSERT INTO object (account, kind, id, created, due, body) VALUES (?, ?, ?, ?, ?, ?)",
            body["_account"],
            body["object"],
            body["id"],
            body["created"],
            due,
            json.dumps(body),
        )

    def save(self, body: Json) -> None:
        self.rows("UPDATE object SET body = ? WHERE id = ?", json.dumps(body), body["id"])

    def finish(self, body: Json) -> None:
        """Save, and expect nothing more of the passing of time."""
        self.rows("UPDATE object SET body = ?, due = NULL WHERE id = ?", json.dumps(body), body["id"])

    def await_moment(self, body: Json, *, due: float) -> None:
        """Save, and expect the passing of time to come to it again."""
        self.rows("UPDATE object SET body = ?, due = ? WHERE id = ?", json.dumps(body), due, body["id"])

    def remove(self, body: Json) -> None:
        self.rows("DELETE FROM object WHERE id = ?", body["id"])

    def find(self, account: str, kind: str, id: str) -> Json | None:
        """An object of one account: what belongs to another account is not there."""
        return _first(self.rows("SELECT body FROM object WHERE id = ? AND account = ? AND kind = ?", id, account, kind))

    def find_anywhere(self, kind: str, id: str) -> Json | None:
        """An object whose unguessable id is the permission, as on the hosted page."""
        return _first(self.rows("SELECT body FROM object WHERE id = ? AND kind = ?", id, kind))

    def due(self, now: float) -> list[Json]:
        """Objects to which something happens by the passing of time."""
        found = self.rows("SELECT body FROM object WHERE due <= ? ORDER BY due", now)
        return [json.loads(row["body"]) for row in found]

    def newest(self, kind: str, limit: int) -> list[Json]:
        found = self.rows("SELECT body FROM object WHERE kind = ? ORDER BY seq DESC LIMIT ?", kind, limit)
        return [json.loads(row["body"]) for row in found]

    def all(self, account: str, kind: str) -> list[Json]:
        found = self.rows("SELECT body FROM object WHERE account = ? AND kind = ? ORDER BY seq DESC", account, kind)
        return [json.loads(row["body"]) for row in found]

    def page(
        self,
        account: str,
        kind: str,
        *,
        matching: Mapping[str, Any],
        created: Mapping[str, int],
        after: str | None,
        before: str | None,
        limit: int,
    ) -> tuple[list[Json], bool]:
        """One page, newest first, and whether there is more in the direction of travel."""
        where, values = _conditions(matching, created)
        for cursor, side in ((after, "<"), (before, ">")):
            if cursor is not None:
                where.append(f"seq {side} (SELECT seq FROM object WHERE id = ?)")
                values.append(cursor)
        order = "ASC" if before is not None else "DESC"
        sql = f"SELECT body FROM object WHERE {' AND '.join(where)} ORDER BY seq {order} LIMIT ?"
        found = [json.loads(row["body"]) for row in self.rows(sql, account, kind, *values, limit + 1)]
        kept = found[:limit]
        return (kept if before is None else kept[::-1]), len(found) > limit


def _first(rows: Sequence[sqlite3.Row]) -> Json | None:
    if not rows:
        return None
    body: Json = json.loads(rows[0]["body"])
    return body


def _conditions(matching: Mapping[str, Any], created: Mapping[str, int]) -> tuple[list[str], list[object]]:
    """SQL for the filters of a list. Field names come from the sandbox's own code, values from the request."""
    where, values = ["account = ?", "kind = ?"], list[object]()
    for field, wanted in matching.items():
        options = wanted if isinstance(wanted, list) else [wanted]
        where.append(f"json_extract(body, '$.{field}') IN ({', '.join('?' * len(options))})")
        values.extend(options)
    for bound, moment in created.items():
        where.append(f"created {BOUNDS[bound]} ?")
        values.append(moment)
    return where, values
