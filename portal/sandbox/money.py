"""Amounts as Stripe counts them, and how they read on a page (docs.stripe.com/currencies)."""

import re
from decimal import Decimal

from babel.numbers import format_currency, list_currencies

NO_DECIMALS = frozenset(
    (
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    )
)
THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
# Two places at Stripe although the currency has none, so the last two digits must be zero.
TWO_PLACES_OF_NOTHING = frozenset(("isk", "ugx"))
LARGEST = 99_999_999


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.upper() in list_currencies()


def step_of(currency: str) -> int:
    """Amounts must be a multiple of this."""
    if currency in THREE_DECIMALS:
        return 10
    return 100 if currency in TWO_PLACES_OF_NOTHING else 1


def shown(amount: int, currency: str) -> str:
    """An amount for people, such as NZ$718.75, ¥5,000 or KWD 1.250."""
    places = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    text: str = format_currency(Decimal(amount).scaleb(-places), currency.upper(), locale="en")
    return re.sub(r"(?<=[A-Z])\s?(?=[0-9])", " ", text)


def fee_of(amount: int) -> int:
    """What the sandbox keeps of a payment: 1.4 % and 20 minor units, rounded up as fees are."""
    return -(-amount * 14 // 1000) + 20
