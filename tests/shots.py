"""`make shots`: pictures of the pages of a fresh demo, 1280 and 390 wide, light and dark, into shots/.

Run as `python -m tests.shots [FOLDER]`.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from portal.demo import cast
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST, OPERATOR_HOST, Places, anywhere
from portal.demo.running import started

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

ADMINISTRATOR = [
    ("customers", "/customers"),
    ("customers-none", "/customers?q=nobody"),
    ("choose", "/customers/new"),
    ("gateway", "/settings/gateway"),
    ("disconnect", "/settings/gateway/disconnection"),
    ("letters", "/settings/letters"),
    ("change-password", "/password/change"),
    ("missing", "/no-such-page"),
    ("charges-admin", "/finance/charges"),
]
OPERATOR = [
    ("white-labels", "/operator/white-labels"),
    ("white-label-new", "/operator/white-labels/new"),
    ("health", "/operator/health"),
]
OUTSIDE = [
    ("login", "/login"),
    ("forgotten", "/password/forgotten"),
    ("lost-link", "/activation/lost"),
    ("dead-link", "/activate/nothing"),
    ("terms", "/activation/terms"),
]


class Shots:
    def __init__(self, places: Places, browser: Browser, folder: Path) -> None:
        self.places, self.browser, self.folder = places, browser, folder

    def take(self, page: Page, name: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                page.screenshot(path=self.folder / f"{name}-{size}-{scheme}.png", full_page=True)

    def person(self, host: str, login: str | None) -> Page:
        page = self.browser.new_context().new_page()
        if login is not None:
            page.goto(self.places.url(host, "/login"))
            page.fill("#login_name", login)
            page.fill("#password", cast.PASSWORD)
            page.click("main button[type=submit]")
        return page

    def visit(self, page: Page, host: str, pages: list[tuple[str, str]]) -> None:
        for name, path in pages:
            page.goto(self.places.url(host, path))
            self.take(page, name)

    def all(self) -> None:
        self.visit(self.person(NORTHWIND_HOST, None), NORTHWIND_HOST, OUTSIDE)
        bob = self.person(NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
        self.visit(bob, NORTHWIND_HOST, ADMINISTRATOR)
        self.customer_pages(bob)
        self.wizard(bob)
        fiona = self.person(KAURI_HOST, cast.KAURI.staff[1].email)
        self.visit(fiona, KAURI_HOST, [("charges", "/finance/charges"), ("not-allowed", "/customers")])
        olga = self.person(OPERATOR_HOST, cast.OPERATOR_STAFF.email)
        self.visit(olga, OPERATOR_HOST, OPERATOR)
        olga.goto(self.places.url(OPERATOR_HOST, "/operator/white-labels"))
        olga.click("text=Northwind Voice")
        self.take(olga, "white-label")
        alice = self.person(NORTHWIND_HOST, "alice@acme-joinery.example")
        self.visit(alice, NORTHWIND_HOST, [("account", "/account")])
        femi = self.person(NORTHWIND_HOST, "femi@quayside-cycles.example")
        self.visit(femi, NORTHWIND_HOST, [("payment", "/activation/payment")])
        irina = self.person(NORTHWIND_HOST, "irina@baikal-tea.example")
        self.visit(irina, NORTHWIND_HOST, [("payment-declined", "/activation/payment")])
        self.activation()

    def customer_pages(self, bob: Page) -> None:
        wanted = {
            "customer-active": "Acme",
            "customer-bounced": "Te Aroha",
            "customer-mailed": "O'Brien",
            "customer-option-2": "Bold",
            "customer-long": "Llanfair",
        }
        for name, words in wanted.items():
            bob.goto(self.places.url(NORTHWIND_HOST, f"/customers?q={words.split()[0]}"))
            bob.click("tbody a >> nth=0")
            self.take(bob, name)
        bob.goto(self.places.url(NORTHWIND_HOST, "/customers?q=Bold"))
        bob.click("tbody a >> nth=0")
        bob.click("text=Activate…")
        self.take(bob, "activate-option-2")
        bob.go_back()
        bob.click("text=Cancel…")
        bob.click("main button.btn-danger")
        self.take(bob, "cancel-errors")

    def wizard(self, bob: Page) -> None:
        bob.goto(self.places.url(NORTHWIND_HOST, "/customers/new"))
        bob.click("text=Continue as administrator")
        bob.click("text=Save and continue")
        self.take(bob, "contact-errors")
        bob.fill("#name", "Acme Joinery Two Ltd")
        bob.fill("#primary_domain", "acme-two.example")
        bob.fill("#display_name", "Alice Penhaligon")
        bob.fill("#login_name", "alice@acme-two.example")
        bob.click("button[name=generate]")
        self.take(bob, "contact")
        bob.click("text=Save and continue")
        bob.fill("#line1", "Unit 14b, The Old Sail Loft")
        bob.fill("#city", "Bristol")
        self.take(bob, "addresses")
        bob.click("text=Save and continue")
        bob.check("#plan-2")
        self.take(bob, "plan")
        bob.click("text=Save and review")
        self.take(bob, "review")

    def activation(self) -> None:
        page = self.person(KAURI_HOST, None)
        page.goto(f"{self.places.inbox_url}/letters.json")
        found = re.findall(rf"http://{KAURI_HOST}:\d+/activate/[\w.\-]+", page.content())
        page.goto(found[-1])
        self.take(page, "activation-check")
        page.click("text=Yes, continue")
        page.fill("#password", "kauri kauri kauri")
        page.click("main button[type=submit]")
        self.take(page, "activation-password-errors")
        page.fill("#password", "quiet harbour wool 19")
        page.fill("#again", "quiet harbour wool 19")
        page.check("#terms")
        page.click("main button[type=submit]")
        self.take(page, "activation-payment")
        page.click("main button[type=submit]")
        self.take(page, "sandbox-card")
        for name, value in (
            ("number", "4242424242424242"),
            ("expires", "12 / 39"),
            ("cvc", "123"),
            ("holder", "Aroha"),
        ):
            page.fill(f"#{name}", value)
        page.click("form.card-form button[type=submit]")
        page.wait_for_url("**/activation/done")
        self.take(page, "activation-done")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "shots")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        places = anywhere(Path(place))
        with started(places, quiet=True), sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            Shots(places, browser, folder).all()
            browser.close()


if __name__ == "__main__":
    main()
