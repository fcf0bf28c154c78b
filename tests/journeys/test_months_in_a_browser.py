"""Months of an account in headless Chromium: the pages are served for real, and the test moves the clock."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from portal.accounts.models import Account
from portal.app import create_app
from portal.arrears.flows import look_at_all
from portal.billing.run import bill_white_label
from portal.demo.places import Places
from portal.kit import clock as kit_clock
from portal.kit.clock import today
from portal.kit.db import scoped, transaction
from portal.letters.models import Letter
from portal.sandbox import Running
from portal.statements.flows import issue_through
from portal.statements.statement import Month
from portal.verify import verify
from tests.accounts.making import OPTION_1, active, customer, pay, plan
from tests.billing.making import service
from tests.cast import MORNING, PASSWORD, Clock, Company, on_sqlite
from tests.signup.browsing import gateway, sandbox
from tests.walker import VISA, Walker

__all__ = ["gateway", "sandbox"]


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
        for page in self._complaints:
            page.context.close()
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
    if when is not None:
        page.check(f"input[name=when][value={when}]")
    page.click("text=Show what it costs")
    page.click("text=Confirm the change")


@on_sqlite
def test_option_2_from_creation_through_services_and_a_month_to_the_statement(street: Street):
    with transaction(street.company.id) as db:
        service(db, "seat")
    page = street.person("bob@northwind.example")
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
    page.click("text=Activate…")
    page.click("main button.btn-primary")
    own = urlsplit(page.url).path
    street.go(page, f"{own}/services")
    expect(page.locator("main")).to_contain_text("To switch on")
    change(page, "Seat", quantity=5)
    expect(page.locator("main")).to_contain_text("Seat × 5")
    street.live(40)
    with scoped(street.company.id):
        issue_through(Month(date(2026, 11, 1)))
    finance = street.person("fiona@northwind.example")
    street.go(finance, "/finance/statements?whose=ours")
    finance.click("tbody td a >> nth=0")
    statement = finance.locator("main")
    expect(statement).to_contain_text("Gorse Hill Garage")
    expect(statement).to_contain_text("Seat × 5")
    street.go(finance, "/finance/charges?month=2026-12&q=Gorse")
    expect(finance.locator("main")).to_contain_text("Seat × 5, 2 Dec to 1 Jan 2027")


@pytest.fixture
def owner(street: Street) -> tuple[UUID, str]:
    """A customer that pays for itself: 12.00 a month with tax, 20.00 paid, 2.00 left."""
    with transaction(street.company.id) as db:
        plan(db, "bigger", retail_minor=2000, wholesale_minor=800, tax_ppm=200_000)
        account = active(db, customer(db, street.company.plans["desk"], OPTION_1), paid_minor=2000)
        return account.id, f"office-{account.number}@birch.example"


@on_sqlite
def test_a_customer_upgrades_now_and_downgrades_at_the_next_cycle(street: Street, owner: tuple[UUID, str]):
    account_id, login = owner
    with transaction(street.company.id) as db:
        pay(db, db.locked(Account, account_id), 10_000)
    street.clock.advance(days=9)
    page = street.person(login)
    street.go(page, f"/account/{account_id}/services")
    change(page, "Plan bigger", when="now")
    expect(page.locator("main")).to_contain_text("Since 11 November 2026, £20.00 a month")
    change(page, "Desk Phone", when="next")
    expect(page.locator("main")).to_contain_text("Desk Phone from 2 December 2026")
    street.live(25)
    page = street.person(login)
    street.go(page, f"/account/{account_id}/services")
    expect(page.locator("main")).to_contain_text("Since 2 December 2026, £10.00 a month")
    street.go(page, f"/account/{account_id}")
    # 21 of 30 days: 8.40 of the desk phone came back, 16.80 of the bigger plan were charged.
    for line in ("Given back: Desk Phone", "£8.40", "−£16.80", "£12.00 on 2 January 2027"):
        expect(page.locator("main")).to_contain_text(line)


@on_sqlite
def test_low_then_overdue_then_suspended_then_paid_and_active(street: Street, owner: tuple[UUID, str]):
    account_id, login = owner
    street.live(23)
    page = street.person(login)
    street.go(page, f"/account/{account_id}")
    expect(page.locator("main")).to_contain_text("Credit is running low")
    street.live(21)
    page = street.person(login)
    street.go(page, f"/account/{account_id}")
    expect(page.locator("main")).to_contain_text("Suspended: £10.00 is overdue")
    expect(page.locator("main")).to_contain_text("Signing in, paying and everything that was issued still work.")
    street.gateway.move_clock((street.clock() - datetime.now(UTC)).total_seconds())
    page.click("text=Add credit")
    page.fill("#other", "30.00")
    page.click("text=Continue to the card page")
    street._pay(page, VISA)
    page.wait_for_url(f"**/account/{account_id}**")
    page.wait_for_load_state("load")
    street.go(page, f"/account/{account_id}")
    expect(page.locator("main")).to_contain_text("Active")
    expect(page.locator("main")).to_contain_text("£20.00")
    expect(page.locator("main")).not_to_contain_text("Suspended")
    steps = ["credit-low", "overdue", "suspended-unpaid", "reactivated"]
    assert [name for name in street.letters(account_id) if name in steps] == steps
