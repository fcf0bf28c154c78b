"""The time comes from one place and can be somebody else's."""

from datetime import UTC, date, datetime, timedelta

from portal.kit.clock import now, reading, today
from tests.cast import MORNING, Clock
from tests.threads import aside


def test_the_systems_time_is_aware_and_in_utc():
    assert now().tzinfo is UTC
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_an_injected_clock_stands_until_it_is_moved(clock):
    assert now() == now() == MORNING + timedelta(hours=1)
    clock.advance(days=1, minutes=1)
    assert now() == MORNING + timedelta(days=1, hours=1, minutes=1)


def test_clocks_nest_and_are_put_back():
    with reading(Clock(MORNING)):
        with reading(lambda: MORNING + timedelta(days=1)):
            assert now() == MORNING + timedelta(days=1)
        assert now() == MORNING
    assert now() > MORNING - timedelta(days=10_000) and now() != MORNING


def test_the_day_is_the_zones_own():
    with reading(lambda: datetime(2026, 11, 2, 12, 30, tzinfo=UTC)):
        assert today("Pacific/Auckland") == date(2026, 11, 3)
        assert today("Europe/London") == today("America/New_York") == date(2026, 11, 2)
    with reading(lambda: datetime(2026, 3, 29, 0, 59, tzinfo=UTC)):
        assert today("Europe/London") == date(2026, 3, 29)


def test_threads_of_a_test_share_its_clock(clock):
    assert aside(now) == clock()
