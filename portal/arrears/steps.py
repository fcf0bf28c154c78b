"""Which step is due for an account that runs out of credit: arithmetic on days, nothing else."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Step(StrEnum):
    LOW = "low"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True)
class Rules:
    """Notice so many days before a charge that the credit does not cover; suspension and closure so many days after
    the step before. 0 leaves a step out."""

    low_days: int = 7
    suspend_days: int = 14
    close_days: int = 0


@dataclass(frozen=True)
class Place:
    """Where a case stands, and since when."""

    step: Step
    since: date


def next_step(rules: Rules, place: Place | None, *, owes: bool, is_low: bool, today: date) -> Step | None:
    """The step to take today, if any. Days of grace count from the notice, so a late look never shortens them."""
    if owes and (place is None or place.step is Step.LOW):
        return Step.OVERDUE
    if not owes:
        return Step.LOW if place is None and is_low else None
    assert place is not None
    if place.step is Step.OVERDUE and _is_over(rules.suspend_days, place, today):
        return Step.SUSPENDED
    if place.step is Step.SUSPENDED and _is_over(rules.close_days, place, today):
        return Step.CLOSED
    return None


def ends_on(rules: Rules, place: Place) -> date | None:
    """The day on which the next step is due, for those it will meet; None when it never is."""
    days = {Step.OVERDUE: rules.suspend_days, Step.SUSPENDED: rules.close_days}.get(place.step, 0)
    return place.since + timedelta(days=days) if days else None


def _is_over(days: int, place: Place, today: date) -> bool:
    return bool(days) and today >= place.since + timedelta(days=days)
