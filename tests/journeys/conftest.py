"""A whole demo of the test's own: portal, worker, gateway sandbox and mail sink, over real HTTP."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal.demo.places import Places, anywhere
from portal.demo.running import started
from tests.shots import FLAGS

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    places = anywhere(tmp_path_factory.mktemp("demo"))
    with started(places, quiet=True):
        yield places


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Debian's Chromium. Without it the browser journeys are skipped loudly, or fail where CI requires them."""
    if CHROMIUM is not None:
        return CHROMIUM
    if os.environ.get("PORTAL_REQUIRE_BROWSER"):
        pytest.fail("Chromium is not installed, and this run requires the browser journeys.")
    pytest.skip("CHROMIUM IS MISSING: the browser journeys did not run. Install Debian's chromium.")


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as engine:
        made = engine.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield made
        made.close()
