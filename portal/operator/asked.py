"""What an address of the operator's lists asks for, read. Each raises BadInput for what no page of ours links to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from portal.kit.paging import Key, Place
from portal.kit.refusals import BadInput

UNREADABLE = "The page to show was not readable. Start from the list again."


def asked_place(asked: Mapping[str, str], prefix: str = "") -> Place:
    """Where a list that goes by moments begins; `prefix` tells the second list of a page from its first."""
    return Place(_moment_key(asked.get(f"{prefix}before")), _moment_key(asked.get(f"{prefix}after")))


def _moment_key(words: str | None) -> Key | None:
    if not words:
        return None
    id, _, at = words.partition("_")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), asked_id(id)
    except (ValueError, OverflowError) as error:
        raise BadInput(UNREADABLE) from error


def asked_id(words: str) -> UUID:
    try:
        return UUID(words)
    except ValueError as error:
        raise BadInput(UNREADABLE) from error
