"""Charges on the white-label account: found by month and customer, paged by key, totalled by the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.accounts.models import Account
from portal.billing.models import Charge, ChargeTotal
from portal.kit.db import TenantSession, holds, stream
from portal.kit.paging import FIRST_PAGE, Key, Order, Place, Window, window
from portal.ledger.entry import Book

PAGE = 50
CHOICES = 100

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
    customers, count, net, tax, retail = db.execute(_summed(wanted) if _is_summed(wanted) else _added_up(wanted)).one()
    return Totals(int(count or 0), int(customers), int(net or 0), int(tax or 0), int(retail or 0))


def totals_by_customer(db: TenantSession, wanted: Filter, *, limit: int | None = None) -> list[CustomerTotal]:
    """Dearest first; all of them, or so many."""
    grouped = _summed_by_customer(wanted) if _is_summed(wanted) else _added_up_by_customer(wanted)
    grouped = grouped.limit(limit) if limit is not None else grouped
    return [CustomerTotal(id, name, int(count), int(w), int(r)) for id, name, count, w, r in db.execute(grouped)]


def _summed(wanted: Filter) -> Select[int, int, int, int, int]:
    """From the maintained sums: as quick at a million charges as at ten thousand."""
    total = ChargeTotal
    statement = select(
        func.count(func.distinct(total.account_id)),
        func.sum(total.charges),
        func.sum(total.net_minor),
        func.sum(total.tax_minor),
        func.sum(total.retail_memo_minor),
    )
    return _in_months(statement, wanted)


def _added_up(wanted: Filter) -> Select[int, int, int, int, int]:
    statement = select(
        func.count(func.distinct(Charge.account_id)),
        func.count(Charge.id),
        func.sum(Charge.net_minor),
        func.sum(Charge.tax_minor),
        func.sum(Charge.retail_memo_minor),
    )
    return _matching(_joined(statement), wanted)


def _summed_by_customer(wanted: Filter) -> Select[UUID, str, int, int, int]:
    net = func.sum(ChargeTotal.net_minor)
    sums = (func.sum(ChargeTotal.charges), net, func.sum(ChargeTotal.retail_memo_minor))
    statement = select(Account.id, Account.name, *sums).select_from(ChargeTotal)
    statement = _in_months(statement.join(Account, Account.id == ChargeTotal.account_id), wanted)
    return statement.group_by(Account.id, Account.name).order_by(net.desc(), Account.name)


def _added_up_by_customer(wanted: Filter) -> Select[UUID, str, int, int, int]:
    net = func.sum(Charge.net_minor)
    sums = (func.count(Charge.id), net, func.sum(Charge.retail_memo_minor))
    statement = _matching(_joined(select(Account.id, Account.name, *sums)), wanted)
    return statement.group_by(Account.id, Account.name).order_by(net.desc(), Account.name)


def _is_summed(wanted: Filter) -> bool:
    """Whether the maintained sums answer it: whole months, of everybody or of one customer."""
    return not wanted.words and wanted.first.day == 1 and wanted.next_first.day == 1


def _in_months(statement: Statement, wanted: Filter) -> Statement:
    statement = statement.where(
        ChargeTotal.book == Book.WHOLESALE.value,
        ChargeTotal.month >= wanted.first,
        ChargeTotal.month < wanted.next_first,
    )
    return statement.where(ChargeTotal.account_id == wanted.customer) if wanted.customer is not None else statement


def all_charges(db: TenantSession, wanted: Filter) -> Iterator[Any]:
    """Everything that matches, oldest first, a batch at a time: the bare columns of EXPORTED, by name."""
    statement = select(*EXPORTED).join(Account, Account.id == Charge.account_id)
    yield from stream(db, _matching(statement, wanted).order_by(Charge.day, Charge.id))


EXPORTED = (
    Charge.day, Charge.number, Charge.description, Charge.item, Charge.period_key, Charge.book, Charge.first_day,
    Charge.last_day, Charge.currency, Charge.net_minor, Charge.tax_minor, Charge.retail_memo_minor, Charge.account_id,
    Charge.entry_id.is_not(None).label("is_posted"), Account.number.label("customer_number"),
    Account.name.label("customer"),
)  # fmt: skip
"""Columns instead of rows of the models: an export of a year is a third of the work."""


def first_day_charged(db: TenantSession) -> date | None:
    """The day of the oldest charge, from the index that the list is read from."""
    wanted = select(Charge.day).where(Charge.book == Book.WHOLESALE.value)
    return db.scalar(wanted.order_by(Charge.day, Charge.id).limit(1))


def charged_customers(db: TenantSession, wanted: Filter) -> list[tuple[UUID, str]]:
    """The customers to choose from: the dearest of the month and the one that is chosen, by name."""
    total = select(ChargeTotal.account_id).where(
        ChargeTotal.book == Book.WHOLESALE.value,
        ChargeTotal.month >= wanted.first,
        ChargeTotal.month < wanted.next_first,
    )
    dearest = total.group_by(ChargeTotal.account_id).order_by(func.sum(ChargeTotal.net_minor).desc()).limit(CHOICES)
    listed = or_(Account.id.in_(dearest), Account.id == wanted.customer)
    rows = db.execute(select(Account.id, Account.name).where(listed, Account.kind == "customer").order_by(Account.name))
    return [(id, name) for id, name in rows]


def _joined(statement: Statement) -> Statement:
    return statement.select_from(Charge).join(Account, Account.id == Charge.account_id)


def _matching(statement: Statement, wanted: Filter) -> Statement:
    statement = statement.where(
        Charge.book == Book.WHOLESALE.value, Charge.day >= wanted.first, Charge.day < wanted.next_first
    )
    if wanted.customer is not None:
        statement = statement.where(Charge.account_id == wanted.customer)
    if wanted.words:
        statement = statement.where(_found_by(wanted.words))
    return statement


def _found_by(words: str) -> ColumnElement[bool]:
    """By name or number of the customer, number of the charge (always in capitals), or what it is for."""
    by_number = Account.number.contains(words, autoescape=True)
    # Each customer is looked at once, however many charges they have.
    customers = select(Account.id).where(or_(holds(Account.name, words), by_number))
    return or_(
        Charge.account_id.in_(customers),
        Charge.number.contains(words.upper(), autoescape=True),
        holds(Charge.description, words),
    )


def _key(found: Found) -> Key:
    return found.charge.day, found.charge.id
