"""Money is whole minor units and a currency. Nothing here goes through floating point."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision

MAX_MINOR = 10**12
"""No single amount may reach this many minor units: beyond it somebody's finger slipped."""

PPM = 1_000_000
"""Tax rates are parts per million, so that 8.875 % is whole: 88,750."""


class NotAnAmount(ValueError):
    """The words are not an amount of money. The message is fit to be shown beside a field."""


@dataclass(frozen=True, order=True)
class Money:
    """An amount in whole minor units (cents, pence, yen) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add")
        return other.minor

    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def words(self, locale: str = "en") -> str:
        """As people read it: the minus sign is U+2212 and stands before the currency."""
        shown = format_currency(abs(self.decimal()), self.currency, locale=locale)
        return f"−{shown}" if self.minor < 0 else shown


def exponent(currency: str) -> int:
    """Digits after the decimal point (ISO 4217): 2 for GBP, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def parse(words: str, currency: str) -> Money:
    """Read what a person typed, such as `1,250.00`. Raises NotAnAmount unless it is a positive amount."""
    cleaned = words.strip().replace(",", "").replace(" ", "").replace("\u00a0", "")
    if not cleaned or len(cleaned) > 20 or not all(c in "0123456789." for c in cleaned):
        raise NotAnAmount("Write an amount in figures, such as 50.00.")
    try:
        minor = Decimal(cleaned).scaleb(exponent(currency))
    except InvalidOperation as error:
        raise NotAnAmount("Write an amount in figures, such as 50.00.") from error
    if minor != minor.to_integral_value():
        raise NotAnAmount(f"{currency} has {exponent(currency)} decimal places at most.")
    if not 0 < minor < MAX_MINOR:
        raise NotAnAmount("The amount must be above zero and not enormous.")
    return Money(int(minor), currency)


def tax_on(net_minor: int, rate_ppm: int) -> int:
    """Tax on a net amount, rounded half away from zero, once a line: the one rule for every page and posting."""
    exact = Decimal(net_minor) * rate_ppm / PPM
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent(rate_ppm: int) -> str:
    """`200000` → `20%`, `88750` → `8.875%`."""
    return f"{(Decimal(rate_ppm) / 10_000).normalize():f}%"
