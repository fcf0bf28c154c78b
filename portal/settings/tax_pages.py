"""What the tax pages show, as ready words."""

from dataclasses import dataclass
from datetime import timedelta

from portal.catalogue.tax_pages import RateLine, own_rates, retail_lines, wholesale_words
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.settings.commands import may_change_mode
from portal.whitelabels.queries import white_label

MODE_WORDS = {"exclusive": "without tax: it is added", "inclusive": "with tax: it is taken out"}


@dataclass(frozen=True)
class TaxPage:
    country: str
    number: str
    tax_name: str
    mode: str
    may_change_mode: bool
    rates: list[RateLine]
    otherwise: str
    wholesale: str
    tomorrow: str


@dataclass(frozen=True)
class ModePage:
    mode: str
    other: str
    tax_name: str
    may_change: bool


def tax_page(db: TenantSession) -> TaxPage:
    tenant = white_label(db)
    return TaxPage(
        country=tenant.country,
        number=tenant.tax_number or "",
        tax_name=tenant.tax_name,
        mode=MODE_WORDS[tenant.retail_tax_mode],
        may_change_mode=may_change_mode(db),
        rates=retail_lines(db),
        otherwise=own_rates(db),
        wholesale=wholesale_words(db),
        tomorrow=(today(tenant.time_zone) + timedelta(days=1)).isoformat(),
    )


def mode_page(db: TenantSession) -> ModePage:
    tenant = white_label(db)
    other = "inclusive" if tenant.retail_tax_mode == "exclusive" else "exclusive"
    return ModePage(tenant.retail_tax_mode, other, tenant.tax_name, may_change_mode(db))
