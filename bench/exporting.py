"""Measures of the CSV export: CPU a row against the database's own command line, and memory above an idle process."""

import csv
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter, process_time
from typing import Any

import psycopg
from sqlalchemy import Dialect, literal, make_url, select
from sqlalchemy.dialects import postgresql, sqlite

from bench.export_once import Export
from bench.goals import EXPORT, MEMORY, MEMORY_GROWTH, Result
from bench.houses import House
from portal.accounts.models import Account
from portal.billing.models import Charge
from portal.kit.settings import root
from portal.ledger.entry import Book

LESS = 100_000
ROUNDS, BUDGET_S = 3, 30.0


@dataclass(frozen=True)
class Spent:
    cpu_s: float
    wall_s: float


Baseline = Callable[[House, str, Path], None]


def exports(house: House, folder: Path) -> list[Result]:
    """Interleaved at 100 thousand rows (fewer when there are fewer), then once all rows for the memory."""
    wanted = min(LESS, max(1, house.shape.rows // 2))
    end = house.shape.day_after(wanted)
    tool, run = _baseline(house)
    query = _query(house, end)
    rounds: list[tuple[Export, Spent, Spent]] = []
    until = monotonic() + BUDGET_S
    while not rounds or (len(rounds) < ROUNDS and monotonic() < until):
        theirs = _timed(house, lambda: run(house, query, folder / "theirs.csv"))
        rounds.append((*_ours(house, end, folder / "ours.csv"), theirs))
    _same_rows(folder, house.count(house.shape.first, end))
    every, spent = _ours(house, house.shape.end, folder / "ours.csv")
    if every.rows != house.count(house.shape.first, house.shape.end):
        raise RuntimeError(f"the export has only {every.rows} rows")
    return [_speed(house, tool, rounds), *_memory([done for done, _, _ in rounds], every, spent)]


def _speed(house: House, tool: str, rounds: list[tuple[Export, Spent, Spent]]) -> Result:
    """How fast against the other, by CPU of all processes involved: elapsed time is the machine's, not ours."""
    ours = median(spent.cpu_s / done.rows for done, spent, _ in rounds)
    ratio = median(theirs.cpu_s / spent.cpu_s for _, spent, theirs in rounds)
    elapsed = median(theirs.wall_s / spent.wall_s for _, spent, theirs in rounds)
    theirs = median(theirs.cpu_s / done.rows for done, _, theirs in rounds)
    a_row = f"{1e6 * ours:.1f} against {1e6 * theirs:.1f} µs of CPU a row"
    note = f"{a_row}, {rounds[0][0].rows:,} rows; elapsed {elapsed:.2f}×"
    return Result(f"CSV export : {tool}, rate", EXPORT[house.kind], ratio, note)


def _memory(less: list[Export], every: Export, spent: Spent) -> list[Result]:
    few = max(less, key=lambda done: done.above_idle_mb)
    note = f"idle {every.idle_kb // 1024} MB; {every.rows / spent.wall_s:,.0f} rows/s, {every.size / 1e6:.0f} MB of CSV"
    growth = every.above_idle_mb - few.above_idle_mb
    return [
        Result(f"export of {few.rows:,} rows, memory", MEMORY, few.above_idle_mb, f"idle {few.idle_kb // 1024} MB"),
        Result(f"export of {every.rows:,} rows, memory", MEMORY, every.above_idle_mb, note),
        Result("its growth between the two", MEMORY_GROWTH, growth, "our reading of `the same`"),
    ]


def _ours(house: House, end: date, file: Path) -> tuple[Export, Spent]:
    """The process reports its own CPU from the moment it is told to start; the server's is added here."""
    arguments = [str(house.white_label), house.shape.first.isoformat(), end.isoformat(), str(file)]
    command = [sys.executable, "-m", "bench.export_once", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root(), env=house.environment(), text=True, **pipes) as process:  # type: ignore[call-overload]
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the exporting process did not start")
        before = _server_s(house)
        said, _ = process.communicate("go\n", timeout=300)
    done = Export(**json.loads(said))
    return done, Spent(done.cpu_s + _server_s(house) - before, done.wall_s)


def _timed(house: House, run: Callable[[], None]) -> Spent:
    """CPU of this process, of the children it waits for, and of the server."""
    before, began = _all_s(house), perf_counter()
    run()
    return Spent(_all_s(house) - before, perf_counter() - began)


def _all_s(house: House) -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime + _server_s(house)


def _server_s(house: House) -> float:
    return house.server() if house.server else 0.0


def _same_rows(folder: Path, rows: int) -> None:
    for name in ("ours.csv", "theirs.csv"):
        with (folder / name).open("rb") as file:
            lines = sum(1 for _ in file) - 1
        if lines != rows:
            raise RuntimeError(f"{name} has {lines} rows instead of {rows}")


def _query(house: House, end: date) -> str:
    """The columns of our export as the database stores them: amounts stay minor units, nothing is escaped."""
    charge, account = Charge.__table__.c, Account.__table__.c
    dialect: Dialect = sqlite.dialect() if house.kind == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    source = literal("charge:") + charge.account_id.cast(charge.item.type) + ":" + charge.item + ":"
    source = source + charge.period_key + ":" + charge.book
    shown: list[Any] = [
        charge.day, charge.number, account.number, account.name, charge.description, charge.first_day,
        charge.last_day, charge.currency, charge.net_minor, charge.tax_minor, charge.net_minor + charge.tax_minor,
        charge.retail_memo_minor, charge.retail_memo_minor - charge.net_minor, source,
    ]  # fmt: skip
    same_account = (account.white_label_id == charge.white_label_id) & (account.id == charge.account_id)
    statement = (
        select(*shown)
        .select_from(Charge.__table__.join(Account.__table__, same_account))
        .where(
            charge.white_label_id == house.white_label,
            charge.book == Book.WHOLESALE.value,
            charge.day >= house.shape.first,
            charge.day < end,
        )
        .order_by(charge.day, charge.id)
    )
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _baseline(house: House) -> tuple[str, Baseline]:
    if house.kind == "sqlite":
        found = shutil.which("sqlite3")
        return ("sqlite3 command line", _sqlite3) if found else ("Python's sqlite3 + csv (no sqlite3 here)", _python)
    found = shutil.which("psql")
    return ("psql COPY", _psql) if found else ("psycopg COPY (no psql here)", _psycopg)


def _sqlite3(house: House, query: str, file: Path) -> None:
    with file.open("wb") as out:
        subprocess.run(["sqlite3", "-readonly", "-csv", "-header", _file(house), query], stdout=out, check=True)


def _python(house: House, query: str, file: Path) -> None:
    connection = sqlite3.connect(_file(house))
    found = connection.execute(query)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([column[0] for column in found.description])
        writer.writerows(found)
    connection.close()


def _psql(house: House, query: str, file: Path) -> None:
    command = ["psql", "-qX", "-d", house.platform_url, "-c", _copy(query)]
    with file.open("wb") as out:
        subprocess.run(command, stdout=out, check=True)


def _psycopg(house: House, query: str, file: Path) -> None:
    with (
        psycopg.connect(house.platform_url) as connection,
        closing(connection.cursor()) as cursor,
        cursor.copy(_copy(query).encode()) as copy,
        file.open("wb") as out,
    ):
        out.writelines(copy)


def _copy(query: str) -> str:
    return f"copy ({query}) to stdout with (format csv, header)"


def _file(house: House) -> str:
    return str(make_url(house.settings.database_url).database)
