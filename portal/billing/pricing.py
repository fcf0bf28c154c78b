"""What a thing costs, as pure values. The review page shows it and billing posts it: there is no second calculation."""

from dataclasses import dataclass
from datetime import date

from portal.billing.period import Period, nth_period
from portal.kit.money import tax_on


@dataclass(frozen=True)
class Prices:
    """The prices of a plan, net, in minor units; taxes in parts per million."""

    plan: str
    currency: str
    retail_minor: int
    retail_setup_minor: int
    wholesale_minor: int
    wholesale_setup_minor: int
    minimum_funding_minor: int
    retail_tax_ppm: int
    wholesale_tax_ppm: int


@dataclass(frozen=True)
class Side:
    """One book's price of a line."""

    net_minor: int
    tax_minor: int
    tax_ppm: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True)
class PricedLine:
    """One thing that is charged, at wholesale and at retail."""

    item: str
    description: str
    period: Period | None
    wholesale: Side
    retail: Side

    @property
    def period_key(self) -> str:
        return self.period.key if self.period else "once"


@dataclass(frozen=True)
class Invoice:
    lines: tuple[PricedLine, ...]
    currency: str

    @property
    def wholesale_minor(self) -> int:
        """What the white-label account is debited, with tax."""
        return sum(line.wholesale.gross_minor for line in self.lines)

    @property
    def retail_minor(self) -> int:
        """What the customer is debited in Option 1, with tax."""
        return sum(line.retail.gross_minor for line in self.lines)


def first_invoice(prices: Prices, first_day: date, billing_day: int | None = None) -> Invoice:
    """Set-up fee and first period, as charged at activation."""
    lines = [plan_line(prices, nth_period(first_day, 0, billing_day))]
    if prices.retail_setup_minor or prices.wholesale_setup_minor:
        lines.insert(
            0,
            _line(
                prices, "setup", f"{prices.plan}, set-up", None, prices.wholesale_setup_minor, prices.retail_setup_minor
            ),
        )
    return Invoice(tuple(line for line in lines if _costs(line)), prices.currency)


def plan_line(prices: Prices, period: Period) -> PricedLine:
    """One month of the plan, or the share of one that a shorter first period is."""
    wholesale, retail = (share_of(minor, period) for minor in (prices.wholesale_minor, prices.retail_minor))
    return _line(prices, "plan", prices.plan, period, wholesale, retail)


def share_of(minor: int, period: Period) -> int:
    """A month's price by days, rounded half up, like tax."""
    return (2 * minor * period.days + period.whole_days) // (2 * period.whole_days)


def needed_funding_minor(prices: Prices, invoice: Invoice, asked_minor: int | None = None) -> int:
    """What an Option 1 customer has to add at least: the largest of the plan's minimum, the first invoice and what
    the white label asked for."""
    return max(prices.minimum_funding_minor, invoice.retail_minor, asked_minor or 0)


def _line(
    prices: Prices, item: str, description: str, period: Period | None, wholesale_minor: int, retail_minor: int
) -> PricedLine:
    wholesale = Side(wholesale_minor, tax_on(wholesale_minor, prices.wholesale_tax_ppm), prices.wholesale_tax_ppm)
    retail = Side(retail_minor, tax_on(retail_minor, prices.retail_tax_ppm), prices.retail_tax_ppm)
    return PricedLine(item, description, period, wholesale, retail)


def _costs(line: PricedLine) -> bool:
    return bool(line.wholesale.net_minor or line.retail.net_minor)
