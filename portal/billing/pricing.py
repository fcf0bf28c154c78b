"""What a thing costs, as pure values. The review page shows it and billing posts it: there is no second calculation.

The one rule of rounding: a line's price is worked out in whole minor units, halves up, and then its tax, halves up;
nothing is rounded twice, and sums only add. Where prices include tax, the tax is taken out of the line's price and the
rest is the net amount, so the two parts are always the price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

from portal.billing.period import Cycle, Period
from portal.kit.money import tax_on, tax_within

MOST_MINOR = 10**15
"""No single line may come to more minor units: whole columns of them have to fit into 63 bits."""


@dataclass(frozen=True)
class Prices:
    """The prices of a plan or a service on a day, in minor units; taxes in parts per million.

    A retail price is net, or with its tax where `includes_tax` says so. `per_units` is how many units it is for,
    `minimum_units` how many are charged at least in a period with use.
    """

    name: str
    currency: str
    retail_minor: int
    retail_setup_minor: int
    wholesale_minor: int
    wholesale_setup_minor: int
    minimum_funding_minor: int
    retail_tax_ppm: int
    wholesale_tax_ppm: int
    months: int = 1
    trial_days: int = 0
    includes_tax: bool = False
    per_units: int = 1
    minimum_units: int = 0


@dataclass(frozen=True)
class Side:
    """One book's price of a line."""

    net_minor: int
    tax_minor: int
    tax_ppm: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    def __add__(self, other: "Side") -> "Side":
        return Side(self.net_minor + other.net_minor, self.tax_minor + other.tax_minor, self.tax_ppm)

    def __neg__(self) -> "Side":
        return Side(-self.net_minor, -self.tax_minor, self.tax_ppm)


@dataclass(frozen=True)
class PricedLine:
    """One thing that is charged, at wholesale and at retail. `key` tells it from others of the same item."""

    item: str
    description: str
    period: Period | None
    wholesale: Side
    retail: Side
    key: str = ""

    @cached_property
    def period_key(self) -> str:
        return self.key or (self.period.key if self.period else "once")

    @property
    def costs(self) -> bool:
        return bool(self.wholesale.net_minor or self.retail.net_minor)

    @property
    def is_too_much(self) -> bool:
        """Whether no books would hold it: a price and a number of units that nobody can have meant."""
        return max(self.wholesale.gross_minor, self.retail.gross_minor) > MOST_MINOR


@dataclass(frozen=True)
class Invoice:
    """`trial_ends` is the first day that costs something, where a trial puts the first period off."""

    lines: tuple[PricedLine, ...]
    currency: str
    trial_ends: date | None = None

    @property
    def wholesale_minor(self) -> int:
        """What the white-label account is debited, with tax."""
        return sum(line.wholesale.gross_minor for line in self.lines)

    @property
    def retail_minor(self) -> int:
        """What the customer is debited in Option 1, with tax."""
        return sum(line.retail.gross_minor for line in self.lines)


@dataclass(frozen=True)
class Extra:
    """So many of a service that begin together with the plan, which holds `free` of them."""

    prices: Prices
    item: str
    quantity: int
    free: int = 0


def first_invoice(
    prices: Prices, first_day: date, billing_day: int | None = None, extras: Sequence[Extra] = ()
) -> Invoice:
    """Set-up fees and first periods, as charged at activation; a trial puts the first periods off."""
    lines = [setup_line(prices, "setup", 1)]
    if not prices.trial_days:
        lines.append(plan_line(prices, Cycle(first_day, billing_day, prices.months).period_at(first_day)))
    month = Cycle(first_day, billing_day).period_at(first_day)
    for extra in extras:
        lines.append(setup_line(extra.prices, f"{extra.item}.setup", extra.quantity))
        if not prices.trial_days:
            lines.append(recurring_line(extra.prices, extra.item, extra.quantity, month, free=extra.free))
    trial_ends = anchor_of(prices, first_day) if prices.trial_days else None
    return Invoice(tuple(line for line in lines if line.costs), prices.currency, trial_ends)


def anchor_of(prices: Prices, first_day: date) -> date:
    """The first day of the first period: after the trial, where there is one."""
    return first_day + timedelta(days=prices.trial_days)


def plan_line(prices: Prices, period: Period, item: str = "plan") -> PricedLine:
    """One period of the plan, or the share of one that a shorter period is."""
    return recurring_line(prices, item, 1, period)


