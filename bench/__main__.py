"""`python -m bench`: every measure on SQLite and PostgreSQL, beside the goals. Exits 1 when one could not be made."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

from bench import billing, documents, doors, entries, exporting, numbers, pages, serving
from bench.goals import (
    BARE_PAGE,
    CUSTOMER,
    DOCUMENT,
    ENTRY,
    EXPORT,
    IMPORT,
    OTHER_PAGE,
    P99,
    RUN,
    TOTALS,
    Goal,
    Result,
    table,
)
from bench.houses import Ground, House, ground, houses_on
from bench.rows import Shape, shape

SMALL = 10_000
KINDS = ("sqlite", "postgresql")
PAGES = ("bare", "pages", "totals", "flat", "p99", "export", "document", "entry", "doors")
MOST_BILLED = 100_000
IMPORTED = 100_000


def main() -> int:
    asked = _asked()
    wanted = shape(asked.rows, customers=asked.customers)
    small = shape(min(SMALL, asked.rows), customers=asked.customers)
    results: dict[str, list[Result]] = {}
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        for kind in asked.databases:
            with ground(kind, Path(name)) as place:
                results[kind] = list(_measured(place, [small, wanted], Path(name), asked))
    for kind, found in results.items():
        month = f"{wanted.in_month(wanted.months - 1):,} in the month shown"
        print(f"\n{kind}: {wanted.rows:,} charges in {wanted.months} months, {month}, {wanted.customers} customers")
        print(table(found))
    print(f"\nRatios of CPU, the database's included, from one run of {monotonic() - began:.0f} s.")
    return int(any(result.value is None for found in results.values() for result in found))


def _measured(place: Ground, shapes: list[Shape], folder: Path, asked: argparse.Namespace) -> Iterator[Result]:
    if any(name.startswith(asked.only) for name in PAGES):
        with houses_on(place, shapes) as houses:
            yield from _pages(houses, folder, asked.only)
    if "run".startswith(asked.only):
        yield from _made(f"{place.kind} run", RUN, partial(billing.runs, place, asked.billed))
    if "numbers".startswith(asked.only):
        yield from _made(f"{place.kind} numbers", IMPORT, partial(numbers.imports, place, folder, IMPORTED))


def _pages(houses: list[House], folder: Path, only: str) -> Iterator[Result]:
    small, house = houses
    measures: dict[str, tuple[Goal, Callable[[], list[Result]]]] = {
        "bare": (BARE_PAGE, partial(pages.against_bare, house)),
        "pages": (OTHER_PAGE, partial(pages.other_pages, house)),
        "totals-small": (TOTALS, partial(pages.totals_beside, small)),
        "totals": (TOTALS, partial(pages.totals_beside, house)),
        "flat": (TOTALS, partial(pages.totals_flat, house, small)),
        "p99": (P99, partial(serving.p99_against_p50, house)),
        "export": (EXPORT[house.kind], partial(exporting.exports, house, folder)),
        "document": (DOCUMENT, partial(documents.against_bare, house)),
        "entry": (ENTRY[house.kind], partial(entries.entries, house)),
        "doors": (CUSTOMER, partial(doors.doors, house)),
    }
    for name, (goal, measure) in measures.items():
        if name.startswith(only):
            (small if name == "totals-small" else house).enter()
            yield from _made(f"{house.kind} {name}", goal, measure)


def _made(name: str, goal: Goal, measure: Callable[[], list[Result]]) -> list[Result]:
    """A measure that fails is a line of the table, so that the others are still made."""
    began = monotonic()
    try:
        return measure()
    except Exception as error:
        traceback.print_exc()
        return [Result(name, goal, None, f"{type(error).__name__}: {error}")]
    finally:
        print(f"  {name}: {monotonic() - began:.0f} s", file=sys.stderr)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="charges of the white label (1,000,000)")
    parser.add_argument("--customers", type=int, default=500, help="customers they are spread over (500)")
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS, help="one of them only")
    parser.add_argument("--billed", type=int, help="customers of the monthly run (100,000; a tenth of fewer rows)")
    parser.add_argument("--only", default="", help=f"{', '.join(PAGES)}, run or numbers")
    asked = parser.parse_args()
    asked.billed = asked.billed or min(MOST_BILLED, asked.rows // 10)
    if asked.rows < 5_000 or not 10 <= asked.customers <= 1_000:
        parser.error("a page needs at least 5,000 rows and from 10 to 1,000 customers")
    return asked


if __name__ == "__main__":
    sys.exit(main())
