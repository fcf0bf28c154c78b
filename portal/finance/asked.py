"""What an address of the finance desk asks for, read. Each raises BadInput for what no page of ours links to."""

import re
from datetime import date
from uuid import UUID

from portal.kit.refusals import BadInput

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def asked_month(words: str | None) -> date | None:
    if not words:
        return None
    found = MONTH.fullmatch(words)
    if found is None:
        raise BadInput("The month was not readable. Choose one from the list.")
    return date(int(found[1]), int(found[2]), 1)


def asked_id(words: str | None, why: str) -> UUID | None:
    try:
        return UUID(words) if words else None
    except ValueError as error:
        raise BadInput(why) from error


def asked_key(words: str | None) -> tuple[date, UUID] | None:
    if not words:
        return None
    day, _, id = words.partition("_")
    try:
        return date.fromisoformat(day), UUID(id)
    except ValueError as error:
        raise BadInput("The page to show was not readable. Start from the list again.") from error
