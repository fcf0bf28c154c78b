"""Journal entries as values. Pure: no database, no clock.

Amounts are whole minor units; a debit is positive and a credit negative, so an entry's lines sum to zero. An
account is named by a code such as `gateway`, `sales`, or `credit:<account id>` for the credit of one account.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Book(StrEnum):
    """RETAIL is a white label's business with its customers; WHOLESALE is its account with the operator."""

    RETAIL = "retail"
    WHOLESALE = "wholesale"


class Unbalanced(ValueError):
    """The lines do not sum to zero, or the entry has no substance."""


class Line(NamedTuple):
    code: str
    amount_minor: int


class Held(NamedTuple):
    """An account of a book that is locked, and made where it is missing, though nothing is posted to it."""

    book: Book
    code: str
    currency: str


@dataclass(frozen=True)
class Entry:
    """A balanced fact. `source` says what caused it, unique for one tenant, so that posting twice is harmless."""

    book: Book
    source: str
    currency: str
    description: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        amounts = [line.amount_minor for line in self.lines]
        if len(amounts) < 2 or 0 in amounts:
            raise Unbalanced(f"{self.source}: an entry has two lines or more, and none of zero")
        if sum(amounts) != 0:
            raise Unbalanced(f"{self.source}: the lines do not sum to zero")
        if len({line.code for line in self.lines}) != len(amounts):
            raise Unbalanced(f"{self.source}: an account stands in it twice")


GATEWAY = "gateway"
FEES = "gateway-fees"
SALES = "sales"
TAX = "tax"
GRANTS = "operator-grants"


def credit_of(account_id: UUID) -> str:
    """The code of what is owed to an account: its prepaid credit."""
    return f"credit:{account_id}"


def funding(source: str, account_id: UUID, amount_minor: int, currency: str) -> Entry:
    """Card money arrived at the gateway; the customer's credit grows."""
    lines = (Line(GATEWAY, amount_minor), Line(credit_of(account_id), -amount_minor))
    return Entry(Book.RETAIL, source, currency, "Card payment", lines)


def refund(source: str, account_id: UUID, amount_minor: int, currency: str) -> Entry:
    """Card money went back from the gateway; the customer's credit shrinks."""
    lines = (Line(credit_of(account_id), amount_minor), Line(GATEWAY, -amount_minor))
    return Entry(Book.RETAIL, source, currency, "Refund to the card", lines)


def dispute(source: str, account_id: UUID, amount_minor: int, currency: str) -> Entry:
    """A card's bank took a payment back from the gateway; the customer's credit shrinks. A negative one came back."""
    what = "Card payment disputed" if amount_minor > 0 else "Disputed card payment returned"
    lines = (Line(credit_of(account_id), amount_minor), Line(GATEWAY, -amount_minor))
    return Entry(Book.RETAIL, source, currency, what, lines)


def fee(source: str, amount_minor: int, currency: str) -> Entry:
    """The gateway kept its fee; a negative one it gave back."""
    lines = (Line(FEES, amount_minor), Line(GATEWAY, -amount_minor))
    return Entry(Book.RETAIL, source, currency, "Gateway fee", lines)


def charge(
    book: Book, source: str, payer_id: UUID, *, net_minor: int, tax_minor: int, currency: str, description: str
) -> Entry:
    """A priced line debited to its payer; sales and tax are credited."""
    parts = (Line(credit_of(payer_id), net_minor + tax_minor), Line(SALES, -net_minor), Line(TAX, -tax_minor))
    return Entry(book, source, currency, description, tuple(p for p in parts if p.amount_minor))


def grant(source: str, account_id: UUID, amount_minor: int, currency: str, description: str) -> Entry:
    """The operator gives a white-label account credit (or takes it back: a negative amount)."""
    lines = (Line(GRANTS, amount_minor), Line(credit_of(account_id), -amount_minor))
    return Entry(Book.WHOLESALE, source, currency, description, lines)
