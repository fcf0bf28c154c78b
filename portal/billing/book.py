"""The price book: what the prices of one white label depend on, read once, asked for any account and day."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Account, Address
from portal.billing.pricing import Prices
from portal.catalogue.models import Plan, Service
from portal.catalogue.queries import inclusions, price_list, tax_rates
from portal.kit.db import TenantSession
from portal.kit.postal import region_code
from portal.whitelabels.queries import white_label


@dataclass(frozen=True)
class Buyer:
    """What tax depends on: country and region of the business address, and whether a reason exempts the account.

    The region is its code, as `buyer_in` finds it.
    """

    country: str
    region: str = ""
    is_exempt: bool = False


def buyer_in(country: str, region: str, *, is_exempt: bool = False) -> Buyer:
    """A buyer at an address. A region that the country does not have counts as none: such words stand in rows that
    are older than the check of their field."""
    return Buyer(country, region_code(region, country), is_exempt)


class PriceBook:
    def __init__(self, db: TenantSession) -> None:
        self.tenant = white_label(db)
        self.products: dict[UUID, Plan | Service] = {plan.id: plan for plan in db.scalars(select(Plan))}
        self.products.update({service.id: service for service in db.scalars(select(Service))})
        self._known: dict[tuple[UUID, date, Buyer], Prices] = {}
        self._prices, self._rates = price_list(db), tax_rates(db)
        self._included = inclusions(db)

    def prices(self, product: Plan | Service, day: date, buyer: Buyer) -> Prices:
        """What a product costs a buyer when a period begins on a day; worked out once for all who are alike."""
        key = (product.id, day, buyer)
        if key not in self._known:
            self._known[key] = self._work_out(product, day, buyer)
        return self._known[key]

    def _work_out(self, product: Plan | Service, day: date, buyer: Buyer) -> Prices:
        retail, wholesale = self._prices.retail(product, day), self._prices.wholesale(product, day)
        taxed_ppm = self._rates.retail_ppm(buyer.country, buyer.region, day, otherwise_ppm=product.tax_ppm)
        plan = product if isinstance(product, Plan) else None
        return Prices(
            name=product.name,
            currency=self.tenant.currency,
            retail_minor=retail.minor,
            retail_setup_minor=retail.setup_minor,
            wholesale_minor=wholesale.minor,
            wholesale_setup_minor=wholesale.setup_minor,
            minimum_funding_minor=plan.minimum_funding_minor if plan else 0,
            retail_tax_ppm=0 if buyer.is_exempt else taxed_ppm,
            wholesale_tax_ppm=self._rates.wholesale_ppm(day, opening_ppm=self.tenant.opening_wholesale_tax_ppm),
            months=plan.months if plan else 1,
            trial_days=plan.trial_days if plan else 0,
            includes_tax=self.tenant.retail_tax_mode == "inclusive",
            per_units=product.per_units if isinstance(product, Service) else 1,
            minimum_units=product.minimum_units if isinstance(product, Service) else 0,
        )

    def free(self, plan_id: UUID | None, service: Service, day: date) -> int:
        """How many of a service the account's plan holds in a period that begins on a day."""
        return self._included.on(plan_id, service.id, day) if plan_id else 0


def buyers(db: TenantSession, accounts: list[Account]) -> dict[UUID, Buyer]:
    """Who each account is to the tax, in one query."""
    wanted = select(Address.account_id, Address.country, Address.region).where(
        Address.account_id.in_([account.id for account in accounts]), Address.kind == "business"
    )
    places = {row.account_id: (row.country, row.region) for row in db.execute(wanted)}
    return {a.id: buyer_in(*places.get(a.id, ("", "")), is_exempt=bool(a.tax_exemption)) for a in accounts}
