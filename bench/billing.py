"""The monthly run against the bare driver: the same rows into the same tables of a twin of the database.

The driver has the rows in memory and writes them with one `executemany` or COPY a table, in one transaction and as
durably as the run. It works nothing out, reads nothing and moves no balance. Keys, indexes and triggers are there for
both: a row without them is another row.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from bench.customers import fill_customers, last_day_of
from bench.exporting import Spent
from bench.goals import MEMORY, MEMORY_GROWTH, RUN, Result
from bench.houses import Ground, environment, furnished
from bench.run_once import Run
from portal.billing.run import bill_white_label
from portal.kit import db as kit_db
from portal.kit.db import PRAGMAS
from portal.kit.ids import new_id
from portal.kit.settings import Settings, root

# What a charge consists of, in the order that foreign keys ask for, with the column that grows with time.
TABLES = {"ledger_account": "id", "journal_entry": "id", "journal_line": "entry_id", "charge": "id"}
MONTHS = 2
LONGEST_S = 600
EARLIER = 1_000
"""Customers billed before, unmeasured. A connection to PostgreSQL whose first entry meets an empty journal plans the
checks of foreign keys for an empty journal, and keeps to that until the table is analyzed. No journal is empty for
long."""

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Month:
    """A month billed by us, and the same rows written by the driver."""

    ours: Run
    spent: Spent
    theirs: Spent


def runs(ground: Ground, customers: int) -> list[Result]:
    """A fifth of the customers first, then all of them: what a month costs, and what it holds in memory."""
    fifth = customers // 5
    few, every = (_billed(ground, count) for count in (fifth, customers))
    less, most = (max(month.ours.above_idle_mb for month in months) for months in (few, every))
    idle = f"idle {every[0].ours.idle_kb // 1024} MB"
    return [
        _speed(ground, fifth, few),
        _speed(ground, customers, every),
        Result(f"run of {fifth:,} customers, memory", MEMORY, less, idle),
        Result(f"run of {customers:,} customers, memory", MEMORY, most, idle),
        Result("its growth between the two", MEMORY_GROWTH, most - less, "our reading of `flat`"),
    ]


def _speed(ground: Ground, customers: int, months: list[Month]) -> Result:
    """All months together, by CPU of all processes involved: elapsed time is the machine's, not ours."""
    charges = sum(month.ours.charges for month in months)
    ours, theirs = _sum([month.spent for month in months]), _sum([month.theirs for month in months])
    rate = f"{charges:,} charges at {charges / ours.wall_s:,.0f}/s"
    each = f"{1e6 * ours.cpu_s / charges:.0f} against {1e6 * theirs.cpu_s / charges:.0f} µs of CPU a charge"
    note = f"{each}; {rate}, elapsed {theirs.wall_s / ours.wall_s:.2f}×"
    tool = "executemany" if ground.kind == "sqlite" else "COPY"
    return Result(f"run of {customers:,} customers : {tool}", RUN, theirs.cpu_s / ours.cpu_s, note)


def _sum(spent: list[Spent]) -> Spent:
    return Spent(sum(each.cpu_s for each in spent), sum(each.wall_s for each in spent))


def _billed(ground: Ground, customers: int) -> list[Month]:
    settings = ground.new()
    _, cast = furnished(settings)
    fill_customers(cast.northwind, range(EARLIER))
    bill_white_label(cast.northwind.id, last_day_of(0) - timedelta(days=1), by="bench")
    fill_customers(cast.northwind, range(EARLIER, EARLIER + customers))
    kit_db.database().dispose()
    ground.settle(settings)
    twin = ground.twin(settings)
    return [_month(ground, settings, twin, cast.northwind.id, last_day_of(n)) for n in range(MONTHS)]


def _month(ground: Ground, settings: Settings, twin: Settings, white_label: UUID, through: date) -> Month:
    mark = new_id()
    ours, spent = _run(ground, settings, white_label, through)
    read, write = (_read_sqlite, executemany_rows) if ground.kind == "sqlite" else (_read_postgresql, copy_rows)
    rows = read(ground.raw(settings), white_label, mark)
    if len(rows["charge"]) != ours.charges:
        raise RuntimeError(f"the run says {ours.charges} charges and wrote {len(rows['charge'])}")
    before, began = process_time() + ground.server_s(), perf_counter()
    write(ground.raw(twin), rows)
    return Month(ours, spent, Spent(process_time() + ground.server_s() - before, perf_counter() - began))


def _run(ground: Ground, settings: Settings, white_label: UUID, through: date) -> tuple[Run, Spent]:
    """The process reports its own CPU from the moment it is told to start; the server's is added here."""
    command = [sys.executable, "-m", "bench.run_once", str(white_label), through.isoformat()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root(), env=environment(settings), text=True, **pipes) as process:  # type: ignore[call-overload]
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the billing process did not start")
        before = ground.server_s()
        said, _ = process.communicate("go\n", timeout=LONGEST_S)
    done = Run(**json.loads(said))
    return done, Spent(done.cpu_s + ground.server_s() - before, done.wall_s)


def _read_sqlite(file: str, white_label: UUID, mark: UUID) -> Rows:
    newer = "select * from {} where white_label_id = ? and {} > ? order by rowid"
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(newer.format(table, key), (white_label.hex, mark.hex)).fetchall()
            for table, key in TABLES.items()
        }


def executemany_rows(file: str, rows: Rows) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"pragma {pragma}")
        connection.execute("begin immediate")
        for table, found in rows.items():
            if found:
                places = ", ".join("?" * len(found[0]))
                connection.executemany(f"insert into {table} values ({places})", found)  # noqa: S608 - our own names
        connection.execute("commit")


def _read_postgresql(dsn: str, white_label: UUID, mark: UUID) -> Rows:
    newer = sql.SQL("select * from {} where white_label_id = %s and {} > %s order by {}")
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(
                newer.format(*map(sql.Identifier, (table, key, key))), (white_label, mark)
            ).fetchall()
            for table, key in TABLES.items()
        }


def copy_rows(dsn: str, rows: Rows) -> None:
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for table, found in rows.items():
            with cursor.copy(sql.SQL("copy {} from stdin").format(sql.Identifier(table))) as copy:
                for row in found:
                    copy.write_row(row)
