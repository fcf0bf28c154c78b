"""Somebody who walks through the product in a browser, sees each page, and remembers which addresses were shown."""

import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from portal.demo import browser as plain, cast
from portal.demo.cast import NORTHWIND, Tenant
from portal.demo.places import Places

See = Callable[[Page, str, list[str]], None]
NEW_PASSWORD = "quiet harbour wool 19"
ADDRESS = {
    "northwind.localhost": ("1 Gorse Hill", "Bristol", "bs1 4xy"),
    "kauri.localhost": ("3 Cuba Street", "Wellington", "6011"),
}
CARD = {"expires": "12 / 39", "cvc": "123", "holder": "A Customer"}
DECLINED, THREE_D_SECURE, VISA = "4000000000009995", "4000002500003155", "4242424242424242"

# What a browser cannot be shown: no page, no HTML, or an address that only leads on.
NO_PAGES = {
    "/", "/account/numbers", "/account/services", "/account/users", "/activate/<token>",
    "/bootstrap/static/<path:filename>", "/brand.css",
    "/account/<uuid:account_id>/credit-notes/<uuid:note_id>.pdf",
    "/account/<uuid:account_id>/receipts/<uuid:funding_id>.pdf",
    "/account/<uuid:account_id>/statements/<uuid:statement_id>.csv",
    "/account/<uuid:account_id>/statements/<uuid:statement_id>.pdf",
    "/customers/export.csv", "/finance", "/finance/charges.csv", "/finance/credit-notes/<uuid:note_id>.pdf",
    "/finance/statements/<uuid:statement_id>.csv", "/finance/statements/<uuid:statement_id>.pdf",
    "/operator/white-labels/<uuid:white_label_id>/credit-notes/<uuid:wholesale_note_id>.pdf",
    "/operator/white-labels/<uuid:white_label_id>/statements/<uuid:wholesale_id>.csv",
    "/operator/white-labels/<uuid:white_label_id>/statements/<uuid:wholesale_id>.pdf",
    "/account/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/documents/<uuid:document_id>",
    "/customers/<uuid:account_id>/numbers/port-ins/<uuid:port_id>/documents/<uuid:document_id>",
    "/operator/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/documents/<uuid:document_id>",
    "/health/live", "/health/ready", "/icon.svg", "/operator/numbers/export.csv", "/profile/address/<token>",
    "/invitations/<token>", "/operator/numbers/imports/<uuid:import_id>/fates.csv", "/logo", "/operator",
    "/not-me/<token>", "/password/reset/<token>", "/password/set/<token>", "/settings",
    "/static/<path:filename>", "/provisioning/v1/<account>", "/provisioning/v1/<account>/clips/<uuid:clip_id>",
    # Staff of the demo need no second factor; the browser meets the page in journeys/test_second_factor_in_a_browser.
    "/login/second-factor",
    "/account/<uuid:account_id>/pbx/clips/<uuid:clip_id>", "/customers/<uuid:account_id>/pbx/clips/<uuid:clip_id>",
}


class Walker:
    """A browser for one white label, and people who sign in to it."""

    def __init__(self, browser: Browser, places: Places, see: See, tenant: Tenant = NORTHWIND) -> None:
        self.browser, self.places, self.tenant = browser, places, tenant
        self.shown: set[str] = set()
        self._see = see
        self._complaints: dict[Page, list[str]] = {}
        self.mark = secrets.token_hex(3)

    @property
    def host(self) -> str:
        return self.tenant.brand.host

    def see(self, page: Page, name: str) -> None:
        # A click comes back when the next page begins; what is looked at has to be there.
        page.wait_for_load_state("load")
        page.wait_for_function("document.readyState === 'complete'")
        self.shown.add(urlsplit(page.url).path)
        self._see(page, name, self._complaints[page])

    def visitor(self) -> Page:
        """Somebody new, whose browser's reports are kept: policy, console, errors."""
        page = self.browser.new_context(reduced_motion="reduce").new_page()
        heard: list[str] = []
        self._complaints[page] = heard
        page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        return page

    def leave(self) -> None:
        """Close everybody's browser: a page that follows something would ask for ever."""
        for page in self._complaints:
            page.context.close()
        self._complaints.clear()

    def go(self, page: Page, path: str, name: str = "", host: str = "") -> None:
        page.goto(self.places.url(host or self.host, path))
        if name:
            self.see(page, name)

    def signed_in(self, login: str, password: str = cast.PASSWORD, host: str = "") -> Page:
        page = self.visitor()
        self.go(page, "/login", host=host)
        page.fill("#login_name", login)
        page.fill("#password", password)
        page.click("main button[type=submit]")
        assert "/login" not in page.url, f"{login} could not sign in"
        return page

    def administrator(self) -> Page:
        return self.signed_in(self.tenant.staff[0].email)

    def at_own_account(self) -> Page:
        """The first customer who pays for itself, at their account, however many they have."""
        owner = next(c for c in self.tenant.customers if c.administration == cast.OPTION_1 and c.story == "active")
        page = self.signed_in(owner.email or f"{owner.person.split()[0].casefold()}@{owner.domain}")
        self.go(page, "/account")
        if page.url.endswith("/account"):
            page.click(f"main a:has-text('{owner.name}')")
            page.wait_for_url("**/account/*-*")
        return page

    def _open(self, page: Page, query: str) -> bool:
        self.go(page, f"/customers?{query}")
        if page.locator("tbody th a").count() == 0:
            return False
        page.click("tbody th a >> nth=0")
        return True

    def _pay(self, page: Page, number: str) -> None:
        for name, value in {"number": number, **CARD}.items():
            page.fill(f"#{name}", value)
        page.click("form.card-form button[type=submit]")

    def link(self, address: str, path: str) -> str:
        """The link in the newest letter to an address, once it is there."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for letter in reversed(plain.Browser().get(f"{self.places.inbox_url}/letters.json").json()):
                found = re.search(rf"http://\S+{path}[\w.\-]+", letter["text"])
                if address in letter["to"] and found:
                    return found[0]
            time.sleep(0.2)
        raise AssertionError(f"no letter to {address} with {path}")

    def _fill_contact(self, page: Page, name: str, domain: str, person: str) -> None:
        page.fill("#name", name)
        page.fill("#primary_domain", domain)
        page.fill("#display_name", person)
        page.click("button[name=suggest]")
        page.wait_for_function("document.querySelector('#login_name')?.value !== ''")

    def _choose_password(self, page: Page, link: str) -> None:
        page.goto(link)
        page.click("text=Yes, continue")
        page.fill("#password", NEW_PASSWORD)
        page.fill("#again", NEW_PASSWORD)
        page.check("#terms")
        page.click("main button[type=submit]")

    def new_link(self, name: str, domain: str, person: str) -> str:
        page = self.administrator()
        self.go(page, "/customers/new")
        page.click("text=Continue with new customer")
        self._fill_contact(page, name, domain, person)
        page.click("text=Save and continue")
        line, city, postcode = ADDRESS[self.host]
        for field, value in (("line1", line), ("city", city), ("postcode", postcode)):
            page.fill(f"#{field}", value)
        page.click("text=Save and continue")
        page.check("#plan-1")
        page.click("text=Save and review")
        page.click("text=Create customer >> nth=-1")
        first, last = person.casefold().split()
        return self.link(f"{first}.{last}@{domain}", "/activate/")
