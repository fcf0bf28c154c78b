"""Lists that are in memory whole: found by words, a page at a time."""

import pytest
from werkzeug.datastructures import MultiDict

from portal.kit.slices import Asked, is_found, listed, read_asked

ROWS = [str(n) for n in range(95, 106)]


def shown(asked, rows=ROWS, size=4):
    return listed(rows, asked, "/there", size=size, key_of=str, texts_of=lambda row: (f"{row} Desk",),
                  order=lambda key: (len(key), key))


def walk(href_of, first):
    """Every row that one meets from link to link."""
    page, met = first, [*first.rows]
    while href := href_of(page):
        page = shown(Asked(**{name: href.partition(f"{name}=")[2] for name in ("before", "after") if name in href}))
        met += page.rows
    return met, page


def test_each_row_once_in_order_and_back_again():
    met, last = walk(lambda page: page.older_href, shown(Asked()))
    assert met == ROWS and last.older_href is None and last.total == 11
    back, first = walk(lambda page: page.newer_href, last)
    assert sorted(back, key=int) == ROWS and first.newer_href is None and first.rows == ROWS[:4]


def test_a_row_that_goes_or_comes_shifts_nothing():
    """Red with pages counted by rows: one is shown twice, or never."""
    behind = Asked(before="98")
    assert shown(behind).rows == ["99", "100", "101", "102"]
    assert shown(behind, [row for row in ROWS if row not in ("96", "98")]).rows == ["99", "100", "101", "102"]


def test_a_page_that_is_no_more_is_the_last_one_and_none_of_nothing():
    assert shown(Asked(before="900")).rows == ["105"] and shown(Asked(after="1")).rows == ROWS[:4]
    assert shown(Asked(before="900"), []).rows == [] == shown(Asked(words="Attic")).rows


def test_words_stay_in_the_links():
    found = shown(Asked(words="DESK 10"), size=2)
    assert (found.rows, found.total, found.is_long) == (["100", "101"], 6, True)
    assert (found.newer_href, found.older_href) == (None, "/there?q=DESK+10&before=101")
    assert not shown(Asked(), ROWS[:4]).is_long and shown(Asked()).is_long


@pytest.mark.parametrize(("words", "is_it"), [
    ("", True), ("front", True), ("FRONT 10", True), ("Straße", True), ("STRASSE", True), ("back", False), ("%", False),
])
def test_each_word_has_to_be_there(words, is_it):
    assert is_found(words, "101 Front Desk", "Straße") is is_it


def test_what_is_too_long_is_cut():
    asked = read_asked(MultiDict({"q": f"  {'x' * 500}", "before": "y" * 500}))
    assert (len(asked.words), len(asked.before), asked.after) == (100, 100, "")
