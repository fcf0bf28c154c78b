"""One export by the product's own code, in a process of its own.

`python -m bench.export_once white-label first end file` says `ready` once it is idle, starts when a line comes in, and
prints what it took as JSON.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import BinaryIO
from uuid import UUID

from bench.measuring import forget_peak, peak_kb
from portal.app import create_app
from portal.finance.exports import charges_csv
from portal.finance.queries import Filter
from portal.kit.db import reading


@dataclass(frozen=True)
class Export:
    rows: int
    size: int
    cpu_s: float
    wall_s: float
    idle_kb: int
    peak_kb: int

    @property
    def above_idle_mb(self) -> float:
        return (self.peak_kb - self.idle_kb) / 1024


def main(white_label: UUID, first: date, end: date, file: Path) -> None:
    create_app()
    # Connected and compiled, but not one row exported: that is idle.
    export(white_label, Filter(first - timedelta(days=1), first), Path("/dev/null"))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asdict(export(white_label, Filter(first, end), file))), flush=True)


def export(white_label: UUID, wanted: Filter, file: Path) -> Export:
    forget_peak()
    idle, cpu, wall = peak_kb(), process_time(), perf_counter()
    with reading(white_label) as db, file.open("wb") as out:
        lines, size = _written(charges_csv(db, wanted), out)
    return Export(lines - 1, size, process_time() - cpu, perf_counter() - wall, idle, peak_kb())


def _written(parts: Iterable[str | bytes], out: BinaryIO) -> tuple[int, int]:
    """Lines and bytes. No field of these rows holds a line end."""
    lines = size = 0
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        lines, size = lines + encoded.count(b"\n"), size + out.write(encoded)
    return lines, size


if __name__ == "__main__":
    main(UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3]), Path(sys.argv[4]))
