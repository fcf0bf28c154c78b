"""What each measure has to reach, what it aims for, and the table that says whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A ratio or an amount that must stay below (`at_most`) or above the limit; `aim` is the better one."""

    must: float
    aim: float
    at_most: bool = True
    unit: str = "×"

    def verdict(self, value: float) -> str:
        """Judged as it is shown, with two decimal places."""
        value = round(value, 2)
        if self._reaches(value, self.aim):
            return "meets aim"
        return "meets" if self._reaches(value, self.must) else "misses"

    def words(self, limit: float) -> str:
        return f"{'≤' if self.at_most else '≥'} {shown(limit, self.unit)}"

    def _reaches(self, value: float, limit: float) -> bool:
        return value <= limit if self.at_most else value >= limit


BARE_PAGE = Goal(1.5, 0.8)
OTHER_PAGE = Goal(1.3, 1.1)
TOTALS = Goal(1.2, 1.05)
P99 = Goal(4, 2.5)
EXPORT = {"sqlite": Goal(0.30, 0.45, at_most=False), "postgresql": Goal(0.30, 0.8, at_most=False)}
MEMORY = Goal(30, 15, unit=" MB")
MEMORY_GROWTH = Goal(5, 1, unit=" MB")
RUN = Goal(0.3, 0.7, at_most=False)
IMPORT = Goal(0.3, 0.7, at_most=False)
DOCUMENT = Goal(1.5, 1.2)
ENTRY = {"sqlite": Goal(0.35, 0.5, at_most=False), "postgresql": Goal(0.4, 0.8, at_most=False)}
HOT = Goal(0.7, 0.9, at_most=False)
CUSTOMER = Goal(0.5, 0.8, at_most=False)
SIGN_IN = Goal(1.25, 1.1)
WEBHOOK, DUPLICATE = Goal(1.3, 1.1), Goal(0.6, 0.4)


@dataclass(frozen=True)
class Result:
    """One line of the table. `value` is None when the measure could not be made, and `note` says why."""

    work: str
    goal: Goal
    value: float | None
    note: str = ""


HEADER = ("measure", "ratio", "goal", "aim", "verdict", "in this run")


def table(results: list[Result]) -> str:
    lines = [HEADER, *(_cells(result) for result in results)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADER) - 1)]
    rule = tuple("-" * width for width in (*widths, len(HEADER[-1])))
    return "\n".join(_aligned([HEADER, rule, *lines[1:]], widths))


def shown(value: float, unit: str) -> str:
    return f"{value:.0f}{unit}" if abs(value) >= 100 else f"{value:.1f}{unit}" if unit != "×" else f"{value:.2f}×"


def _cells(result: Result) -> tuple[str, ...]:
    goal, value = result.goal, result.value
    got = ("—", "not made") if value is None else (shown(value, goal.unit), goal.verdict(value))
    return result.work, got[0], goal.words(goal.must), goal.words(goal.aim), got[1], result.note


def _aligned(lines: list[tuple[str, ...]], widths: list[int]) -> Iterator[str]:
    for line in lines:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=True)), line[-1]])
