"""Which step is due, as a value: never early, never twice, and never without the one before it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from portal.arrears.steps import Place, Rules, Step, ends_on, next_step

DAY = date(2026, 12, 1)
RULES = st.builds(Rules, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
ORDER = [Step.LOW, Step.OVERDUE, Step.SUSPENDED, Step.CLOSED]


def step(rules, place, days=0, *, owes=True, is_low=True):
    return next_step(rules, place, owes=owes, is_low=is_low, today=DAY + timedelta(days=days))


def test_low_comes_first_and_once():
    assert step(Rules(), None, owes=False) is Step.LOW
    assert step(Rules(), Place(Step.LOW, DAY), owes=False) is None
    assert step(Rules(), None, owes=False, is_low=False) is None


@pytest.mark.parametrize(("days", "due"), [(0, None), (13, None), (14, Step.SUSPENDED), (90, Step.SUSPENDED)])
def test_suspension_waits_for_the_last_day_of_grace(days, due):
    assert step(Rules(), Place(Step.OVERDUE, DAY), days) is due
    assert ends_on(Rules(), Place(Step.OVERDUE, DAY)) == date(2026, 12, 15)


def test_what_is_left_out_never_comes():
    assert step(Rules(suspend_days=0), Place(Step.OVERDUE, DAY), 999) is None
    assert step(Rules(close_days=0), Place(Step.SUSPENDED, DAY), 999) is None


@given(RULES, st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=20))
def test_each_step_follows_the_one_before_and_its_days(rules, looks):
    """Red when days of grace count from the day that credit ran out instead of from the notice."""
    place, day = None, DAY
    for wait, owes in looks:
        day += timedelta(days=wait)
        if not owes:
            place = None
            continue
        due = next_step(rules, place, owes=True, is_low=True, today=day)
        if due is None:
            continue
        before = place.step if place else Step.LOW
        assert ORDER.index(due) == ORDER.index(before) + 1
        if due in (Step.SUSPENDED, Step.CLOSED):
            grace = rules.suspend_days if due is Step.SUSPENDED else rules.close_days
            assert grace and day >= place.since + timedelta(days=grace)
        place = Place(due, day)
