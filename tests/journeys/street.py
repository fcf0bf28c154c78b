"""Northwind's pages in headless Chromium: they are served for real, and the test moves the clock."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from portal.app import create_app
from portal.arrears.flows import look_at_all
from portal.billing.run import bill_white_label
from portal.demo.places import Places
from portal.kit import clock as kit_clock
from portal.kit.clock import today
from portal.kit.db import transaction
from portal.letters.models import Letter
from portal.sandbox import Running
from portal.verify import verify
from tests.cast import MORNING, PASSWORD, Clock, Company
from tests.walker import Walker


class Street(Walker):
    """Northwind's pages on a port of this machine, as its people meet them; the clock stands until it is moved."""

    def __init__(self, browser: Browser, places: Places, clock: Clock, company: Company, gateway: Running) -> None:
        super().__init__(browser, places, lambda page, name, complaints: None)
        self.clock, self.company, self.gateway = clock, company, gateway

    def person(self, login: str) -> Page:
        return self.signed_in(login, PASSWORD)

    def live(self, days: int) -> None:
        """Day by day what is due is charged, and then credit is looked at, as the worker does."""
        for _ in range(days):
            self.clock.advance(days=1)
            bill_white_label(self.company.id, today("Europe/London"), by="the worker")
            look_at_all(self.company.id)

    def letters(self, account_id: UUID) -> list[str]:
        with transaction(self.company.id) as db:
            found = db.query(Letter).filter_by(about_id=account_id).order_by(Letter.created_at, Letter.id)
            return [letter.name for letter in found]

    def close(self) -> None:
        """Nothing was reported by any browser, and the books agree."""
        heard = [told for each in self._complaints.values() for told in each]
        assert [told for told in heard if "responded with a status of 404" not in told] == []
        self.leave()
        assert [finding.what for finding in verify() if finding.differences and finding.what != "jobs"] == []


@pytest.fixture
def street(
    chromium: Browser, northwind: Company, gateway: Running, change_settings: Any, tmp_path: Path
) -> Iterator[Street]:
    standing = Clock(MORNING)
    standing.advance(hours=1)

    def timed(environ: Any, start: Any) -> Any:
        with kit_clock.reading(standing):
            return application(environ, start)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, timed, threaded=True)
    change_settings(public_port=server.port)
    application = create_app(change_settings())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with kit_clock.reading(standing):
        made = Street(chromium, Places(tmp_path, server.port, 0, 0, 0), standing, northwind, gateway)
        yield made
        made.close()
    server.shutdown()
    thread.join()


def change(page: Page, service_name: str, *, quantity: int | None = None, when: str | None = None) -> None:
    """From the services page: choose, look at what it costs, confirm."""
    page.click(f"tr:has(th:has-text('{service_name}')) a")
    if quantity is not None:
        page.fill("#quantity", str(quantity))
    choice = page.locator(f"input[name=when][value={when}]")
    if when is not None and choice.get_attribute("type") == "radio":  # else there is no other
        choice.check()
    page.click("text=Show what it costs")
    page.click("text=Confirm the change")


def create_gorse_hill(street: Street, page: Page) -> None:
    """Option 2 through the wizard, up to the page that says what comes next."""
    street.go(page, "/customers/new")
    page.click("text=Continue as administrator")
    page.fill("#name", "Gorse Hill Garage")
    page.fill("#primary_domain", "gorse.example")
    page.fill("#display_name", "Gwen Hill")
    page.click("button[name=suggest]")
    page.wait_for_function("document.querySelector('#login_name')?.value !== ''")
    page.click("button[name=generate]")
    page.click("text=Save and continue")
    for field, value in (("line1", "1 Gorse Hill"), ("city", "Bristol"), ("postcode", "BS1 4XY")):
        page.fill(f"#{field}", value)
    page.click("text=Save and continue")
    page.check("#plan-1")
    page.click("text=Save and review")
    page.click("text=Create customer >> nth=-1")
