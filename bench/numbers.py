"""Numbers imported by the product against the bare driver: the same rows into a twin of the database.

The driver has the rows in memory and writes them with one `executemany` or COPY, in one transaction. It reads no
number, knows no numbering plan and looks for no duplicate. Keys and indexes are there for both.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

import psycopg

from bench.billing import Rows, copy_rows, executemany_rows
from bench.exporting import Spent
from bench.goals import IMPORT, MEMORY, MEMORY_GROWTH, Result
from bench.houses import Ground, environment, furnished
from bench.import_once import Import
from portal.audit.commands import COMMAND_LINE
from portal.kit import db as kit_db
from portal.kit.settings import Settings, root
from portal.operator.commands import NewService, add_service

CLASS = NewService("bench", "Number", "", 200, 100, 200_000, unit="number", counts="numbers")
BAD_LINE = "not a number at all"
FIRST = 442070000000
LONGEST_S = 600


def imports(ground: Ground, folder: Path, count: int) -> list[Result]:
    """A fifth of the lines first, then all of them, each into an empty stock."""
    fifth = count // 5
    few, _, _ = _import(ground, folder, fifth)
    every, spent, theirs = _import(ground, folder, count)
    each = f"{1e6 * spent.cpu_s / count:.0f} against {1e6 * theirs.cpu_s / count:.0f} µs of CPU a number"
    note = f"{each}; {count / spent.wall_s:,.0f}/s, elapsed {theirs.wall_s / spent.wall_s:.2f}×"
    tool = "executemany" if ground.kind == "sqlite" else "COPY"
    most = every.above_idle_mb
    return [
        Result(f"import of {count:,} numbers : {tool}", IMPORT, theirs.cpu_s / spent.cpu_s, note),
        Result(f"import of {count:,} numbers, memory", MEMORY, most, f"idle {every.idle_kb // 1024} MB"),
        Result(f"its growth from {fifth:,} on", MEMORY_GROWTH, most - few.above_idle_mb, "our reading of `flat`"),
    ]


def _import(ground: Ground, folder: Path, count: int) -> tuple[Import, Spent, Spent]:
    settings = ground.new()
    _, cast = furnished(settings)
    operator = cast.operator.id
    with kit_db.transaction(operator) as db:
        add_service(db, CLASS, by=COMMAND_LINE)
    kit_db.database().dispose()
    ground.settle(settings)
    twin = ground.twin(settings)
    ours, spent = _run(ground, settings, operator, _file(folder, count))
    read, write = (_read_sqlite, executemany_rows) if ground.kind == "sqlite" else (_read_postgresql, copy_rows)
    rows = read(ground.raw(settings))
    if (ours.added, ours.malformed, len(rows["stock_number"])) != (count, 1, count):
        raise RuntimeError(f"{ours.added} were added, {ours.malformed} malformed, of {count} and one")
    before, began = process_time() + ground.server_s(), perf_counter()
    write(ground.raw(twin), rows)
    return ours, spent, Spent(process_time() + ground.server_s() - before, perf_counter() - began)


def _file(folder: Path, count: int) -> Path:
    """Numbers of London, and one line in their midst that is none."""
    file = folder / "numbers.csv"
    with file.open("w") as out:
        out.write("number\n")
        for n in range(count):
            out.write(f"+{FIRST + n}\n")
            if n == count // 2:
                out.write(f"{BAD_LINE}\n")
    return file


def _run(ground: Ground, settings: Settings, operator: UUID, file: Path) -> tuple[Import, Spent]:
    """The process reports its own CPU from the moment it is told to start; the server's is added here."""
    command = [sys.executable, "-m", "bench.import_once", str(operator), str(file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root(), env=environment(settings), text=True, **pipes) as process:  # type: ignore[call-overload]
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the importing process did not start")
        before = ground.server_s()
        said, _ = process.communicate("go\n", timeout=LONGEST_S)
    done = Import(**json.loads(said))
    return done, Spent(done.cpu_s + ground.server_s() - before, done.wall_s)


def _read_sqlite(file: str) -> Rows:
    with closing(sqlite3.connect(file)) as connection:
        return {
            "number_block": connection.execute("select * from number_block").fetchall(),
            "stock_number": connection.execute("select * from stock_number order by rowid").fetchall(),
        }


def _read_postgresql(dsn: str) -> Rows:
    with psycopg.connect(dsn) as connection:
        return {
            "number_block": connection.execute("select * from number_block").fetchall(),
            "stock_number": connection.execute("select * from stock_number order by id").fetchall(),
        }
