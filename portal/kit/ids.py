"""Identifiers made by the application: UUIDv7 (RFC 9562), so that keys grow with time."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
