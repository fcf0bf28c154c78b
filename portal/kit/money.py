"""Money is whole minor units and a currency. Nothing here goes through floating point."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache, partial

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern

MAX_MINOR = 10**12
"""No single amount may reach this many minor units: beyond it somebody's finger slipped."""

MOST_BY_CARD_MINOR = 99_999_999
"""The gateway takes at most eight figures in one payment (Stripe, amount)."""

PPM = 1_000_000
"""Tax rates are parts per million, so that 8.875 % is whole: 88,750."""

# ISO 4217; every other currency has two decimal places. Not from the locale data, which counts what people use:
# no dinars' cents in Serbia, say, where the standard and the gateway have two places.
NO_PLACES = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
THREE_PLACES = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

# Digits with at most one point; commas only where they part thousands: `50,00` must not become five thousand.
AMOUNT = re.compile(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]+)?(\.[0-9]+)?")
ZERO = re.compile(r"0+(\.0+)?")
PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")


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
        return words_of(self.minor, self.currency, locale)


@lru_cache(8192)  # the same prices stand on a page again and again, and writing one out takes 13 µs
def words_of(minor: int, currency: str, locale: str) -> str:
    """What `Money.words` says, for a page of many amounts."""
    spoken, pattern = _pattern(currency, locale)
    amount = Decimal(abs(minor)).scaleb(-exponent(currency))
    shown = pattern.apply(amount, spoken, currency=currency, currency_digits=False)
    return f"−{shown}" if minor < 0 else shown


@cache
def _pattern(currency: str, locale: str) -> tuple[Locale, NumberPattern]:
    spoken = Locale.parse(locale)
    # A copy: the locale's own pattern is shared by all currencies.
    pattern = parse_pattern(spoken.currency_formats["standard"].pattern)
    pattern.frac_prec = (exponent(currency),) * 2
    return spoken, pattern


def plain(minor: int, places: int) -> str:
    """The amount in figures alone, such as `-12.50`, for machines; `places` is the currency's exponent."""
    if not places:
        return str(minor)
    whole, part = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{places}d}"


@cache
def plainly(places: int) -> Callable[[int], str]:
    """`plain` for the amounts of an export, of which most were written before: prices are few."""
    return lru_cache(16_384)(partial(plain, places=places))


def exponent(currency: str) -> int:
    """Digits after the decimal point (ISO 4217): 2 for GBP, 0 for JPY, 3 for KWD."""
    return 0 if currency in NO_PLACES else 3 if currency in THREE_PLACES else 2


def parse(words: str, currency: str) -> Money:
    """Read what a person typed, such as `1,250.00`. Raises NotAnAmount unless it is a positive amount."""
    cleaned = words.strip().replace(" ", "").replace("\u00a0", "")
    if not cleaned.strip(".,") or len(cleaned) > 20 or not AMOUNT.fullmatch(cleaned):
        raise NotAnAmount("Write an amount in figures, such as 50.00 or 1,250.00.")
    minor = Decimal(cleaned.replace(",", "")).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise NotAnAmount(f"{currency} has {exponent(currency)} decimal places at most.")
    if not minor:
        raise NotAnAmount("The amount must be above zero.")
    if minor >= MAX_MINOR:
        raise NotAnAmount(f"Write at most {words_of(MAX_MINOR - 1, currency, 'en')}.")
    return Money(int(minor), currency)


def zero_or_more(words: str, currency: str) -> Money:
    """Like `parse`, for prices and limits: zero is an amount. Nothing at all is none."""
    return Money(0, currency) if ZERO.fullmatch(words.strip()) else parse(words, currency)


def read_percent(words: str) -> int:
    """Per cent as typed, in parts per million. Raises ValueError with words for the field."""
    if not PERCENT.fullmatch(words.strip()):
        raise ValueError("Write a rate in per cent, in figures such as 20 or 8.875.")
    ppm = Decimal(words.strip()) * 10_000
    if not 0 <= ppm <= PPM or ppm != ppm.to_integral_value():
        raise ValueError("Write a rate between 0 and 100 with at most four decimal places.")
    return int(ppm)


def net_of(price_minor: int, rate_ppm: int, *, includes_tax: bool) -> int:
    """A price before tax, whichever way it is written."""
    return price_minor - tax_within(price_minor, rate_ppm) if includes_tax else price_minor


def tax_on(net_minor: int, rate_ppm: int) -> int:
    """Tax on a net amount, rounded half away from zero, once a line: the one rule for every page and posting."""
    exact = Decimal(net_minor) * rate_ppm / PPM
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def tax_within(gross_minor: int, rate_ppm: int) -> int:
    """The tax that a price with tax holds, rounded like `tax_on`."""
    exact = Decimal(gross_minor) * rate_ppm / (PPM + rate_ppm)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent(rate_ppm: int) -> str:
    """`200000` → `20%`, `88750` → `8.875%`."""
    return f"{(Decimal(rate_ppm) / 10_000).normalize():f}%"
