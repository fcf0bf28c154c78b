"""What the tax pages show, as ready words."""

from dataclasses import dataclass
from datetime import timedelta

from portal.catalogue.models import TaxRate
from portal.catalogue.queries import products, tax_rate_rows
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import percent
from portal.kit.world import country_name
from portal.settings.commands import may_change_mode
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import short_day

MODE_WORDS = {"exclusive": "without tax: it is added", "inclusive": "with tax: it is taken out"}


@dataclass(frozen=True)
class RateLine:
    country: str
    rate: str
    since: str
    until: str
    by: str
    is_now: bool


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


def tax_page(db: TenantSession) -> TaxPage:
    tenant = white_label(db)
    present = today(tenant.time_zone)
    own = sorted({product.tax_ppm for product in products(db)})
    return TaxPage(
        country=tenant.country,
        number=tenant.tax_number or "",
        tax_name=tenant.tax_name,
        mode=MODE_WORDS[tenant.retail_tax_mode],
        may_change_mode=may_change_mode(db),
        rates=_rate_lines(db),
        otherwise=" or ".join(percent(ppm) for ppm in own) or "nothing",
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
            )
        )
        after = row
    return found
