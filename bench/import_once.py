"""One import of numbers by the product's own code, in a process of its own.

`python -m bench.import_once operator file` says `ready` once it is idle, starts when a line comes in, and prints what
it took as JSON.
"""

import json
import sys
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import BinaryIO
from uuid import UUID

from bench.measuring import forget_peak, peak_kb
from portal.app import create_app
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import reading, transaction
from portal.numbers.intake import Intake, take_lines
from portal.numbers.stock import new_block, price_classes
from portal.numbers.stock_file import Reader, Terms, read_lines

WARM = b"number\n+442079460000\n"


@dataclass(frozen=True)
class Import:
    added: int
    malformed: int
    cpu_s: float
    wall_s: float
    idle_kb: int
    peak_kb: int

    @property
    def above_idle_mb(self) -> float:
        return (self.peak_kb - self.idle_kb) / 1024


def main(operator: UUID, file: Path) -> None:
    create_app()
    # Connected, with the towns of the world in memory, but no number taken in.
    take(operator, BytesIO(WARM), is_trial=True)
    print("ready", flush=True)
    sys.stdin.readline()
    with file.open("rb") as opened:
        print(json.dumps(asdict(take(operator, opened))), flush=True)


def take(operator: UUID, file: BinaryIO, *, is_trial: bool = False) -> Import:
    with reading(operator) as db:
        classes = frozenset(price_classes(db))
    forget_peak()
    idle, cpu, wall = peak_kb(), process_time(), perf_counter()
    block = None if is_trial else _block(operator)
    done = take_lines(operator, Intake(Reader(Terms("bench", classes)), block), read_lines(file))
    spent = process_time() - cpu, perf_counter() - wall
    return Import(done.counts["added"], done.counts["malformed"], *spent, idle, peak_kb())


def _block(operator: UUID) -> UUID:
    with transaction(operator) as db:
        return new_block(db, "bench", by=COMMAND_LINE).id


if __name__ == "__main__":
    main(UUID(sys.argv[1]), Path(sys.argv[2]))
