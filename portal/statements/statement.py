"""A statement's arithmetic. Pure: no Flask, no SQLAlchemy.

Amounts are minor units as the account's owner sees them: money paid in is positive, a charge negative. The opening
balance is the closing one of the statement before, 0 at first; the closing balance is the opening one and the lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

CHARGE, CREDIT, PAYMENT, REFUND, GRANT = "charge", "credit", "payment", "refund", "grant"
PRICED = (CHARGE, CREDIT)


@dataclass(frozen=True)
class Month:
    """A calendar month, named by its first day."""

    first_day: date

    def __post_init__(self) -> None:
        if self.first_day.day != 1:
            raise ValueError("a month is named by its first day")

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.replace(day=1))

    @property
    def following(self) -> "Month":
        return Month.of(self.first_day + timedelta(days=31))

    @property
    def before(self) -> "Month":
        return Month.of(self.first_day - timedelta(days=1))

    @property
    def last_day(self) -> date:
        return self.following.first_day - timedelta(days=1)

    def end(self, zone: str) -> datetime:
        """The first instant that is not in the month any more, in UTC."""
        return datetime.combine(self.following.first_day, time.min, ZoneInfo(zone)).astimezone(UTC)

    def has_ended(self, closed_at: datetime | None, zone: str) -> bool:
        """Whether an account was closed by the end of the month: its statement is then the final one."""
        return closed_at is not None and closed_at < self.end(zone)


@dataclass(frozen=True)
class Line:
    """What one journal entry did to the account, or a charge that costs nothing and so has no entry. `net_minor` and
    `tax_minor` are a charge's own, so they are positive when `amount_minor` is negative; `retail_minor` is the retail
    price of what was charged at wholesale."""

    entry_id: UUID | None
    kind: str
    day: date
    reference: str
    description: str
    amount_minor: int
    charge_id: UUID | None = None
    note: str = ""
    account_id: UUID | None = None
    customer: str = ""
    first_day: date | None = None
    last_day: date | None = None
    net_minor: int = 0
    tax_minor: int = 0
    tax_ppm: int = 0
    retail_minor: int = 0

    def __post_init__(self) -> None:
        if self.kind in PRICED and self.amount_minor != -(self.net_minor + self.tax_minor):
            raise ValueError(f"{self.reference} debits {-self.amount_minor}, its parts say otherwise")


@dataclass(frozen=True)
class Balance:
    """Where an account stood, what moved, and where it stands."""

    opening_minor: int
    paid_minor: int
    charged_minor: int

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + self.paid_minor + self.charged_minor


@dataclass(frozen=True)
class Taxed:
    """What was charged at one rate, credits taken off."""

    ppm: int
    net_minor: int
    tax_minor: int


def balance(opening_minor: int, lines: Sequence[Line]) -> Balance:
    charged = sum(line.amount_minor for line in lines if line.kind in PRICED)
    return Balance(opening_minor, sum(line.amount_minor for line in lines) - charged, charged)


def taxes(lines: Iterable[Line]) -> list[Taxed]:
    """The tax summary, dearest rate first, of what moved anything."""
    sums: dict[int, list[int]] = {}
    for line in lines:
        if line.kind in PRICED and line.amount_minor:
            at_rate = sums.setdefault(line.tax_ppm, [0, 0])
            at_rate[0] += line.net_minor
            at_rate[1] += line.tax_minor
    return [Taxed(ppm, net, tax) for ppm, (net, tax) in sorted(sums.items(), reverse=True)]


def in_order(lines: Iterable[Line]) -> list[Line]:
    """What belongs to no customer first, then customer by customer; each by day, then in the order of its writing."""
    return sorted(lines, key=lambda each: (each.customer.casefold(), each.customer, each.day, _written(each)))


def _written(line: Line) -> UUID:
    id = line.entry_id or line.charge_id
    assert id is not None
    return id


def moves(lines: Iterable[Line]) -> bool:
    return any(line.amount_minor for line in lines)


def is_wanted(balance: Balance, lines: Sequence[Line], *, was_closed: bool = False) -> bool:
    """An account that stands at nothing and has no line has nothing to state, and one that `was_closed` before the
    month and did not move has stated what it stands at."""
    return moves(lines) or (not was_closed and (bool(lines) or balance.closing_minor != 0))
