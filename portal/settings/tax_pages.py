"""What the tax pages show, as ready words."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import and_, func, select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Address
from portal.catalogue import tax_pages
from portal.catalogue.prices import Taxed
from portal.catalogue.tax_pages import RateLine, RateReview, own_rates, retail_lines, wholesale_words
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.postal import region_code
from portal.settings.commands import may_change_mode
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day

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


def review(db: TenantSession, whose: Taxed, on: date, ppm: int) -> RateReview:
    """What `set_tax_rate` would change, and for how many it changes nothing. Raises what it raises."""
    found = tax_pages.review(db, whose, on, ppm)
    nowhere = _without_region(db, whose.country) if whose.region else 0
    if not nowhere:
        return found
    who = "1 customer there has" if nowhere == 1 else f"{nowhere} customers there have"
    words = f"{who} no region on file that we know: the rate of the country holds."
    return replace(found, effects=[*found.effects, words])


def _without_region(db: TenantSession, country: str) -> int:
    """Open customers of a country whose business address names none of its regions, or in words of their own."""
    there = and_(Address.white_label_id == Account.white_label_id, Address.account_id == Account.id)
    wanted = (
        select(Address.region, func.count(Account.id))
        .join(Account, there)
        .where(Address.kind == "business", Address.country == country, Account.state != State.CLOSED)
    )
    rows = db.execute(wanted.group_by(Address.region))
    return sum(count for region, count in rows if not region_code(region, country))


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
        tomorrow=day(today(tenant.time_zone) + timedelta(days=1), tenant),
    )


def mode_page(db: TenantSession) -> ModePage:
    tenant = white_label(db)
    other = "inclusive" if tenant.retail_tax_mode == "exclusive" else "exclusive"
    return ModePage(tenant.retail_tax_mode, other, tenant.tax_name, may_change_mode(db))
