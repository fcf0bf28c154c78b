"""Which periods are due: whoever asks and however late, the same days are charged, each once."""

from datetime import date, timedelta

from hypothesis import given, settings as effort, strategies as st

from portal.billing.period import Cycle
from portal.billing.timeline import Rest, due, first_active_day
from tests.billing.days import active_days

START = date(2027, 12, 25)
DAYS = st.integers(0, 500).map(lambda n: START + timedelta(days=n))
CYCLES = st.builds(
    Cycle, DAYS, st.none() | st.integers(1, 31), st.sampled_from([1, 1, 1, 12]))


@st.composite
def rests(draw):
    """Up to three rests that do not overlap; the last may be open."""
    ends = sorted(draw(st.lists(DAYS, max_size=6, unique=True)))
    found = [Rest(a, b) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    return found + ([Rest(ends[-1], None)] if len(ends) % 2 else [])


@given(CYCLES, DAYS, st.none() | DAYS, rests(), DAYS)
@effort(max_examples=400)
def test_each_active_day_is_charged_once_and_no_resting_period_begins(cycle, begins, until, rests, through):
    """Red when a period begins while the account rests, or the day after one is skipped."""
    if until is not None and until < begins:
        begins, until = until, begins
    found = due(cycle, begins, until, rests, through)
    days = [period.first_day + timedelta(days=n) for period in found.periods for n in range(period.days)]
    assert len(days) == len(set(days))
    ends = min(filter(None, (until, through + timedelta(days=1))))
    assert active_days(begins, ends, rests) <= set(days)
    for period in found.periods:
        assert first_active_day(period.first_day, rests) == period.first_day <= through
        assert until is None or period.first_day < until


@given(CYCLES, DAYS, st.none() | DAYS, rests(), st.lists(DAYS, min_size=1, max_size=8))
@effort(max_examples=400)
def test_asking_often_is_asking_once(cycle, begins, until, rests, asked):
    """Day by day, month by month or years late. Red when `charged_to` is not carried from one answer to the next."""
    if until is not None and until < begins:
        begins, until = until, begins
    charged_to, piecewise = begins, []
    for through in sorted(asked):
        for _ in range(2):
            found = due(cycle, charged_to, until, rests, through)
            charged_to, piecewise = found.charged_to, piecewise + list(found.periods)
    assert tuple(piecewise) == due(cycle, begins, until, rests, max(asked)).periods


@given(CYCLES, DAYS)
@effort(max_examples=400)
def test_periods_tile_from_any_day_on(cycle, day):
    """Red when the anchor does not part periods, or a yearly step is counted in months."""
    this = cycle.period_at(day)
    whole = cycle.period_of(day)
    assert whole.first_day <= day == this.first_day < this.next_first_day == whole.next_first_day
    assert cycle.period_of(this.last_day) == whole
    assert cycle.period_at(this.next_first_day).first_day == this.next_first_day
    assert this.days <= this.whole_days <= (31 if cycle.months == 1 else 366)


def test_a_yearly_plan_takes_a_year_from_the_same_anchor():
    yearly = Cycle(date(2027, 11, 3), None, 12)
    assert yearly.period_at(date(2027, 11, 3)).next_first_day == date(2028, 11, 3)
    leap = Cycle(date(2028, 2, 29), None, 12)
    firsts = [leap.period_of(date(year, 6, 1)).first_day for year in (2028, 2029, 2032)]
    assert firsts == [date(2028, 2, 29), date(2029, 2, 28), date(2032, 2, 29)]


def test_a_suspension_within_a_paid_period_moves_nothing():
    cycle = Cycle(date(2027, 11, 3))
    rest = Rest(date(2027, 11, 10), date(2027, 11, 20))
    found = due(cycle, date(2027, 11, 3), None, [rest], date(2027, 12, 3))
    assert [p.first_day for p in found.periods] == [date(2027, 11, 3), date(2027, 12, 3)]


def test_after_a_rest_the_period_begins_on_the_day_of_the_return_and_costs_its_share():
    cycle = Cycle(date(2027, 11, 3))
    rest = Rest(date(2027, 11, 28), date(2027, 12, 18))
    _, later = due(cycle, date(2027, 11, 3), None, [rest], date(2027, 12, 31)).periods
    assert (later.first_day, later.next_first_day, later.days, later.whole_days) == (
        date(2027, 12, 18), date(2028, 1, 3), 16, 31)
