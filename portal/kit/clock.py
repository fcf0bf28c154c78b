"""The time, from one place, so that a demo's past year and a test's month end run the same code as today."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

EVER = date.min
"""The first day of what has no first day."""


def _system() -> datetime:
    return datetime.now(UTC)


_source: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_system)


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return _source.get()()


def today(zone: str) -> date:
    """The present day in an IANA time zone such as `Europe/London`."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Take the time from `source` for as long as the block lasts."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
