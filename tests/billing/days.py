"""Days as a calendar has them, one after the other: what periods are measured against."""

from collections.abc import Sequence
from datetime import date, timedelta

from portal.billing.timeline import Rest


def active_days(from_day: date, until_day: date, rests: Sequence[Rest]) -> set[date]:
    """Every day of [from_day, until_day) on which the account does not rest."""
    days = {from_day + timedelta(days=n) for n in range((until_day - from_day).days)}
    return {day for day in days if not any(r.from_day <= day < (r.until_day or date.max) for r in rests)}
