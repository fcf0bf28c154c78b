"""What became of each line of a file, page by page."""

import pytest

from portal.kit import jobs
from tests.cast import on_sqlite
from tests.numbers.conftest import depot
from tests.operator.test_numbers import send_file
from tests.signup.browsing import words

__all__ = ["depot"]
pytestmark = on_sqlite
GOOD, BAD = 1_030, 60


@pytest.fixture
def sent(desk, depot):
    """Lines 2 to 1,091 in two batches: every eighteenth one is refused, and the others are new."""
    lines = ["rubbish" if n % 18 == 0 else f"+4420794{n:05d}" for n in range(1, GOOD + BAD + 1)]
    place = send_file(desk, "number,type\n" + "".join(f"{line},geographic\n" for line in lines)).location
    jobs.run_due()
    return place


def listed(desk, address):
    page = words(desk.get(address)).partition("Line by line")[2]
    return [int(line.split()[0].replace(",", "")) for line in page.split(" Line ")[1:] if line.split()[0].isdigit()]


def test_those_to_look_at_come_first(desk, sent):
    """Red when a page begins anew in each batch: lines 974 and 992 stand in different ones."""
    refused = [n + 1 for n in range(1, GOOD + BAD + 1) if n % 18 == 0]
    page = words(desk.get(sent))
    assert "Lines to look at, 60" in page and "Every line, 1,090" in page and "1 to 50 of 60" in page
    assert listed(desk, sent) == refused[:50]
    assert listed(desk, f"{sent}?lines=look&from=50") == refused[50:]


def test_every_line_is_there_once(desk, sent):
    """Across the batches. Red when the second batch is read from its beginning on each page."""
    found = []
    for first in range(0, GOOD + BAD, 50):
        found += listed(desk, f"{sent}?lines=every&from={first}")
    assert found == list(range(2, GOOD + BAD + 2))


def test_a_place_that_is_none_shows_the_nearest_page(desk, sent):
    for asked in ("lines=every&from=-50", "lines=every&from=x", "lines=every&from=" + "9" * 5000):
        assert desk.get(f"{sent}?{asked}").status_code == 200
    assert listed(desk, f"{sent}?lines=every&from=99999999999")[-1] == GOOD + BAD + 1
    assert "Lines to look at, 60" in words(desk.get(f"{sent}?lines=nothing"))


def test_with_nothing_to_look_at_every_line_is_shown(desk, depot):
    place = send_file(desk, "number\n+442079460001\n").location
    jobs.run_due()
    page = words(desk.get(place))
    assert "Lines to look at" not in page and "Every line, 1" in page and "1 to 1 of 1" in page
