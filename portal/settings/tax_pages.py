"""What the tax pages show, as ready words."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.catalogue.commands import check_tax_rate
from portal.catalogue.models import TaxRate
from portal.catalogue.queries import products, tax_rate_rows
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.world import country_name
from portal.settings.commands import may_change_mode
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, short_day

MODE_WORDS = {"exclusive": "without tax: it is added", "inclusive": "with tax: it is taken out"}


@dataclass(frozen=True)
class RateLine:
    country: str
    rate: str
    since: str
    until: str
    by: str
    is_now: bool
    code: str
    withdraw: str
    """The day of a rate that is to come, by which it can be withdrawn; else empty."""


@dataclass(frozen=True)
class TaxPage:
    country: str
    number: str
    tax_name: str
    mode: str
    may_change_mode: bool
    rates: list[RateLine]
    otherwise: str
    tomorrow: str


@dataclass(frozen=True)
class ModePage:
    mode: str
    other: str
    tax_name: str
    may_change: bool


@dataclass(frozen=True)
class RateReview:
    """What a new rate would do; `rows` are what it is about, what holds on that day without it, and with it."""

    title: str
    rows: list[tuple[str, str, str]]
    effects: list[str]


def review(db: TenantSession, country: str, on: date, ppm: int) -> RateReview:
    """What `set_tax_rate` would change. Raises what it raises."""
    check_tax_rate(db, country, on)
    tenant, name = white_label(db), country_name(country)
    rows = [row for row in tax_rate_rows(db) if row.country == country]
    old = next((percent(row.rate_ppm) for row in rows if row.valid_from <= on), f"Each product's own, {_own(db)}")
    later = min((row.valid_from for row in rows if row.valid_from > on), default=None)
    effects = [f"It holds from {day(on, tenant)}; periods already begun keep their rate."]
    if later is not None:
        effects.append(f"It holds until {day(later, tenant)}, when a rate that was set before begins.")
    if any(row.valid_from == on for row in rows):
        effects.append("It replaces the rate that was set for that day.")
    effects.append("Until that day it can be replaced or withdrawn.")
    return RateReview(
        f"{percent(ppm)} {tenant.tax_name} for {name}?", [(f"Rate for {name}", old, percent(ppm))], effects
    )


def _own(db: TenantSession) -> str:
    """The rates that products have themselves, in words."""
    return " or ".join(percent(ppm) for ppm in sorted({each.tax_ppm for each in products(db)})) or "nothing"


def tax_page(db: TenantSession) -> TaxPage:
    tenant = white_label(db)
    present = today(tenant.time_zone)
    return TaxPage(
        country=tenant.country,
        number=tenant.tax_number or "",
        tax_name=tenant.tax_name,
        mode=MODE_WORDS[tenant.retail_tax_mode],
        may_change_mode=may_change_mode(db),
        rates=_rate_lines(db),
        otherwise=_own(db),
        tomorrow=(present + timedelta(days=1)).isoformat(),
    )


def mode_page(db: TenantSession) -> ModePage:
    tenant = white_label(db)
    other = "inclusive" if tenant.retail_tax_mode == "exclusive" else "exclusive"
    return ModePage(tenant.retail_tax_mode, other, tenant.tax_name, may_change_mode(db))


def _rate_lines(db: TenantSession) -> list[RateLine]:
    """By country, the latest first; a rate ends where the next one of its country begins."""
    tenant, found = white_label(db), []
    present = today(tenant.time_zone)
    after: TaxRate | None = None
    for row in tax_rate_rows(db):
        ends = after.valid_from if after is not None and after.country == row.country else None
        found.append(
            RateLine(
                country=country_name(row.country),
                rate=percent(row.rate_ppm),
                since=short_day(row.valid_from, tenant),
                until=short_day(ends - timedelta(days=1), tenant) if ends else "",
                by=row.set_by,
                is_now=row.valid_from <= present and (ends is None or present < ends),
                code=row.country,
                withdraw=row.valid_from.isoformat() if row.valid_from > present else "",
            )
        )
        after = row
    return found
