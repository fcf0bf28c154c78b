"""`make shots`: pictures of every page of a fresh demo, 1280 and 390 wide, light and dark, in both brands, into shots/.

Run as `python -m tests.shots [FOLDER [CHAPTER…]]`.
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from portal.demo.places import anywhere
from portal.demo.running import started
from tests.album import TENANTS, Album

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


def take(folder: Path, page: Page, name: str, complaints: list[str]) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            # What sticks to the top would be drawn where the page was left.
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "shots")
    with tempfile.TemporaryDirectory() as place:
        places = anywhere(Path(place))
        with started(places, quiet=True), sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            for brand, tenant in TENANTS.items():
                (folder / brand).mkdir(parents=True, exist_ok=True)
                album = Album(browser, places, partial(take, folder / brand), tenant)
                for chapter in album.chapters:
                    if not sys.argv[2:] or chapter.__name__ in sys.argv[2:]:
                        print(f"{brand}: {chapter.__name__}")
                        chapter()
                        album.leave()
            browser.close()


if __name__ == "__main__":
    main()
