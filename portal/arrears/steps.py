"""Which step is due for an account that runs out of credit: arithmetic on days, nothing else."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Step(StrEnum):
    LOW = "low"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"
    CLOSED = "closed"


FOLLOWING = {Step.OVERDUE: Step.SUSPENDED, Step.SUSPENDED: Step.CLOSED}


@dataclass(frozen=True)
class Rules:
    """Days of each step; 0 leaves it out.

    Notice so many days before a charge that the credit does not cover; suspension and closure so many days after the
    step before; a warning so many days before the white-label account runs out.
    """

    low_days: int = 7
    suspend_days: int = 14
    close_days: int = 0
    warn_days: int = 7


@dataclass(frozen=True)
class Place:
    """Where a case stands, since when, and the day of the next step as the last letter told it, if it told one."""

    step: Step
    since: date
    told: date | None = None


def next_step(rules: Rules, place: Place | None, *, owes: bool, is_low: bool, today: date) -> Step | None:
    """The step to take today, if any.

    Nothing is suspended or closed before the day that a letter named, whatever became of the rules since. When no
    letter named one, the answer is the present step again: it has to be told anew, with its day.
    """
    if owes and (place is None or place.step is Step.LOW):
        return Step.OVERDUE
    if not owes:
        return Step.LOW if place is None and is_low else None
    assert place is not None
    ends = ends_on(rules, place)
    if ends is None:
        return None
    if place.told is None:
        return place.step
    return FOLLOWING[place.step] if today >= ends else None


def ends_on(rules: Rules, place: Place) -> date | None:
    """The day on which the next step is due: the one that was told, or a later one by the rules; None for never."""
    days = _days(rules, place.step)
    if not days:
        return None
    by_the_rules = place.since + timedelta(days=days)
    return max(by_the_rules, place.told) if place.told is not None else by_the_rules


def day_to_tell(rules: Rules, step: Step, today: date) -> date | None:
    """The day that a letter about a step, written today, names for the next one."""
    days = _days(rules, step)
    return today + timedelta(days=days) if days else None


def _days(rules: Rules, step: Step) -> int:
    return {Step.OVERDUE: rules.suspend_days, Step.SUSPENDED: rules.close_days}.get(step, 0)
