"""What one number costs the reader's side, in words."""

from datetime import date

from portal.billing.book import PriceBook, buyers
from portal.catalogue.models import Service
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.numbers.rights import NumbersDesk
from portal.whitelabels.words import money


class Prices:
    """What one number of a class costs the reader's side, today or on a later day."""

    def __init__(self, db: TenantSession, desk: NumbersDesk, on: date | None = None) -> None:
        self.desk, self.book = desk, PriceBook(db)
        self.tenant = self.book.tenant
        self.day = max(today(self.tenant.time_zone), on or date.min)
        self.buyer = buyers(db, [desk.account])[desk.account.id]

    def each(self, service: Service) -> str:
        """`£2.00 a month and VAT`."""
        prices = self.book.prices(service, self.day, self.buyer)
        minor = prices.retail_minor if self.desk.sees_retail else prices.wholesale_minor
        return f"{money(minor, self.tenant)} a month{self._tax(service)}"

    def setup(self, service: Service) -> str:
        """`Set-up £5.00, once`, beside the price of a month; empty when it is for nothing."""
        minor = self._setup_minor(service)
        return f"Set-up {money(minor, self.tenant)}, once" if minor else ""

    def setup_alone(self, service: Service) -> str:
        """`£5.00 and VAT, once`, where it stands by itself; empty when it is for nothing."""
        minor = self._setup_minor(service)
        return f"{money(minor, self.tenant)}{self._tax(service)}, once" if minor else ""

    def _setup_minor(self, service: Service) -> int:
        prices = self.book.prices(service, self.day, self.buyer)
        return prices.retail_setup_minor if self.desk.sees_retail else prices.wholesale_setup_minor

    def _tax(self, service: Service) -> str:
        prices = self.book.prices(service, self.day, self.buyer)
        ppm = prices.retail_tax_ppm if self.desk.sees_retail else prices.wholesale_tax_ppm
        joined = "with" if self.desk.sees_retail and prices.includes_tax else "and"
        return f" {joined} {self.tenant.tax_name}" if ppm else ""
