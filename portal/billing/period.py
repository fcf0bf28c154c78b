"""Billing periods as pure arithmetic on days.

A period is half-open and one month long, from its first day up to, not including, the first day of the next. The
billing day is kept: an account billed on the 31st is billed on the 28th in February and on the 31st in March. An
account that begins on another day than its billing day has a shorter first period, charged by its share of days.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


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


def nth_period(anchor: date, n: int, billing_day: int | None = None) -> Period:
    """The n-th month (0 is the first) of a service that began on `anchor`, billed on `billing_day` of the month."""
    day = billing_day or anchor.day
    # The last billing date that is not after the anchor: the full first period begins there.
    back = 0 if _months_after(anchor, 0, day) <= anchor else -1
    start, following = (_months_after(anchor, back + k, day) for k in (n, n + 1))
    return Period(max(anchor, start), following, (following - start).days)


def _months_after(anchor: date, months: int, day: int) -> date:
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    longest = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day, longest))
