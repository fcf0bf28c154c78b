"""Lists that are in memory whole, such as the parts of one document: found by words, and shown a page at a time.

Pages begin at keys, as in `kit/paging.py`: what comes or goes meanwhile shifts nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

Row = TypeVar("Row")
LONGEST = 100


@dataclass(frozen=True)
class Asked:
    """What an address asks of a list: words to be found, and the page behind `before` or ahead of `after`."""

    words: str = ""
    before: str = ""
    after: str = ""


def read_asked(asked: MultiDict[str, str]) -> Asked:
    """What is too long is cut."""
    return Asked(
        asked.get("q", "").strip()[:LONGEST], asked.get("before", "")[:LONGEST], asked.get("after", "")[:LONGEST]
    )


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """A page of a list. `total` counts what was found, `is_long` says that finding is worth a form."""

    rows: list[Row]
    asked: Asked
    total: int
    is_long: bool
    newer_href: str | None
    older_href: str | None


def is_found(words: str, *texts: str) -> bool:
    """Whether each of the words stands in one of the texts, in small letters or capitals."""
    said = "\n".join(texts).casefold()
    return all(word in said for word in words.casefold().split())


def listed(
    rows: Sequence[Row],
    asked: Asked,
    href: str,
    *,
    size: int,
    key_of: Callable[[Row], str],
    texts_of: Callable[[Row], tuple[str, ...]],
    order: Callable[[str], Any] = str,
) -> Listed[Row]:
    """The page that is asked for. The rows stand in the order of their keys; a page that is not there any more is the
    last one."""
    found = [row for row in rows if is_found(asked.words, *texts_of(row))] if asked.words else list(rows)
    keys = [order(key_of(row)) for row in found]
    begin = 0
    if asked.after:
        begin = max(bisect_left(keys, order(asked.after)) - size, 0)
    elif asked.before:
        begin = min(bisect_right(keys, order(asked.before)), max(len(found) - 1, 0))
    shown = found[begin : begin + size]
    more = {"after": key_of(shown[0])} if begin else {}, {"before": key_of(shown[-1])} if found[begin + size :] else {}
    newer, older = (_href(href, asked, key) for key in more)
    return Listed(shown, asked, len(found), len(rows) > size or bool(asked.words), newer, older)


def _href(href: str, asked: Asked, key: dict[str, str]) -> str | None:
    query = {"q": asked.words, **key}
    return f"{href}?{urlencode({name: value for name, value in query.items() if value})}" if key else None
