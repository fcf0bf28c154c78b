"""Charges by the million: one white label, some hundred customers, two years of months, written in bulk.

Only what the schema insists on is written beside the charges: accounts, and one journal entry a day to which all
charges of that day point, so that an export names a source in each line. Balances stay as they were: the pages
measured here read no journal lines.
"""

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy.dialects import sqlite

from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.billing.period import nth_period
from portal.kit.clock import now
from portal.kit.db import transaction
from portal.kit.ids import new_id
from portal.ledger.entry import Book
from portal.ledger.models import JournalEntry

COLUMNS = tuple(column.name for column in Charge.__table__.columns)
CHARGED_DAYS = 28
BATCH = 20_000


@dataclass(frozen=True)
class Shape:
    """`first` is the first day of the oldest month."""

    rows: int
    first: date
    months: int
    customers: int

    def month(self, n: int) -> date:
        return nth_period(self.first, n).first_day

    @property
    def newest(self) -> date:
        return self.month(self.months - 1)

    @property
    def end(self) -> date:
        return self.month(self.months)

    def in_month(self, n: int) -> int:
        """How many charges the n-th month has; the first ones take what does not divide."""
        return self.rows // self.months + (n < self.rows % self.months)

    def day_after(self, wanted: int) -> date:
        """The first day before which at least that many charges lie."""
        seen = 0
        for n in range(self.months):
            count = self.in_month(n)
            days = [_day_of_month(k, count) for k in range(count)]
            for day in range(1, CHARGED_DAYS + 1):
                seen += days.count(day)
                if seen >= wanted:
                    return self.month(n) + timedelta(days=day)
        return self.end


def shape(rows: int, *, customers: int, months: int = 24) -> Shape:
    """Months up to and including the present one, every one complete."""
    present = now().date().replace(day=1)
    back = present.year * 12 + present.month - months
    return Shape(rows, date(back // 12, back % 12 + 1, 1), months, customers)


def fill_sqlite(file: str, white_label: UUID, wanted: Shape) -> None:
    accounts, entries = _accounts_and_entries(white_label, wanted)
    insert = str(Charge.__table__.insert().compile(dialect=sqlite.dialect()))  # type: ignore[attr-defined]
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for pragma in ("synchronous = off", "cache_size = -200000"):
            connection.execute(f"pragma {pragma}")
        connection.execute("begin")
        for batch in _batches(_charges(white_label, wanted, accounts, entries), wanted.rows):
            connection.executemany(insert, [tuple(map(_for_sqlite, row)) for row in batch])
        connection.execute("commit")
    finally:
        connection.close()


def fill_postgresql(admin_dsn: str, white_label: UUID, wanted: Shape) -> None:
    """As a superuser, with foreign keys asleep: checking them is not what is measured."""
    accounts, entries = _accounts_and_entries(white_label, wanted)
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        statement = sql.SQL("copy charge ({}) from stdin").format(names)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for batch in _batches(_charges(white_label, wanted, accounts, entries), wanted.rows):
                for row in batch:
                    copy.write_row(row)
        # The trigger that adds charges up slept, too.
        connection.execute(
            "insert into charge_total select white_label_id, book, date_trunc('month', day)::date, account_id,"
            " count(*), sum(net_minor), sum(tax_minor), sum(retail_memo_minor) from charge where white_label_id = %s"
            " group by 1, 2, 3, 4 on conflict do nothing",
            [white_label],
        )


def _accounts_and_entries(white_label: UUID, wanted: Shape) -> tuple[list[UUID], dict[date, UUID]]:
    with transaction(white_label) as db:
        accounts = [_account(n) for n in range(wanted.customers)]
        entries = {day: _entry(day) for day in _days(wanted)}
        db.add_all([*accounts, *entries.values()])
        db.flush()
        return [account.id for account in accounts], {day: entry.id for day, entry in entries.items()}


def customer_name(n: int) -> str:
    return f"Customer {n:04d} Limited"


def charge_number(month: int, k: int) -> str:
    return f"B{month:02d}-{k:07d}"


def _account(n: int) -> Account:
    return Account(
        number=f"BENCH-{n:04d}",
        name=customer_name(n),
        administration="white_label",
        state="active",
        created_by="bench",
        activated_at=now(),
    )


def _entry(day: date) -> JournalEntry:
    text = f"charges of {day.isoformat()}"
    return JournalEntry(book=Book.WHOLESALE.value, source=f"bench:{day}", currency="GBP", description=text)


def _days(wanted: Shape) -> list[date]:
    return [wanted.month(n).replace(day=day) for n in range(wanted.months) for day in range(1, CHARGED_DAYS + 1)]


def _day_of_month(k: int, count: int) -> int:
    return 1 + k * CHARGED_DAYS // count


def _charges(
    white_label: UUID, wanted: Shape, accounts: list[UUID], entries: dict[date, UUID]
) -> Iterator[tuple[Any, ...]]:
    """In the order of the model's columns, oldest first, with ids that grow with time as the product's do."""
    for n in range(wanted.months):
        period = nth_period(wanted.first, n)
        count = wanted.in_month(n)
        for k in range(count):
            day = period.first_day.replace(day=_day_of_month(k, count))
            account, net = accounts[k % len(accounts)], 100 + k * 37 % 5000
            values = {
                "white_label_id": white_label,
                "id": new_id(),
                "number": charge_number(n, k),
                "book": Book.WHOLESALE.value,
                "account_id": account,
                "payer_id": account,
                "item": f"line-{k // len(accounts):05d}",
                "description": f"Desk Phone, line {k // len(accounts):05d}",
                "period_key": period.first_day.isoformat(),
                "first_day": period.first_day,
                "last_day": period.last_day,
                "day": day,
                "net_minor": net,
                "tax_minor": net // 5,
                "tax_ppm": 200_000,
                "retail_memo_minor": net * 5 // 2 if k % 50 else net // 2,
                "currency": "GBP",
                "entry_id": entries[day],
                "charged_at": datetime.combine(day, time(9)),
            }
            yield tuple(values[name] for name in COLUMNS)


def _for_sqlite(value: Any) -> Any:
    """The way SQLAlchemy writes it there."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value


def _batches(rows: Iterator[tuple[Any, ...]], total: int) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    done = 0
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH or done + len(batch) == total:
            yield batch
            done, batch = done + len(batch), []
            print(f"\r  {done:>9,} of {total:,} charges written", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
