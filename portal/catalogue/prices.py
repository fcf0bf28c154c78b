"""Which price and which tax hold on a day, as pure values."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

Value = TypeVar("Value")


@dataclass(frozen=True)
class Amounts:
    """The price of one period (or of `per_units`), and of setting it up once, in minor units."""

    minor: int
    setup_minor: int


class Priced(Protocol):
    """A plan or a service, as far as its opening prices go."""

    @property
    def id(self) -> UUID: ...

    @property
    def opening_retail_minor(self) -> int: ...

    @property
    def opening_retail_setup_minor(self) -> int: ...

    @property
    def opening_wholesale_minor(self) -> int: ...

    @property
    def opening_wholesale_setup_minor(self) -> int: ...


@dataclass(frozen=True)
class Opening:
    """What a product opens at in one currency: `Priced`, and the least first payment of a plan."""

    id: UUID
    opening_retail_minor: int
    opening_retail_setup_minor: int
    opening_wholesale_minor: int
    opening_wholesale_setup_minor: int
    minimum_funding_minor: int


class PriceRow(Protocol):
    @property
    def product_id(self) -> UUID: ...

    @property
    def currency(self) -> str: ...

    @property
    def side(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def valid_from(self) -> date: ...

    @property
    def minor(self) -> int: ...

    @property
    def setup_minor(self) -> int: ...


@dataclass(frozen=True)
class DatedPrice:
    """A price as it stands, with what was corrected before its day."""

    id: UUID
    product_id: UUID
    side: str
    source: str
    currency: str
    valid_from: date
    minor: int
    setup_minor: int
    set_by: str


class Taxed(NamedTuple):
    """Whom a tax rate is for: at retail, customers of a country or of one region of it; at wholesale, the white label.

    The region is a code, as `kit.postal.region_code` reads it; without one the rate is for the whole country.
    """

    country: str = ""
    region: str = ""
    side: str = "retail"


WHOLESALE = Taxed(side="wholesale")


class RateRow(Protocol):
    @property
    def whose(self) -> Taxed: ...

    @property
    def valid_from(self) -> date: ...

    @property
    def rate_ppm(self) -> int: ...


class PriceList:
    """All prices of one white label in one currency. A price holds from its day until the next one's day."""

    def __init__(self, rows: Iterable[PriceRow], currency: str) -> None:
        self._rows: dict[tuple[UUID, str, str], list[tuple[date, Amounts]]] = {}
        for row in sorted((row for row in rows if row.currency == currency), key=lambda row: row.valid_from):
            key = (row.product_id, row.side, row.source)
            self._rows.setdefault(key, []).append((row.valid_from, Amounts(row.minor, row.setup_minor)))

    def retail(self, product: Priced, day: date) -> Amounts:
        found = self._on(product.id, "retail", "own", day)
        return found or Amounts(product.opening_retail_minor, product.opening_retail_setup_minor)

    def wholesale(self, product: Priced, day: date) -> Amounts:
        """The white label's own price goes before the default list's, and that before the opening one."""
        own = self._on(product.id, "wholesale", "own", day)
        found = own or self._on(product.id, "wholesale", "default", day)
        return found or Amounts(product.opening_wholesale_minor, product.opening_wholesale_setup_minor)

    def changes_of(self, product_id: UUID, side: str) -> list[tuple[date, str, Amounts]]:
        """Every price ever set, oldest first, with its source."""
        found = [
            (day, source, amounts)
            for source in ("own", "default")
            for day, amounts in self._rows.get((product_id, side, source), [])
        ]
        return sorted(found, key=lambda each: each[0])

    def _on(self, product_id: UUID, side: str, source: str, day: date) -> Amounts | None:
        return _latest(self._rows.get((product_id, side, source), []), day)


class TaxRates:
    """The rates of one white label: those of its customers by country and region, and its own at wholesale."""

    def __init__(self, rows: Iterable[RateRow]) -> None:
        self._rows: dict[Taxed, list[tuple[date, int]]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from):
            self._rows.setdefault(row.whose, []).append((row.valid_from, row.rate_ppm))

    def retail_ppm(self, country: str, region: str, day: date, *, otherwise_ppm: int) -> int:
        """The region's rate on a day, else the country's, else the product's own."""
        found = self._on(Taxed(country, region), day) if region else None
        if found is None:
            found = self._on(Taxed(country), day)
        return otherwise_ppm if found is None else found

    def wholesale_ppm(self, day: date, *, opening_ppm: int) -> int:
        """What the operator adds on a day: the opening rate until the first dated one."""
        found = self._on(WHOLESALE, day)
        return opening_ppm if found is None else found

    def _on(self, whose: Taxed, day: date) -> int | None:
        return _latest(self._rows.get(whose, []), day)


class InclusionRow(Protocol):
    @property
    def plan_id(self) -> UUID: ...

    @property
    def service_id(self) -> UUID: ...

    @property
    def valid_from(self) -> date: ...

    @property
    def quantity(self) -> int: ...


class Inclusions:
    """How many of each service the plans of one white label hold, by day."""

    def __init__(self, rows: Iterable[InclusionRow]) -> None:
        self._rows: dict[tuple[UUID, UUID], list[tuple[date, int]]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from):
            self._rows.setdefault((row.plan_id, row.service_id), []).append((row.valid_from, row.quantity))

    def on(self, plan_id: UUID, service_id: UUID, day: date) -> int:
        return _latest(self._rows.get((plan_id, service_id), []), day) or 0

    def after(self, plan_id: UUID, service_id: UUID, day: date) -> list[tuple[date, int]]:
        """What is to hold from later days on, the next day first."""
        return [each for each in self._rows.get((plan_id, service_id), []) if each[0] > day]


def _latest(dated: list[tuple[date, Value]], day: date) -> Value | None:
    """The last of what is sorted by its first day that began on the day or before."""
    place = bisect_right(dated, day, key=lambda each: each[0])
    return dated[place - 1][1] if place else None
