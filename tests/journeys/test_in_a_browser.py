"""The main job in headless Chromium, and every page held against axe, the CSP and the console."""

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Error, Page

from portal.app import create_app
from portal.demo.cast import KAURI
from portal.demo.places import Places
from portal.kit.db import database
from tests.album import CHAPTERS, Album, unvisited

SIZES = ((1280, 900), (390, 844))
COLOURS = ("color-contrast", "link-in-text-block")
"""All that another theme can change: the dark one gives the same page other colours, and nothing else."""

RUN = """asked => axe.run(document, asked).then(found => found.violations.map(
    each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"""


def examine(page: Page, name: str, complaints: list[str]) -> None:
    """axe finds nothing, in both themes and sizes; nothing scrolls sideways; the browser reported nothing."""
    hold(page, name, complaints, {"light": (), "dark": COLOURS})


def examine_colours(page: Page, name: str, complaints: list[str]) -> None:
    """The same for a page that is known already, in other colours."""
    hold(page, name, complaints, {"light": COLOURS, "dark": COLOURS})


def hold(page: Page, name: str, complaints: list[str], themes: dict[str, Sequence[str]]) -> None:
    """Each theme with the rules of axe that count in it; none are all of them."""
    for scheme, rules in themes.items():
        page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            told = _violations(page, rules)
            assert not told, f"{name} at {page.url}, {scheme} {width}: {told}"
            too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            assert not too_wide, f"{name} at {page.url} scrolls sideways at {width}"
    ours = [words for words in complaints if "the server responded with a status of 4" not in words]
    assert ours == [], f"{name} at {page.url}: {ours}"


@pytest.fixture(scope="session")
def walk(chromium: Browser, demo: Places) -> Album:
    """One walk through the product; which pages it showed is looked at when all chapters are over."""
    return Album(chromium, demo, examine)


def _violations(page: Page, rules: Sequence[str]) -> list[Any]:
    """What axe finds, by all of its rules or by these. It is given to a page with the first question, and again where a
    page moved on under it."""
    asked = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    try:
        return list(page.evaluate(RUN, asked))
    except Error:
        page.wait_for_load_state("load")
        page.evaluate(AXE_SCRIPT)
        return list(page.evaluate(RUN, asked))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_page_holds_against_axe_the_policy_and_the_console(walk: Album, chapter: str):
    """Each page in each role, light and dark, 1280 and 390 wide. Red with an unlabelled field, or an inline style."""
    try:
        getattr(walk, chapter)()
    finally:
        walk.leave()


def test_no_page_was_left_out(walk: Album, demo: Places):
    """Shown red by taking any chapter, or any step of one, out of the walk."""
    app = create_app(demo.settings())
    database().dispose()
    assert unvisited(app.url_map, walk.shown) == set()


@pytest.mark.parametrize("chapter", ["outside", "activation", "finance", "people"])
def test_another_brand_reads_as_well(chromium: Browser, demo: Places, chapter: str):
    """Orange instead of teal: the computed colours keep their contrast."""
    album = Album(chromium, demo, examine_colours, KAURI)
    getattr(album, chapter)()
    album.leave()
