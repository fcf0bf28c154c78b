"""One monthly run by the product's own code, in a process of its own.

`python -m bench.run_once white-label through` says `ready` once it is idle, starts when a line comes in, and prints
what it took as JSON.
"""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from time import perf_counter, process_time
from uuid import UUID

from bench.measuring import forget_peak, peak_kb
from portal.app import create_app
from portal.billing.run import bill_white_label

IDLE_DAYS = 400


@dataclass(frozen=True)
class Run:
    charges: int
    cpu_s: float
    wall_s: float
    idle_kb: int
    peak_kb: int

    @property
    def above_idle_mb(self) -> float:
        return (self.peak_kb - self.idle_kb) / 1024


def main(white_label: UUID, through: date) -> None:
    create_app()
    # Connected, but nobody billed: no customer had anything due on that day.
    bill(white_label, through - timedelta(days=IDLE_DAYS))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asdict(bill(white_label, through))), flush=True)


def bill(white_label: UUID, through: date) -> Run:
    forget_peak()
    idle, cpu, wall = peak_kb(), process_time(), perf_counter()
    done = bill_white_label(white_label, through, by="bench")
    return Run(done.charges, process_time() - cpu, perf_counter() - wall, idle, peak_kb())


if __name__ == "__main__":
    main(UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]))
