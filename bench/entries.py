"""One ledger entry by the product's command against the raw driver, and eight clients on one account against on many.

The driver writes the same rows as durably, in a transaction each: the entry, its two lines, and both balances. It
checks nothing and looks nothing up.
"""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url, select

from bench.goals import ENTRY, HOT, Result
from bench.houses import House
from bench.measuring import Arm, interleaved
from portal.accounts.models import Account
from portal.kit.clock import now
from portal.kit.db import PRAGMAS, reading, transaction
from portal.kit.ids import new_id
from portal.ledger.commands import post
from portal.ledger.entry import GRANTS, Book, credit_of, grant
from portal.ledger.models import LedgerAccount

CLIENTS, EACH, ROUNDS = 8, 40, 3
LINE = "insert into journal_line (white_label_id, entry_id, position, book, ledger_account_id, amount_minor)"

Write = Callable[[], None]
_numbers = count(1)


def entries(house: House) -> list[Result]:
    clients = 1 if house.kind == "sqlite" else CLIENTS
    accounts = customers_of(house, CLIENTS)
    for account_id in accounts:
        post_one(house, account_id)
    with raw_writers(house, accounts[0], clients) as writers, ThreadPoolExecutor(clients) as threads:

        def theirs() -> None:
            list(threads.map(lambda write: [write() for _ in range(4)], writers))

        def ours() -> None:
            list(threads.map(lambda id: [post_one(house, id) for _ in range(4)], accounts[:clients]))

        taken = interleaved(house.meter, [Arm("raw", theirs), Arm("ours", ours)], budget_s=15)
    each = 1000 * taken["ours"].cpu_s / clients / 4, 1000 * taken["raw"].cpu_s / clients / 4
    note = f"{each[0]:.2f} against {each[1]:.2f} ms of CPU an entry, {clients} client{'s' if clients > 1 else ''}"
    rate = Result("one ledger entry : raw driver, rate", ENTRY[house.kind], 1 / taken["ours"].ratio, note)
    return [rate, _hot(house, accounts)]


def _hot(house: House, accounts: list[UUID]) -> Result:
    """By elapsed time: waiting for each other is what is measured."""
    rates: dict[str, list[float]] = {"hot": [], "many": []}
    with ThreadPoolExecutor(CLIENTS) as threads:
        for _ in range(ROUNDS):
            for name, shared in (("many", accounts), ("hot", accounts[:1] * CLIENTS)):
                began = perf_counter()
                list(threads.map(lambda id: [post_one(house, id) for _ in range(EACH)], shared))
                rates[name].append(CLIENTS * EACH / (perf_counter() - began))
    ratio = max(rates["hot"]) / max(rates["many"])
    note = f"{max(rates['hot']):.0f} against {max(rates['many']):.0f} entries/s, the best of {ROUNDS} each"
    return Result(f"one hot account : many, {CLIENTS} clients", HOT, ratio, note)


def post_one(house: House, account_id: UUID) -> None:
    with transaction(house.white_label) as db:
        post(db, grant(f"bench:{next(_numbers)}", account_id, 1, "GBP", "Bench"))


def customers_of(house: House, wanted: int) -> list[UUID]:
    with reading(house.white_label) as db:
        return list(db.scalars(select(Account.id).where(Account.kind == "customer").order_by(Account.id).limit(wanted)))


@contextmanager
def raw_writers(house: House, account_id: UUID, clients: int = 1) -> Iterator[list[Write]]:
    """Each writes one entry on a connection of its own. The account must have had an entry before."""
    with reading(house.white_label) as db:
        wanted = select(LedgerAccount.id).where(LedgerAccount.book == Book.WHOLESALE.value)
        ids = [db.scalars(wanted.where(LedgerAccount.code == code)).one() for code in (GRANTS, credit_of(account_id))]
    connections = [_connected(house) for _ in range(clients)]
    try:
        yield [_writer(connection, house, ids) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _connected(house: House) -> Any:
    url = make_url(house.platform_url)
    if house.kind == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(dsn, autocommit=True)
    connection = sqlite3.connect(str(url.database), isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")
    return connection


def _writer(connection: Any, house: House, ids: list[UUID]) -> Write:
    """The same statements for both: the drivers differ in how they write a place for a value, and an id."""
    is_sqlite = house.kind == "sqlite"

    def run(statement: str, *values: Any) -> None:
        stored = [value.hex if is_sqlite and isinstance(value, UUID) else value for value in values]
        connection.execute(statement if is_sqlite else statement.replace("?", "%s"), stored)

    def write() -> None:
        entry_id, tenant, book, at = new_id(), house.white_label, Book.WHOLESALE.value, now()
        run("begin immediate" if is_sqlite else "begin")
        for amount, id in zip((1, -1), sorted(ids), strict=True):
            moved = "update ledger_account set balance_minor = balance_minor + ?, lines = lines + 1"
            run(f"{moved} where white_label_id = ? and id = ?", amount, tenant, id)
        named = "insert into journal_entry (white_label_id, id, book, source, currency, description, at)"
        moment = f"{at:%Y-%m-%d %H:%M:%S.%f}" if is_sqlite else at
        run(f"{named} values (?, ?, ?, ?, ?, ?, ?)", tenant, entry_id, book, f"raw:{entry_id}", "GBP", "Raw", moment)
        for position, (amount, id) in enumerate(zip((1, -1), sorted(ids), strict=True)):
            run(f"{LINE} values (?, ?, ?, ?, ?, ?)", tenant, entry_id, position, book, id, amount)
        run("commit")

    return write
