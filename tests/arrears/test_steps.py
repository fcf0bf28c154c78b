"""Which step is due, as a value: never early, never twice, and never without the one before it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from portal.arrears.steps import Place, Rules, Step, day_to_tell, ends_on, next_step

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
    told = Place(Step.OVERDUE, DAY, date(2026, 12, 15))
    assert step(Rules(), told, days) is due
    assert ends_on(Rules(), told) == date(2026, 12, 15)


def test_a_letter_that_named_a_later_day_holds_against_shorter_rules():
    told = Place(Step.OVERDUE, DAY, date(2026, 12, 15))
    assert step(Rules(suspend_days=1), told, 13) is None
    assert step(Rules(suspend_days=30), told, 14) is None
    assert step(Rules(suspend_days=1), told, 14) is Step.SUSPENDED


def test_a_day_that_no_letter_named_is_told_first():
    assert step(Rules(close_days=5), Place(Step.SUSPENDED, DAY), 99) is Step.SUSPENDED


def test_what_is_left_out_never_comes():
    assert step(Rules(suspend_days=0), Place(Step.OVERDUE, DAY), 999) is None
    assert step(Rules(close_days=0), Place(Step.SUSPENDED, DAY), 999) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), RULES), max_size=20))
def test_each_step_follows_the_one_before_and_the_day_it_was_told(looks):
    """Whatever becomes of the rules. Red when days count from the day credit ran out, or by the new rules alone."""
    place, day = None, DAY
    for wait, owes, rules in looks:
        day += timedelta(days=wait)
        if not owes:
            place = None
            continue
        due = next_step(rules, place, owes=True, is_low=True, today=day)
        if due is None:
            continue
        before = place.step if place else Step.LOW
        if due is before:
            assert place.told is None and day_to_tell(rules, due, day) is not None
            place = Place(due, place.since, day_to_tell(rules, due, day))
            continue
        assert ORDER.index(due) == ORDER.index(before) + 1
        if due in (Step.SUSPENDED, Step.CLOSED):
            grace = rules.suspend_days if due is Step.SUSPENDED else rules.close_days
            assert grace and day >= place.told and day >= place.since + timedelta(days=grace)
        place = Place(due, day, day_to_tell(rules, due, day))
