"""Months that begin on any day of the calendar: they keep their day, and lie side by side without gap or overlap."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from portal.billing.period import Period, nth_period

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def firsts(anchor, months):
    return [nth_period(anchor, n).first_day.isoformat() for n in range(months)]


@pytest.mark.parametrize(("anchor", "expected"), [
    (date(2026, 11, 3), ["2026-11-03", "2026-12-03", "2027-01-03"]),
    (date(2026, 12, 31), ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
    (date(2027, 12, 31), ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]),
    (date(2027, 1, 30), ["2027-01-30", "2027-02-28", "2027-03-30"]),
    (date(2027, 1, 29), ["2027-01-29", "2027-02-28", "2027-03-29"]),
    (date(2028, 1, 29), ["2028-01-29", "2028-02-29", "2028-03-29"]),
    (date(2028, 2, 29), ["2028-02-29", "2028-03-29", "2028-04-29"]),
])
def test_the_day_is_kept_and_only_short_months_end_early(anchor, expected):
    """Red when a month is counted from the one before instead of from the first: the 31st would become the 28th."""
    assert firsts(anchor, len(expected)) == expected


def test_a_leap_day_comes_back_on_the_28th_and_in_four_years_on_the_29th():
    assert nth_period(date(2028, 2, 29), 12).first_day == date(2029, 2, 28)
    assert nth_period(date(2028, 2, 29), 48).first_day == date(2032, 2, 29)


def test_1900_and_2100_have_no_leap_day_and_2000_has():
    assert nth_period(date(2100, 1, 31), 1).first_day == date(2100, 2, 28)
    assert nth_period(date(2000, 1, 31), 1).first_day == date(2000, 2, 29)


def test_the_last_day_is_inside_and_the_next_first_is_not():
    period = nth_period(date(2026, 11, 3), 0)
    assert (period.first_day, period.last_day, period.next_first_day) == (
        date(2026, 11, 3), date(2026, 12, 2), date(2026, 12, 3))


def test_the_key_is_the_first_day():
    assert nth_period(date(2026, 11, 3), 1).key == "2026-12-03"


@given(DAYS, st.integers(0, 120))
def test_periods_tile(anchor, n):
    """Red when the end is clamped on its own, or a month is taken as thirty days."""
    this, following = nth_period(anchor, n), nth_period(anchor, n + 1)
    assert this.next_first_day == following.first_day
    assert this.last_day + timedelta(days=1) == following.first_day
    assert 28 <= (this.next_first_day - this.first_day).days <= 31


@given(DAYS, st.integers(0, 120))
def test_the_day_is_the_anchors_or_the_last_of_its_month(anchor, n):
    first = nth_period(anchor, n).first_day
    is_last_of_month = (first + timedelta(days=1)).day == 1
    assert first.day == anchor.day or (first.day < anchor.day and is_last_of_month)
    months = (first.year - anchor.year) * 12 + first.month - anchor.month
    assert months == n


@given(DAYS, st.integers(0, 800))
def test_every_day_lies_in_exactly_one_period(anchor, days):
    day = anchor + timedelta(days=days)
    inside = [n for n in range(30) if nth_period(anchor, n).first_day <= day < nth_period(anchor, n).next_first_day]
    assert len(inside) == 1


@given(DAYS)
def test_the_first_period_begins_on_the_anchor(anchor):
    assert nth_period(anchor, 0) == Period(anchor, nth_period(anchor, 1).first_day, nth_period(anchor, 0).days)


class TestABillingDay:
    """The first period is shorter when the account begins on another day than its billing day."""

    @pytest.mark.parametrize(("anchor", "day", "starts", "days", "whole"), [
        (date(2026, 11, 3), 15, ["2026-11-03", "2026-11-15", "2026-12-15"], 12, 31),
        (date(2026, 11, 20), 15, ["2026-11-20", "2026-12-15", "2027-01-15"], 25, 30),
        (date(2026, 11, 15), 15, ["2026-11-15", "2026-12-15", "2027-01-15"], 30, 30),
        (date(2027, 1, 31), 31, ["2027-01-31", "2027-02-28", "2027-03-31"], 28, 28),
        (date(2027, 2, 10), 31, ["2027-02-10", "2027-02-28", "2027-03-31"], 18, 28),
        (date(2028, 2, 29), 31, ["2028-02-29", "2028-03-31", "2028-04-30"], 31, 31),
        (date(2026, 12, 31), 1, ["2026-12-31", "2027-01-01", "2027-02-01"], 1, 31),
    ])
    def test_later_periods_begin_on_it(self, anchor, day, starts, days, whole):
        assert [nth_period(anchor, n, day).first_day.isoformat() for n in range(3)] == starts
        first = nth_period(anchor, 0, day)
        assert (first.days, first.whole_days, first.is_whole) == (days, whole, days == whole)

    @given(anchor=DAYS, day=st.one_of(st.integers(1, 28), st.just(31)), n=st.integers(0, 40))
    def test_periods_tile_whatever_the_day(self, anchor, day, n):
        this, following = nth_period(anchor, n, day), nth_period(anchor, n + 1, day)
        assert this.next_first_day == following.first_day
        assert this.days >= 1 and this.whole_days >= this.days and this.whole_days <= 31 and following.is_whole
        assert nth_period(anchor, 0, day).first_day == anchor
