"""Months of an account in a browser: services to the statement, up and down, low to paid."""

from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import expect

from portal.accounts.models import Account
from portal.kit.db import scoped, transaction
from portal.payments.background import look_for_disputes
from portal.statements.flows import issue_through
from portal.statements.statement import Month
from tests.accounts.making import OPTION_1, active, customer, pay, plan
from tests.billing.making import service
from tests.cast import on_sqlite
from tests.journeys.street import Street, change, create_gorse_hill, street
from tests.signup.browsing import gateway, sandbox
from tests.walker import VISA

FRAUDULENT = "4000000000000259"

__all__ = ["gateway", "sandbox", "street"]


@on_sqlite
def test_option_2_from_creation_through_services_and_a_month_to_the_statement(street: Street):
    with transaction(street.company.id) as db:
        service(db, "seat")
        service(db, "care", retail=700, wholesale=0)
    page = street.person("bob@northwind.example")
    create_gorse_hill(street, page)
    page.click("text=Activate…")
    page.click("main button.btn-primary")
    own = urlsplit(page.url).path
    street.go(page, f"{own}/services")
    expect(page.locator("main")).to_contain_text("To switch on")
    change(page, "Seat", quantity=5)
    expect(page.locator("main")).to_contain_text("Seat × 5")
    change(page, "Care")
    street.live(40)
    with scoped(street.company.id):
        issue_through(Month(date(2026, 11, 1)))
    finance = street.person("fiona@northwind.example")
    street.go(finance, "/finance/statements?whose=ours")
    finance.click("tbody td a >> nth=0")
    statement = finance.locator("main")
    expect(statement).to_contain_text("Gorse Hill Garage")
    expect(statement).to_contain_text("Seat × 5")
    for_nothing = statement.locator("tr", has_text="Care")
    expect(for_nothing).to_contain_text("£0.00£0.00£0.00£7.00£7.00")
    street.go(finance, "/finance/charges?month=2026-12&q=Gorse")
    expect(finance.locator("main")).to_contain_text("Seat × 5, 2 Dec 2026 to 1 Jan 2027")


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
    expect(page.locator("main")).to_contain_text("Signing in, paying, statements and receipts still work.")
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


@on_sqlite
def test_a_disputed_payment_as_the_customer_and_the_white_label_see_it(street: Street, owner: tuple[UUID, str]):
    """Its card's holder went to their bank a moment after paying 30.00. The nightly question finds it, too."""
    account_id, login = owner
    street.gateway.move_clock((street.clock() - datetime.now(UTC)).total_seconds())
    page = street.person(login)
    street.go(page, f"/account/{account_id}/credit")
    page.fill("#other", "30.00")
    page.click("text=Continue to the card page")
    street._pay(page, FRAUDULENT)
    page.wait_for_url(f"**/account/{account_id}**")
    street.gateway.move_clock((street.clock() - datetime.now(UTC)).total_seconds() + 60)
    with scoped(street.company.id):
        look_for_disputes({})
    street.go(page, f"/account/{account_id}")
    for words in ("Disputed, taken back by the bank of Visa ending 0259", "−£30.00"):
        expect(page.locator("main")).to_contain_text(words)
    staff = street.person("bob@northwind.example")
    street.go(staff, "/settings/gateway")
    disputed = staff.locator("section", has_text="Disputed payments").last
    expect(disputed).to_contain_text("Birch Dental")
    expect(disputed).to_contain_text("the holder of the card says they did not make it")
    disputed.get_by_role("link", name="Birch Dental").click()
    expect(staff.locator("main")).to_contain_text("Payment disputed, and taken back by the bank")
    assert [name for name in street.letters(account_id) if name.startswith("disputed")] == [
        "disputed", "disputed-notice", "disputed-notice"]
