"""Billing periods as pure arithmetic on days.

A period is half-open and one month long, from its first day up to, not including, the first day of the next. The
anchor day is kept: an account that began on the 31st is billed on the 28th in February and on the 31st in March.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    first_day: date
    next_first_day: date

    @property
    def last_day(self) -> date:
        return self.next_first_day - timedelta(days=1)

    @property
    def key(self) -> str:
        return self.first_day.isoformat()


def nth_period(anchor: date, n: int) -> Period:
    """The n-th month (0 is the first) of a service that began on `anchor`."""
    return Period(_months_after(anchor, n), _months_after(anchor, n + 1))


def _months_after(anchor: date, months: int) -> date:
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    longest = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(anchor.day, longest))
