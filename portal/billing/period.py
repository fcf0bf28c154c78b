"""Billing periods as pure arithmetic on days.

A period is half-open and a month or a year long, from its first day up to, not including, the first day of the next.
The billing day is kept: an account billed on the 31st is billed on the 28th in February and on the 31st in March. An
account that begins on another day than its billing day has a shorter first period, charged by its share of days.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True)
class Period:
    """`whole_days` is the length of the full period that this one is, or is the end of."""

    first_day: date
    next_first_day: date
    whole_days: int

    @property
    def last_day(self) -> date:
        return self.next_first_day - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.next_first_day - self.first_day).days

    @property
    def is_whole(self) -> bool:
        return self.days == self.whole_days

    @property
    def key(self) -> str:
        return self.first_day.isoformat()


@dataclass(frozen=True)
class Cycle:
    """When periods begin: `months` apart (1 or 12), counted from the anchor, on the billing day or the anchor's own."""

    anchor: date
    billing_day: int | None = None
    months: int = 1

    def period_at(self, day: date) -> Period:
        """The rest of the period in which a day lies: whole when the day is its first one.

        The anchor parts periods, too: what is switched on during a trial is charged up to the trial's end.
        """
        start, following = self._around(day)
        ends = self.anchor if day < self.anchor < following else following
        return Period(day, ends, (following - start).days)

    def period_of(self, day: date) -> Period:
        """The period in which a day lies, from its first day on."""
        start, _ = self._around(day)
        return self.period_at(max(start, self.anchor) if day >= self.anchor else start)

    @lru_cache(maxsize=10_000)  # noqa: B019 - a value, and there are as many as there are days and billing days
    def _around(self, day: date) -> tuple[date, date]:
        months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
        k = months // self.months
        while self._boundary(k) > day:
            k -= 1
        while self._boundary(k + 1) <= day:
            k += 1
        return self._boundary(k), self._boundary(k + 1)

    def _boundary(self, k: int) -> date:
        return _months_after(self.anchor, k * self.months, self.billing_day or self.anchor.day)


def nth_period(anchor: date, n: int, billing_day: int | None = None, months: int = 1) -> Period:
    """The n-th period (0 is the first) of a service that began on `anchor`, billed on `billing_day` of the month."""
    cycle = Cycle(anchor, billing_day, months)
    period = cycle.period_at(anchor)
    for _ in range(n):
        period = cycle.period_at(period.next_first_day)
    return period


def _months_after(anchor: date, months: int, day: int) -> date:
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    longest = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day, longest))
