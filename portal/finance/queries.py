"""Charges on the white-label account: found by month and customer, paged by key, totalled by the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, cast, func, or_, select, type_coerce

from portal.accounts.models import Account
from portal.billing.credits import replaced_key
from portal.billing.models import Charge, ChargeTotal
from portal.billing.period import nth_period
from portal.kit.db import TenantSession, holds
from portal.kit.ids import dashed
from portal.kit.paging import FIRST_PAGE, Key, Order, Paged, Place, Window
from portal.kit.prepared import Prepared
from portal.ledger.entry import Book, credit_of
from portal.ledger.models import LedgerAccount

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

    @property
    def given(self) -> dict[str, Any]:
        """What the prepared statements are run with."""
        return {"first": self.first, "next_first": self.next_first, "customer": self.customer}

    @property
    def is_one_month(self) -> bool:
        return self.first.day == 1 and self.next_first == nth_period(self.first, 1).first_day


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


class CustomerTotal(NamedTuple):
    """`account_id` is text, as an address of a page writes it."""

    account_id: str
    name: str
    charges: int
    wholesale_minor: int
    retail_minor: int


SHOWN = (
    cast(Charge.id, String).label("id"), Charge.day, Charge.number, Charge.description, Charge.first_day,
    Charge.last_day, Charge.net_minor, Charge.tax_minor, Charge.retail_memo_minor, Account.name.label("customer"),
)  # fmt: skip


def charges_page(db: TenantSession, wanted: Filter) -> Window[Row[*tuple[Any, ...]]]:
    """One page, newest first: the columns of SHOWN, by name."""
    listed = _listed(wanted.customer is not None) if not wanted.words else _list(wanted)
    return listed.window(db, wanted.place, size=PAGE, key_of=_key, **wanted.given)


@cache
def _listed(of_one: bool) -> Paged:
    return _list(Filter(date.min, date.max, UUID(int=0) if of_one else None))


def _list(wanted: Filter) -> Paged:
    statement = _matching(_joined(select(*SHOWN)), wanted)
    return Paged(statement, Order(Charge.day, Charge.id))


def totals(db: TenantSession, wanted: Filter) -> Totals:
    prepared = _summed(wanted.is_one_month, wanted.customer is not None) if _is_summed(wanted) else _added_up(wanted)
    customers, count, net, tax, retail = prepared.one(db, **wanted.given)
    return Totals(int(count or 0), int(customers), int(net or 0), int(tax or 0), int(retail or 0))


def totals_by_customer(db: TenantSession, wanted: Filter, *, limit: int | None = None) -> list[CustomerTotal]:
    """Dearest first; all of them, or so many."""
    grouped = _summed_by_customer(wanted) if _is_summed(wanted) else _added_up_by_customer(wanted)
    rows = Prepared(grouped.limit(limit)).all(db, **wanted.given)
    return [CustomerTotal(str(id), name, int(count), int(w), int(r)) for id, name, count, w, r in rows]


def dearest_customers(db: TenantSession, wanted: Filter) -> list[CustomerTotal]:
    """The dearest CHOICES of a month, whatever else is asked for, and the account ids as the database writes them."""
    rows = DEAREST.all(db, first=wanted.first)
    return [CustomerTotal(*row) for row in rows]


def _dearest() -> Prepared[str, str, int, int, int]:
    """Names are looked up for those alone that are chosen by their sums."""
    total = ChargeTotal
    sums = select(total.account_id, total.charges, total.net_minor, total.retail_memo_minor).where(
        total.book == Book.WHOLESALE.value, total.month == bindparam("first")
    )
    chosen = sums.order_by(total.net_minor.desc(), total.account_id).limit(CHOICES).subquery()
    columns = (chosen.c.charges, chosen.c.net_minor, chosen.c.retail_memo_minor)
    wanted = select(cast(Account.id, String), Account.name, *columns).join(chosen, chosen.c.account_id == Account.id)
    return Prepared(wanted.order_by(chosen.c.net_minor.desc(), Account.name))


DEAREST = _dearest()


@cache
def _summed(is_one_month: bool, of_one: bool) -> Prepared[int, int, int, int, int]:
    """From the maintained sums: as quick at a million charges as at ten thousand."""
    total = ChargeTotal
    # Within one month each account stands once.
    accounts = func.count() if is_one_month else func.count(func.distinct(total.account_id))
    statement = select(
        accounts,
        func.sum(total.charges),
        func.sum(total.net_minor),
        func.sum(total.tax_minor),
        func.sum(total.retail_memo_minor),
    ).where(total.book == Book.WHOLESALE.value)
    if is_one_month:
        statement = statement.where(total.month == bindparam("first"))
    else:
        statement = statement.where(total.month >= bindparam("first"), total.month < bindparam("next_first"))
    return Prepared(statement.where(total.account_id == bindparam("customer")) if of_one else statement)


def _added_up(wanted: Filter) -> Prepared[int, int, int, int, int]:
    statement = select(
        func.count(func.distinct(Charge.account_id)),
        func.count(Charge.id),
        func.sum(Charge.net_minor),
        func.sum(Charge.tax_minor),
        func.sum(Charge.retail_memo_minor),
    )
    return Prepared(_matching(_joined(statement), wanted))


def _summed_by_customer(wanted: Filter) -> Select[UUID, str, int, int, int]:
    net = func.sum(ChargeTotal.net_minor)
    sums = (func.sum(ChargeTotal.charges), net, func.sum(ChargeTotal.retail_memo_minor))
    statement = select(Account.id, Account.name, *sums).select_from(ChargeTotal)
    statement = statement.join(Account, Account.id == ChargeTotal.account_id).where(
        ChargeTotal.book == Book.WHOLESALE.value,
        ChargeTotal.month >= bindparam("first"),
        ChargeTotal.month < bindparam("next_first"),
    )
    if wanted.customer is not None:
        statement = statement.where(ChargeTotal.account_id == bindparam("customer"))
    return statement.group_by(Account.id, Account.name).order_by(net.desc(), Account.name)


def _added_up_by_customer(wanted: Filter) -> Select[UUID, str, int, int, int]:
    net = func.sum(Charge.net_minor)
    sums = (func.count(Charge.id), net, func.sum(Charge.retail_memo_minor))
    statement = _matching(_joined(select(Account.id, Account.name, *sums)), wanted)
    return statement.group_by(Account.id, Account.name).order_by(net.desc(), Account.name)


def _is_summed(wanted: Filter) -> bool:
    """Whether the maintained sums answer it: whole months, of everybody or of one customer."""
    return not wanted.words and wanted.first.day == 1 and wanted.next_first.day == 1


OLDEST = Prepared(
    select(Charge.day).where(Charge.book == Book.WHOLESALE.value).order_by(Charge.day, Charge.id).limit(1)
)
ACCOUNT = Prepared(select(Account.id, Account.credit_limit_minor).where(Account.kind == "white_label"))
BALANCE = Prepared(
    select(LedgerAccount.balance_minor).where(
        LedgerAccount.book == Book.WHOLESALE.value, LedgerAccount.code == bindparam("code")
    )
)
CUSTOMER = Prepared(select(Account.name).where(Account.kind == "customer", Account.id == bindparam("customer")))


def first_day_charged(db: TenantSession) -> date | None:
    """The day of the oldest charge, from the index that the list is read from."""
    found = OLDEST.first(db)
    return found[0] if found is not None else None


def credit_and_room_minor(db: TenantSession) -> tuple[int, int]:
    """The credit of the white-label account, and what can still be debited to it."""
    account_id, limit_minor = ACCOUNT.one(db)
    found = BALANCE.first(db, code=credit_of(account_id))
    credit_minor = -found[0] if found is not None else 0
    return credit_minor, credit_minor + limit_minor


def customer_name(db: TenantSession, account_id: UUID) -> str | None:
    found = CUSTOMER.first(db, customer=account_id)
    return found[0] if found is not None else None


def all_charges(db: TenantSession, wanted: Filter) -> Iterator[Sequence[Any]]:
    """Everything that matches, oldest first, a batch at a time: the bare columns of EXPORTED."""
    statement = _matching(_joined(select(*EXPORTED)), wanted).order_by(Charge.day, Charge.id)
    yield from Prepared(statement).stream(db, **wanted.given)


def replaced_numbers(db: TenantSession, rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Of a batch of EXPORTED rows: the number of the charge that each one replaces, by its own number. Few do."""
    wanted = {row[1]: (dashed(row[11]), row[12], before) for row in rows if (before := replaced_key(row[13]))}
    if not wanted:
        return {}
    accounts, items, keys = ({key[n] for key in wanted.values()} for n in range(3))
    found = db.execute(
        select(cast(Charge.account_id, String), Charge.item, Charge.period_key, Charge.number).where(
            Charge.book == Book.WHOLESALE.value,
            Charge.account_id.in_([UUID(each) for each in accounts]),
            Charge.item.in_(items),
            Charge.period_key.in_(keys),
        )
    )
    numbers = {(dashed(account_id), item, key): number for account_id, item, key, number in found}
    return {number: numbers[key] for number, key in wanted.items() if key in numbers}


EXPORTED = (
    type_coerce(Charge.day, String), Charge.number, Account.number, Account.name, Charge.description,
    type_coerce(Charge.first_day, String), type_coerce(Charge.last_day, String), Charge.currency, Charge.net_minor,
    Charge.tax_minor, Charge.retail_memo_minor, cast(Charge.account_id, String), Charge.item, Charge.period_key,
    Charge.book, Charge.entry_id.is_not(None),
)  # fmt: skip
"""Days as the driver reads them, text or a date, because a file of text says both alike."""


def _joined(statement: Statement) -> Statement:
    return statement.select_from(Charge).join(Account, Account.id == Charge.account_id)


def _matching(statement: Statement, wanted: Filter) -> Statement:
    """What is to be found, for `wanted.given`; the words alone are written into the statement."""
    statement = statement.where(
        Charge.book == Book.WHOLESALE.value,
        Charge.day >= bindparam("first"),
        Charge.day < bindparam("next_first"),
    )
    if wanted.customer is not None:
        statement = statement.where(Charge.account_id == bindparam("customer"))
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


def _key(found: Any) -> Key:
    return found.day, UUID(found.id)