@lru_cache(maxsize=10_000)
def recurring_line(prices: Prices, item: str, quantity: int, period: Period, *, free: int = 0) -> PricedLine:
    """A period of so many, of which some are free."""
    counted = max(0, quantity - free)
    wholesale, retail = (share_of(minor * counted, period) for minor in (prices.wholesale_minor, prices.retail_minor))
    name = _counted_name(prices.name, quantity) + _with_plan(quantity, free)
    return _line(prices, item, name, period, wholesale, retail)


def setup_line(prices: Prices, item: str, quantity: int) -> PricedLine:
    name = _counted_name(f"{prices.name}, set-up", quantity)
    return _line(
        prices, item, name, None, prices.wholesale_setup_minor * quantity, prices.retail_setup_minor * quantity
    )


def one_off_line(prices: Prices, item: str, quantity: int) -> PricedLine:
    """So many at once, with what setting them up costs."""
    wholesale = (prices.wholesale_minor + prices.wholesale_setup_minor) * quantity
    retail = (prices.retail_minor + prices.retail_setup_minor) * quantity
    return _line(prices, item, _counted_name(prices.name, quantity), None, wholesale, retail)


def usage_line(prices: Prices, item: str, quantity: int, unit: str, period: Period, *, free: int = 0) -> PricedLine:
    """What was used in a period, of which so much is free; the price is for `per_units`, by the share.

    Whoever used more than what is free is charged for `minimum_units` at least.
    """
    beyond = max(0, quantity - free)
    counted = max(beyond, prices.minimum_units) if beyond else 0
    least = f", of which at least {counted} are charged" if counted > beyond else ""
    wholesale, retail = (
        _half_up(minor * counted, prices.per_units) for minor in (prices.wholesale_minor, prices.retail_minor)
    )
    name = f"{prices.name}, {quantity} {unit}{least or _with_plan(quantity, free)}"
    return _line(prices, item, name, period, wholesale, retail)


def share_of(minor: int, period: Period) -> int:
    """A period's price by days, rounded half up, like tax."""
    return _half_up(minor * period.days, period.whole_days)


def given_back(side: Side, days: int, whole_days: int) -> Side:
    """What is credited of a charge when its last `days` of `whole_days` are not used: the used part and this one are
    the charge, to the minor unit."""
    used = whole_days - days
    net, tax = (_half_up(part * used, whole_days) for part in (side.net_minor, side.tax_minor))
    return Side(net - side.net_minor, tax - side.tax_minor, side.tax_ppm)


def part_of(side: Side, gross_minor: int) -> Side:
    """So much of what is left of a line, with its tax: the same share of net and tax, and of the whole exactly both.

    Neither part is more than is left of it, so whatever a line is split into, the parts are the line.
    """
    if not gross_minor:
        return Side(0, 0, side.tax_ppm)
    tax_minor = _half_up(side.tax_minor * gross_minor, side.gross_minor)
    return Side(gross_minor - tax_minor, tax_minor, side.tax_ppm)


def share_minor(minor: int, part: int, whole: int) -> int:
    """Of an amount what `part` is of `whole`, rounded half up; nothing of nothing."""
    return _half_up(minor * part, whole) if whole else 0


def needed_funding_minor(prices: Prices, invoice: Invoice, asked_minor: int | None = None) -> int:
    """What an Option 1 customer has to add at least: the largest of the plan's minimum, the first invoice and what
    the white label asked for."""
    return max(prices.minimum_funding_minor, invoice.retail_minor, asked_minor or 0)


def _counted_name(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{name} × {quantity}"


def _with_plan(quantity: int, free: int) -> str:
    """How many of a line its plan holds."""
    if quantity <= free or not free:
        return ", with the plan" if free else ""
    return f", of which {free} {'comes' if free == 1 else 'come'} with the plan"


def _line(
    prices: Prices, item: str, description: str, period: Period | None, wholesale_minor: int, retail_minor: int
) -> PricedLine:
    wholesale = Side(wholesale_minor, tax_on(wholesale_minor, prices.wholesale_tax_ppm), prices.wholesale_tax_ppm)
    return PricedLine(item, description, period, wholesale, _retail(prices, retail_minor))


def _retail(prices: Prices, minor: int) -> Side:
    ppm = prices.retail_tax_ppm
    if prices.includes_tax:
        tax = tax_within(minor, ppm)
        return Side(minor - tax, tax, ppm)
    return Side(minor, tax_on(minor, ppm), ppm)


def _half_up(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers, not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)
