"""Which periods are due, as pure arithmetic on days: the same answer whoever asks, however late, however often."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from portal.billing.period import Cycle, Period


@dataclass(frozen=True)
class Rest:
    """Days [from_day, until_day) on which no period begins; open while the account is suspended."""

    from_day: date
    until_day: date | None


@dataclass(frozen=True)
class Due:
    """The periods that are due, oldest first, and the first day that is not charged after them."""

    periods: tuple[Period, ...]
    charged_to: date


def due(cycle: Cycle, charged_to: date, until_day: date | None, rests: Sequence[Rest], through: date) -> Due:
    """What is to be charged for a subscription whose days before `charged_to` are settled.

    A period is charged in full once it has begun, whatever happens to the account before it ends; what is given back
    is a credit of its own. A period that would begin while the account rests begins on the day it is active again.
    """
    found = []
    while charged_to <= through and not (until_day is not None and charged_to >= until_day):
        begins = first_active_day(charged_to, rests)
        if until_day is not None and (begins is None or begins >= until_day):
            charged_to = until_day
            break
        if begins is None or begins > through:
            break
        period = cycle.period_at(begins)
        found.append(period)
        charged_to = period.next_first_day
    return Due(tuple(found), charged_to)


def first_active_day(day: date, rests: Iterable[Rest]) -> date | None:
    """The day itself or the first one after it on which the account does not rest; None while that is not known."""
    for rest in sorted(rests, key=lambda each: each.from_day):
        if rest.from_day <= day and (rest.until_day is None or day < rest.until_day):
            if rest.until_day is None:
                return None
            day = rest.until_day
    return day


def active_days(from_day: date, until_day: date, rests: Sequence[Rest]) -> Iterator[date]:
    """Every day of [from_day, until_day) on which the account does not rest."""
    day = from_day
    while day < until_day:
        if first_active_day(day, rests) == day:
            yield day
        day = date.fromordinal(day.toordinal() + 1)
