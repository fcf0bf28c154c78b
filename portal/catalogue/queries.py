"""Reading the catalogue: what is on sale, prices by day, and tax by day and place."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.catalogue.models import Inclusion, OpeningPrice, Plan, Price, PriceCorrection, Product, Service, TaxRate
from portal.catalogue.prices import DatedPrice, Inclusions, Opening, PriceList, TaxRates
from portal.kit.db import TenantSession
from portal.whitelabels.queries import white_label


def plans_on_sale(db: TenantSession) -> list[Plan]:
    """Cheapest first, by what they opened at."""
    wanted = select(Plan).where(Plan.retired_at.is_(None), Plan.hidden_at.is_(None))
    return list(db.scalars(wanted.order_by(Plan.opening_retail_minor, Plan.name)))


def plan_on_sale(db: TenantSession, plan_id: UUID) -> Plan | None:
    plan = db.load(Plan, plan_id)
    return plan if plan is not None and plan.is_on_sale else None


def services_on_sale(db: TenantSession) -> list[Service]:
    wanted = select(Service).where(Service.retired_at.is_(None), Service.hidden_at.is_(None))
    return list(db.scalars(wanted.order_by(Service.kind, Service.name)))


def products(db: TenantSession) -> list[Plan | Service]:
    """Every plan and service that is not retired, plans first, each kind by name."""
    plans = db.scalars(select(Plan).where(Plan.retired_at.is_(None)).order_by(Plan.name)).all()
    services = db.scalars(select(Service).where(Service.retired_at.is_(None)).order_by(Service.name)).all()
    return [*plans, *services]


def services(db: TenantSession) -> list[Service]:
    return [each for each in products(db) if isinstance(each, Service)]


def product(db: TenantSession, product_id: UUID) -> Plan | Service | None:
    return db.load(Plan, product_id) or db.load(Service, product_id)


def price_list(db: TenantSession, of: Product | None = None, *, currency: str = "") -> PriceList:
    """The white label's prices: all of them, or those of one product; in its own currency unless another is said."""
    return PriceList(price_rows(db, of), currency or white_label(db).currency)


def openings(db: TenantSession, currency: str) -> dict[UUID, Opening]:
    """What each product opens at in a currency, by its id: those without a price in it are left out."""
    if currency == white_label(db).currency:
        return {each.id: _own_opening(each) for each in products(db)}
    rows = db.scalars(select(OpeningPrice).where(OpeningPrice.currency == currency))
    return {
        row.product_id: Opening(
            row.product_id,
            row.retail_minor,
            row.retail_setup_minor,
            row.wholesale_minor,
            row.wholesale_setup_minor,
            row.minimum_funding_minor,
        )
        for row in rows
    }


def opening_currencies(db: TenantSession) -> set[str]:
    """Every currency besides its own in which the tenant has prices."""
    return set(db.scalars(select(OpeningPrice.currency).distinct()))


def _own_opening(of: Plan | Service) -> Opening:
    return Opening(
        of.id,
        of.opening_retail_minor,
        of.opening_retail_setup_minor,
        of.opening_wholesale_minor,
        of.opening_wholesale_setup_minor,
        of.minimum_funding_minor if isinstance(of, Plan) else 0,
    )


def price_rows(db: TenantSession, of: Product | None = None) -> list[DatedPrice]:
    """Every price that stands, of all products or of one, in every currency, the latest day first. What was withdrawn
    is left out."""
    wanted, corrected = select(Price), select(PriceCorrection)
    if isinstance(of, Plan):
        wanted = wanted.where(Price.plan_id == of.id)
    elif isinstance(of, Service):
        wanted = wanted.where(Price.service_id == of.id)
    last = {each.price_id: each for each in db.scalars(corrected.order_by(PriceCorrection.revision))}
    rows = db.scalars(wanted.order_by(Price.valid_from.desc(), Price.id.desc()))
    return [found for row in rows if (found := _as_it_stands(row, last.get(row.id))) is not None]


def _as_it_stands(row: Price, correction: PriceCorrection | None) -> DatedPrice | None:
    what = (row.id, row.product_id, row.side, row.source, row.currency, row.valid_from)
    if correction is None:
        return DatedPrice(*what, row.minor, row.setup_minor, row.set_by)
    if correction.minor is None or correction.setup_minor is None:
        return None
    return DatedPrice(*what, correction.minor, correction.setup_minor, correction.set_by)


def tax_rate_rows(db: TenantSession) -> Sequence[TaxRate]:
    """Wholesale first, then by country, a country before its regions; the latest day of each first."""
    order = (TaxRate.country, TaxRate.region, TaxRate.valid_from.desc())
    return db.scalars(select(TaxRate).order_by(*order)).all()


def tax_rates(db: TenantSession) -> TaxRates:
    return TaxRates(db.scalars(select(TaxRate)).all())


def inclusions(db: TenantSession) -> Inclusions:
    return Inclusions(db.scalars(select(Inclusion)).all())
