"""The main job in headless Chromium, and every page held against axe, the CSP and the console."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from portal.demo import browser as plain, cast
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST, OPERATOR_HOST, Places
from portal.demo.tour import Tour
from tests.shots import ADMINISTRATOR, FLAGS, OPERATOR, OUTSIDE

SIZES = ((1280, 900), (390, 844))
PASSWORD = "quiet harbour wool 19"

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as engine:
        made = engine.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield made
        made.close()


class Watched:
    """A page whose console and policy reports are kept, and which is examined wherever it is."""

    def __init__(self, browser: Browser, demo: Places) -> None:
        self.page: Page = browser.new_context(reduced_motion="reduce").new_page()
        self.demo = demo
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, host: str, path: str) -> None:
        self.page.goto(self.demo.url(host, path))

    def sign_in(self, host: str, login: str, password: str = cast.PASSWORD) -> None:
        self.go(host, "/login")
        self.page.fill("#login_name", login)
        self.page.fill("#password", password)
        self.page.click("main button[type=submit]")

    def examine(self) -> None:
        """axe finds nothing, in both themes and sizes; nothing scrolls sideways; the browser reports nothing."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for width, height in SIZES:
                self.page.set_viewport_size({"width": width, "height": height})
                found = Axe().run(self.page).response["violations"]
                told = [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found]
                assert not told, f"{self.page.url} {scheme} {width}: {told}"
                too_wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                assert not too_wide, f"{self.page.url} scrolls sideways at {width}"
        ours = [c for c in self.complaints if "the server responded with a status of 4" not in c]
        assert ours == [], f"{self.page.url}: {ours}"


@pytest.fixture
def watched(chromium: Browser, demo: Places) -> Iterator[Watched]:
    made = Watched(chromium, demo)
    yield made
    made.page.context.close()


@pytest.mark.parametrize("name, path", OUTSIDE)
def test_pages_without_a_sign_in(watched: Watched, name: str, path: str):
    watched.go(NORTHWIND_HOST, path)
    watched.examine()


def test_pages_of_the_administrator(watched: Watched):
    watched.sign_in(NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
    for _, path in ADMINISTRATOR:
        watched.go(NORTHWIND_HOST, path)
        watched.examine()


def test_pages_of_a_customer_in_each_state(watched: Watched):
    watched.sign_in(NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
    for words in ("Acme", "Aroha", "O'Brien", "Bold", "Hartcliffe", "Pier"):
        watched.go(NORTHWIND_HOST, f"/customers?q={words}")
        watched.page.click("tbody a >> nth=0")
        watched.examine()
    watched.go(NORTHWIND_HOST, "/customers?q=Bold")
    watched.page.click("tbody a >> nth=0")
    for act in ("Activate…", "Cancel…"):
        watched.page.click(f"text={act}")
        watched.examine()
        watched.page.go_back()


def test_pages_of_finance(watched: Watched):
    watched.sign_in(KAURI_HOST, cast.KAURI.staff[1].email)
    watched.go(KAURI_HOST, "/finance/charges")
    watched.page.click("text=The figures as a table")
    watched.examine()


def test_pages_of_the_operator(watched: Watched):
    watched.sign_in(OPERATOR_HOST, cast.OPERATOR_STAFF.email)
    for _, path in OPERATOR:
        watched.go(OPERATOR_HOST, path)
        watched.examine()
    watched.go(OPERATOR_HOST, "/operator/white-labels")
    watched.page.click("text=Northwind Voice")
    watched.examine()


def test_pages_of_a_customer(watched: Watched):
    watched.sign_in(NORTHWIND_HOST, "alice@acme-joinery.example")
    watched.go(NORTHWIND_HOST, "/account")
    watched.examine()


def test_the_wizard_with_errors_and_without(watched: Watched):
    page = watched.page
    watched.sign_in(NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
    watched.go(NORTHWIND_HOST, "/customers/new")
    page.click("text=Continue as administrator")
    page.click("text=Save and continue")
    watched.examine()
    page.fill("#name", "Gorse Hill Garage")
    page.fill("#primary_domain", "gorsehill.example")
    page.fill("#display_name", "Gwen Hill")
    page.fill("#login_name", "gwen@gorsehill.example")
    page.click("button[name=generate]")
    watched.examine()
    page.click("text=Save and continue")
    page.fill("#line1", "1 Gorse Hill")
    page.fill("#city", "Bristol")
    page.fill("#postcode", "bs1 4xy")
    watched.examine()
    page.click("text=Save and continue")
    page.check("#plan-1")
    watched.examine()
    page.click("text=Save and review")
    watched.examine()
    page.click("text=Create customer >> nth=-1")
    watched.examine()
    page.click("text=Activate…")
    page.click("main button.btn-primary")
    assert "is active" in page.inner_text("main")
    watched.examine()


def test_option_1_on_a_phone_with_a_decline_3d_secure_and_success(watched: Watched, demo: Places):
    link = _new_link(demo, "Seal Bay Kayaks", "sealbay.example", "Selma Bay")
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(link)
    assert page.url.endswith("/activation")
    watched.examine()
    page.click("text=Yes, continue")
    page.fill("#password", "short")
    page.click("main button[type=submit]")
    watched.examine()
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.check("#terms")
    page.click("main button[type=submit]")
    watched.examine()
    page.click("main button[type=submit]")
    _card(page, "4000000000009995")
    assert "Declined" in page.inner_text("body")
    page.goto(demo.url(NORTHWIND_HOST, "/activation/return"))
    assert "No money was taken." in page.inner_text("main")
    watched.examine()
    page.click("main button[type=submit]")
    _card(page, "4000002500003155")
    page.click("text=Complete: yes, it is me")
    page.wait_for_url("**/activation/done")
    assert "Your account is active" in page.inner_text("main")
    watched.examine()


def test_a_scanning_browser_that_opens_the_link_ten_times_consumes_nothing(chromium: Browser, demo: Places):
    link = _new_link(demo, "Puffin Rock Cafe", "puffinrock.example", "Petra Rock")
    for _ in range(10):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(link)
        page.click("text=Yes, continue")
        assert "Choose a password" in page.inner_text("main")
        context.close()


def _card(page: Page, number: str) -> None:
    for name, value in (("number", number), ("expires", "12 / 39"), ("cvc", "123"), ("holder", "Selma Bay")):
        page.fill(f"#{name}", value)
    page.click("form.card-form button[type=submit]")


def _new_link(demo: Places, name: str, domain: str, person: str) -> str:
    tour = Tour(demo, lambda what, shown: None)
    tour.bob = plain.Browser()
    tour.sign_in(tour.bob, NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
    tour.create("customer", name, domain, person)
    return tour.link_for(f"{person.split(maxsplit=1)[0].casefold()}@{domain}")
