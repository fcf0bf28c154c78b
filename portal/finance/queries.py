"""Charges on the white-label account: found by month and customer, paged by key, totalled by the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.db import TenantSession, stream
from portal.kit.paging import FIRST_PAGE, Key, Order, Place, Window, window
from portal.ledger.entry import Book

PAGE = 50

Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True)
class Filter:
    """`first` and `next_first` bound the days of the charges, half-open; `line` is the one that is opened, if any."""

    first: date
    next_first: date
    customer: UUID | None = None
    words: str = ""
    line: UUID | None = None
    place: Place = FIRST_PAGE


@dataclass(frozen=True)
class Found:
    charge: Charge
    account: Account


@dataclass(frozen=True)
class Totals:
    """Sums in minor units over everything that matches, not only the page."""

    count: int
    customers: int
    wholesale_minor: int
    tax_minor: int
    retail_minor: int

    @property
    def margin_minor(self) -> int:
        """Without tax on either side."""
        return self.retail_minor - self.wholesale_minor


@dataclass(frozen=True)
class CustomerTotal:
    account_id: UUID
    name: str
    count: int
    wholesale_minor: int
    retail_minor: int


def charges_page(db: TenantSession, wanted: Filter) -> Window[Found]:
    """One page, newest first."""
    statement = _matching(select(Charge, Account).join(Account, Account.id == Charge.account_id), wanted)

    def run(limited: Select[*tuple[Any, ...]]) -> list[Found]:
        return [Found(charge, account) for charge, account in db.execute(limited)]

    return window(run, statement, Order(Charge.day, Charge.id), wanted.place, size=PAGE, key_of=_key)


def totals(db: TenantSession, wanted: Filter) -> Totals:
    statement = select(
        func.count(Charge.id),
        func.count(func.distinct(Charge.account_id)),
        func.sum(Charge.net_minor),
        func.sum(Charge.tax_minor),
        func.sum(Charge.retail_memo_minor),
    )
    count, customers, net, tax, retail = db.execute(_matching(_joined(statement), wanted)).one()
    return Totals(count, customers, int(net or 0), int(tax or 0), int(retail or 0))


def totals_by_customer(db: TenantSession, wanted: Filter) -> list[CustomerTotal]:
    """Dearest first."""
    net = func.sum(Charge.net_minor)
    statement = select(Account.id, Account.name, func.count(Charge.id), net, func.sum(Charge.retail_memo_minor))
    grouped = (
        _matching(_joined(statement), wanted).group_by(Account.id, Account.name).order_by(net.desc(), Account.name)
    )
    return [CustomerTotal(id, name, count, int(w), int(r)) for id, name, count, w, r in db.execute(grouped)]


def all_charges(db: TenantSession, wanted: Filter) -> Iterator[Found]:
    """Everything that matches, oldest first, a batch at a time."""
    statement = _matching(select(Charge, Account).join(Account, Account.id == Charge.account_id), wanted)
    for charge, account in stream(db, statement.order_by(Charge.day, Charge.id)):
        yield Found(charge, account)


def first_and_last_day(db: TenantSession) -> tuple[date | None, date | None]:
    """The days between which there are charges."""
    found = db.execute(
        select(func.min(Charge.day), func.max(Charge.day)).where(Charge.book == Book.WHOLESALE.value)
    ).one()
    return found[0], found[1]


def charged_customers(db: TenantSession) -> list[tuple[UUID, str]]:
    """Customers by name, for the filter."""
    wanted = select(Account.id, Account.name).where(Account.kind == "customer").order_by(Account.name).limit(1000)
    return [(id, name) for id, name in db.execute(wanted)]


def _joined(statement: Statement) -> Statement:
    return statement.select_from(Charge).join(Account, Account.id == Charge.account_id)


def _matching(statement: Statement, wanted: Filter) -> Statement:
    statement = statement.where(
        Charge.book == Book.WHOLESALE.value, Charge.day >= wanted.first, Charge.day < wanted.next_first
    )
    if wanted.customer is not None:
        statement = statement.where(Charge.account_id == wanted.customer)
    if wanted.words:
        escaped = wanted.words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        like = f"%{escaped}%"
        columns = (Account.name, Account.number, Charge.number, Charge.description)
        statement = statement.where(or_(*(column.ilike(like, escape="\\") for column in columns)))
    return statement


def _key(found: Found) -> Key:
    return found.charge.day, found.charge.id
