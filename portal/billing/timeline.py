"""Which periods are due, as pure arithmetic on days: the same answer whoever asks, however late, however often."""

from collections.abc import Iterable, Sequence
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


def price_day(cycle: Cycle, begins: date, spans: Iterable[tuple[date, date | None]], rests: Sequence[Rest]) -> date:
    """The day whose price counts for what begins on a day: the first of the period that runs then, as far as the
    account has had the product in it without a break. A price that was set since waits for the next period.

    `spans` are the days of the account's rows of that product, [first, end).
    """
    since = begins
    for from_day, until_day in sorted(spans, key=lambda span: (span[0], span[1] or date.max), reverse=True):
        if until_day == since:
            since = from_day
    running = due(cycle, max(since, cycle.period_of(begins).first_day), None, rests, begins).periods
    return running[-1].first_day if running else begins


def first_active_day(day: date, rests: Iterable[Rest]) -> date | None:
    """The day itself or the first one after it on which the account does not rest; None while that is not known."""
    for rest in sorted(rests, key=lambda each: each.from_day):
        if rest.from_day <= day and (rest.until_day is None or day < rest.until_day):
            if rest.until_day is None:
                return None
            day = rest.until_day
    return day
