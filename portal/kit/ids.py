"""Identifiers made by the application: UUIDv7 (RFC 9562), so that keys grow with time."""

from functools import lru_cache
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


@lru_cache(8192)
def dashed(id: str) -> str:
    """A UUID as people and addresses write it: SQLite keeps its figures alone."""
    return f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}" if len(id) == 32 else id
