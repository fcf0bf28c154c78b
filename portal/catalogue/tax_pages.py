"""What pages about tax rates show, as ready words: the white label's about retail, the operator's about wholesale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.catalogue.commands import check_tax_rate
from portal.catalogue.models import TaxRate
from portal.catalogue.prices import WHOLESALE, Taxed, TaxRates
from portal.catalogue.queries import products, tax_rate_rows
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.postal import region_names
from portal.kit.world import country_name
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, short_day


@dataclass(frozen=True)
class RateLine:
    """One rate. `withdraw` is the day by which one that is to come can be withdrawn; else empty."""

    whose: Taxed
    place: str
    rate: str
    since: str
    until: str
    by: str
    is_now: bool
    withdraw: str


@dataclass(frozen=True)
class RateReview:
    """What a new rate would do; `rows` are what it is about, what holds on that day without it, and with it."""

    title: str
    rows: list[tuple[str, str, str]]
    effects: list[str]


def place_words(whose: Taxed) -> str:
    """Such as `Canada, Ontario`; `wholesale` for the white label's own."""
    if whose == WHOLESALE:
        return "wholesale"
    country = country_name(whose.country)
    return f"{country}, {region_names(whose.country).get(whose.region, whose.region)}" if whose.region else country


def retail_lines(db: TenantSession) -> list[RateLine]:
    """By country, a country before its regions, the latest first."""
    return _lines(db, [row for row in tax_rate_rows(db) if row.side == "retail"])


def wholesale_lines(db: TenantSession) -> list[RateLine]:
    """The latest first, and the opening rate last."""
    tenant, rows = white_label(db), [row for row in tax_rate_rows(db) if row.side == "wholesale"]
    first = rows[-1].valid_from if rows else None
    opening = RateLine(
        whose=WHOLESALE,
        place="wholesale",
        rate=percent(tenant.opening_wholesale_tax_ppm),
        since="Opening",
        until=_day_before(first, tenant),
        by="",
        is_now=first is None or today(tenant.time_zone) < first,
        withdraw="",
    )
    return [*_lines(db, rows), opening]


def wholesale_words(db: TenantSession) -> str:
    """What the operator adds to wholesale today, and what it will: `20%; 21% from 1 Jan 2027`."""
    tenant, rows = white_label(db), tax_rate_rows(db)
    present = today(tenant.time_zone)
    now = TaxRates(rows).wholesale_ppm(present, opening_ppm=tenant.opening_wholesale_tax_ppm)
    ahead = [row for row in reversed(rows) if row.whose == WHOLESALE and row.valid_from > present]
    then = (f"{percent(row.rate_ppm)} from {short_day(row.valid_from, tenant)}" for row in ahead)
    return "; ".join((percent(now), *then))


def review(db: TenantSession, whose: Taxed, on: date, ppm: int) -> RateReview:
    """What `set_tax_rate` would change. Raises what it raises."""
    check_tax_rate(db, whose, on)
    tenant, place, rows = white_label(db), place_words(whose), tax_rate_rows(db)
    own = [row for row in rows if row.whose == whose]
    later = min((row.valid_from for row in own if row.valid_from > on), default=None)
    effects = [f"It holds from {day(on, tenant)}; periods already begun keep their rate."]
    if later is not None:
        effects.append(f"It holds until {day(later, tenant)}, when a rate that was set before begins.")
    if any(row.valid_from == on for row in own):
        effects.append("It replaces the rate that was set for that day.")
    effects += _reach(whose, rows)
    effects.append("Until that day it can be replaced or withdrawn.")
    title = f"{percent(ppm)} {tenant.tax_name} {'on' if whose == WHOLESALE else 'for'} {place}?"
    about = "Rate on wholesale" if whose == WHOLESALE else f"Rate for {place}"
    return RateReview(title, [(about, _without(db, whose, own, rows, on), percent(ppm))], effects)


def own_rates(db: TenantSession) -> str:
    """The rates that products have themselves, in words."""
    return " or ".join(percent(ppm) for ppm in sorted({each.tax_ppm for each in products(db)})) or "nothing"


def _without(db: TenantSession, whose: Taxed, own: list[TaxRate], rows: Sequence[TaxRate], on: date) -> str:
    """What holds on a day unless the rate that is reviewed is set."""
    if (old := _on(own, on)) is not None:
        return percent(old)
    if whose == WHOLESALE:
        return percent(white_label(db).opening_wholesale_tax_ppm)
    of_country = _on([row for row in rows if row.whose == Taxed(whose.country)], on)
    if of_country is not None:
        return f"{percent(of_country)}, the rate of {country_name(whose.country)}"
    return f"Each product's own, {own_rates(db)}"


def _reach(whose: Taxed, rows: Sequence[TaxRate]) -> list[str]:
    """How a rate of a country and those of its regions stand to each other."""
    country = country_name(whose.country)
    if whose.region:
        return [f"It goes before a rate for the whole of {country}."]
    if not region_names(whose.country):
        return []
    there = {place_words(row.whose).partition(", ")[2] for row in rows if row.country == whose.country and row.region}
    own = "a rate of its own" if len(there) == 1 else "rates of their own"
    but = f", but for {' and '.join(sorted(there))} with {own}" if there else ""
    return [f"It is for the whole of {country}{but}."]


def _on(newest_first: Sequence[TaxRate], on: date) -> int | None:
    return next((row.rate_ppm for row in newest_first if row.valid_from <= on), None)


def _lines(db: TenantSession, rows: Sequence[TaxRate]) -> list[RateLine]:
    """Of rates whose latest come first: each ends where the next one for the same place begins."""
    tenant, found = white_label(db), []
    after: TaxRate | None = None
    for row in rows:
        ends = after.valid_from if after is not None and after.whose == row.whose else None
        found.append(_line(row, ends, tenant))
        after = row
    return found


def _line(row: TaxRate, ends: date | None, tenant: WhiteLabel) -> RateLine:
    present = today(tenant.time_zone)
    return RateLine(
        whose=row.whose,
        place=place_words(row.whose),
        rate=percent(row.rate_ppm),
        since=short_day(row.valid_from, tenant),
        until=_day_before(ends, tenant),
        by=row.set_by,
        is_now=row.valid_from <= present and (ends is None or present < ends),
        withdraw=row.valid_from.isoformat() if row.valid_from > present else "",
    )


def _day_before(day_after: date | None, tenant: WhiteLabel) -> str:
    return short_day(day_after - timedelta(days=1), tenant) if day_after else ""
