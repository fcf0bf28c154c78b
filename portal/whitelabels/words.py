"""Money, days and moments as a white label's people read them: in its currency and time zone, days in English."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal

from portal.kit.clock import now
from portal.kit.money import words_of
from portal.whitelabels.models import WhiteLabel


def money(minor: int, tenant: WhiteLabel, currency: str = "") -> str:
    """In the white label's own currency; the operator's default list has others, too."""
    return words_of(minor, currency or tenant.currency, tenant.locale)


def number(value: int, tenant: WhiteLabel) -> str:
    """A count such as `1,000`."""
    return str(format_decimal(value, locale=tenant.locale))


def day(value: date, tenant: WhiteLabel) -> str:
    """Such as `3 November 2026`."""
    return format_date(value, "d MMMM y", locale=tenant.english)


def local_day(at: datetime, tenant: WhiteLabel) -> date:
    """The day it was in the white label's time zone."""
    return at.astimezone(ZoneInfo(tenant.time_zone)).date()


def short_day(value: date, tenant: WhiteLabel) -> str:
    """Such as `3 Nov 2026`, for tables."""
    return _day(value, "d MMM y", tenant.english)


def span(first: date, last: date, tenant: WhiteLabel) -> str:
    """Such as `1 Nov to 30 Nov 2026`, or with both years where they differ."""
    return _span(first, last, tenant.english)


@lru_cache(4096)
def _span(first: date, last: date, locale: str) -> str:
    begins = "d MMM" if first.year == last.year else "d MMM y"
    return f"{_day(first, begins, locale)} to {_day(last, 'd MMM y', locale)}"


@lru_cache(4096)
def _day(value: date, shape: str, locale: str) -> str:
    return format_date(value, shape, locale=locale)


def month(value: date, tenant: WhiteLabel) -> str:
    """Such as `November 2026`."""
    return _day(value, "LLLL y", tenant.english)


def since(at: datetime, tenant: WhiteLabel) -> str:
    """`today`, `on Tuesday` within a week, then `on 19 November`."""
    that, today = local_day(at, tenant), local_day(now(), tenant)
    if that == today:
        return "today"
    shape = "EEEE" if 0 < (today - that).days < 7 else "d MMMM" if that.year == today.year else "d MMMM y"
    return f"on {format_date(that, shape, locale=tenant.english)}"


def moment(at: datetime, tenant: WhiteLabel) -> str:
    """Such as `3 November, 14:05`, in the white label's time zone; with the year when it is another one."""
    local = at.astimezone(ZoneInfo(tenant.time_zone))
    shape = "d MMMM, HH:mm" if local.year == local_day(now(), tenant).year else "d MMMM y, HH:mm"
    return format_datetime(local, shape, locale=tenant.english)


def moments(first: datetime, last: datetime, tenant: WhiteLabel) -> str:
    """Such as `3 November, 14:05 to 14:07`, or with both days where they differ."""
    if local_day(first, tenant) != local_day(last, tenant):
        return f"{moment(first, tenant)} to {moment(last, tenant)}"
    return f"{moment(first, tenant)} to {clock(last, tenant)}"


def clock(at: datetime, tenant: WhiteLabel) -> str:
    """Such as `10:14`, in the white label's time zone."""
    return format_time(at.astimezone(ZoneInfo(tenant.time_zone)), "HH:mm", locale=tenant.english)
