"""CPU per request, interleaved: each round runs every arm, so that what else the machine does falls on all alike."""

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic, process_time
from typing import TypeVar

import psycopg

Meter = Callable[[], float]
Work = Callable[[], object]

ROUNDS = (5, 31)
BATCH_S = 0.06
BATCH, USED_UP_ROUNDS = 6, 7
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Arm:
    name: str
    work: Work


@dataclass(frozen=True)
class Taken:
    """CPU seconds of one request, and the median over the rounds of its ratio to the first arm in the same round."""

    cpu_s: float
    ratio: float

    @property
    def ms(self) -> str:
        return f"{1000 * self.cpu_s:.2f} ms"


def interleaved(meter: Meter, arms: list[Arm], *, budget_s: float) -> dict[str, Taken]:
    """At least five rounds and at most thirty-one, as many as fit into the budget. The first arm is the baseline."""
    sizes = [_size(meter, arm) for arm in arms]
    rounds: list[list[float]] = []
    until = monotonic() + budget_s
    while len(rounds) < ROUNDS[0] or (len(rounds) < ROUNDS[1] and monotonic() < until):
        order = range(len(arms)) if len(rounds) % 2 == 0 else reversed(range(len(arms)))
        spent = {n: _batch(meter, arms[n], sizes[n]) for n in order}
        rounds.append([spent[n] for n in range(len(arms))])
    return {
        arm.name: Taken(median(r[n] for r in rounds), median(r[n] / r[0] for r in rounds)) for n, arm in enumerate(arms)
    }


@dataclass(frozen=True)
class Compared:
    """CPU seconds of one piece of work and of the baseline, and the median of their ratio over the rounds."""

    cpu_s: float
    base_s: float
    ratio: float

    @property
    def ms(self) -> str:
        return f"{1000 * self.cpu_s:.2f} ms"

    @property
    def base_ms(self) -> str:
        return f"{1000 * self.base_s:.2f} ms"


def prepared(meter: Meter, base: Work, prepare: Callable[[], Thing], work: Callable[[Thing], object]) -> Compared:
    """Work that uses up what it works on: each round prepares a batch, which is not measured, and then does it."""
    spent: list[tuple[float, float]] = []
    for _ in range(1 + USED_UP_ROUNDS):
        things = [prepare() for _ in range(BATCH)]
        began = meter()
        for thing in things:
            work(thing)
        done = meter()
        for _ in range(BATCH):
            base()
        spent.append(((done - began) / BATCH, (meter() - done) / BATCH))
    del spent[0]  # the first one compiles templates and statements
    ours, theirs = (median(column) for column in zip(*spent, strict=True))
    return Compared(ours, theirs, median(one / other for one, other in spent))


def _size(meter: Meter, arm: Arm) -> int:
    """How many requests make a batch: warm first, then one is timed."""
    arm.work()
    arm.work()
    return max(1, min(40, int(BATCH_S / max(_batch(meter, arm, 1), 1e-6))))


def _batch(meter: Meter, arm: Arm, size: int) -> float:
    began = meter()
    for _ in range(size):
        arm.work()
    return (meter() - began) / size


class ServerCpu:
    """What a PostgreSQL server used so far, all of its processes together: a page's sums are its work, too."""

    def __init__(self, admin_dsn: str) -> None:
        with psycopg.connect(admin_dsn) as connection:
            parent = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
        self.postmaster = int(_after_name(parent)[1])

    def __call__(self) -> float:
        """Seconds. Processes that ended are in the parent's account, which counts in ticks."""
        gone = _after_name(Path(f"/proc/{self.postmaster}/stat").read_text())[13:15]
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text().split()
        return sum(map(int, gone)) / os.sysconf("SC_CLK_TCK") + sum(_on_cpu_s(pid) for pid in children)


def here_and(server: ServerCpu | None) -> Meter:
    """CPU seconds of this process and, when there is one, of the database's server."""
    return process_time if server is None else lambda: process_time() + server()


def _after_name(stat: str) -> list[str]:
    """Fields of /proc/…/stat from the third on: the second, a name in brackets, may hold spaces."""
    return stat.rpartition(")")[2].split()


def _on_cpu_s(pid: str) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def forget_peak() -> None:
    """Start the peak anew at what is held now, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_kb() -> int:
    """The most memory so far. Linux hands a child the peak of its parent in getrusage, so /proc is asked first."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
