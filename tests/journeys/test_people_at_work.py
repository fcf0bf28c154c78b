"""What people do with the product in Chromium: leave and come back, pay in two tabs, meet a robot, look next door."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo import cast
from portal.demo.cast import KAURI
from portal.demo.places import Places
from tests.album import DECLINED, NEW_PASSWORD, THREE_D_SECURE, VISA, Album


def unseen(page: Page, name: str, complaints: list[str]) -> None:
    """Journeys look at what happens; the walk looks at how pages are made."""


@pytest.fixture
def album(chromium: Browser, demo: Places) -> Iterator[Album]:
    made = Album(chromium, demo, unseen)
    yield made
    made.leave()


def begin(album: Album, name: str) -> tuple[Page, str]:
    """A customer who opened the link and chose a password; the page that asks for money, and the login name."""
    domain = f"{re.sub('[^a-z]', '', name.casefold())}-{album.mark}.example"
    page = album.visitor()
    page.goto(album.new_link(name, domain, "Selma Bay"))
    page.click("text=Yes, continue")
    page.fill("#password", NEW_PASSWORD)
    page.fill("#again", NEW_PASSWORD)
    page.check("#terms")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_have_text("Add money to start")
    return page, f"selma.bay@{domain}"


def payments_of(album: Album, login: str) -> str:
    """What the customer's own account says was paid."""
    page = album.signed_in(login, NEW_PASSWORD)
    album.go(page, "/account")
    return page.inner_text("main")


def test_declined_then_3d_secure_abandoned_then_finished_on_another_device(album: Album):
    page, login = begin(album, "Abandoned Kayaks")
    page.click("main button[type=submit]")
    album._pay(page, DECLINED)
    expect(page.locator("body")).to_contain_text("Declined")
    album._pay(page, THREE_D_SECURE)
    expect(page.locator("body")).to_contain_text("bank asks")
    page.close()  # the window is closed in the middle of it
    elsewhere = album.signed_in(login, NEW_PASSWORD)
    assert urlsplit(elsewhere.url).path == "/activation/payment"
    expect(elsewhere.locator("main")).to_contain_text("No money was taken")
    elsewhere.click("main button[type=submit]")
    album._pay(elsewhere, VISA)
    elsewhere.wait_for_url("**/activation/done")
    assert payments_of(album, login).count("Card payment") == 1


def test_two_tabs_pay_once(album: Album):
    page, login = begin(album, "Two Tabs")
    other = page.context.new_page()
    album.go(other, "/activation/payment")
    for tab in (page, other):
        tab.click("main button[type=submit]")
    assert page.url == other.url, "both tabs stand at the same card page"
    album._pay(page, VISA)
    page.wait_for_url("**/activation/done")
    other.reload()
    expect(other.locator("body")).not_to_contain_text("Card number")
    album.go(other, "/activation/payment")
    assert urlsplit(other.url).path == "/activation/done"
    assert payments_of(album, login).count("Card payment") == 1


def test_the_waiting_page_goes_on_by_itself(album: Album):
    """Nobody reloads it. Red without the script, for whoever has scripts."""
    page, _ = begin(album, "Patient Divers")
    page.click("main button[type=submit]")
    card = page.url
    waiting = page.context.new_page()
    album.go(waiting, "/activation/waiting")
    expect(waiting.locator("h1")).to_have_text("Checking your payment")
    assert page.url == card
    album._pay(page, VISA)
    waiting.wait_for_url("**/activation/done", timeout=30_000)


def test_without_scripts_the_whole_way_works(chromium: Browser, demo: Places, album: Album):
    link = album.new_link("Plain Pages", f"plain-{album.mark}.example", "Selma Bay")
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(link)
    page.click("text=Yes, continue")
    page.fill("#password", NEW_PASSWORD)
    page.fill("#again", NEW_PASSWORD)
    page.check("#terms")
    page.click("main button[type=submit]")
    page.click("main button[type=submit]")
    album._pay(page, VISA)
    page.wait_for_url("**/activation/done")


def test_a_robot_that_clicks_consumes_nothing(album: Album):
    """A mail scanner with a browser: opens the link ten times and presses what it finds. Its person still activates."""
    link = album.new_link("Puffin Rock", f"puffin-{album.mark}.example", "Petra Rock")
    for _ in range(10):
        robot = album.visitor()
        robot.goto(link)
        robot.click("main button")
        expect(robot.locator("h1")).to_have_text("Choose a password")
        robot.click("main button[type=submit]")
        expect(robot.locator(".error-summary")).to_be_visible()
        robot.context.close()
    page = album.visitor()
    page.goto(link)
    page.click("text=Yes, continue")
    page.fill("#password", NEW_PASSWORD)
    page.fill("#again", NEW_PASSWORD)
    page.check("#terms")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_have_text("Add money to start")


def test_the_wizard_is_left_and_resumed(album: Album):
    page = album.administrator()
    album.go(page, "/customers/new")
    page.click("text=Continue as administrator")
    domain = f"left-{album.mark}.example"
    album._fill_contact(page, f"Left Alone {album.mark}", domain, "Lena Alone")
    page.click("button[name=generate]")
    page.click("text=Save and finish later")
    page.context.close()
    again = album.administrator()
    album.go(again, "/customers/new")
    again.click(f"text=Left Alone {album.mark}")
    assert urlsplit(again.url).path.endswith("/addresses")
    again.click("text=Back")
    assert again.input_value("#primary_domain") == domain
    assert again.input_value("#login_name") == f"lena.alone@{domain}"
    album.go(again, "/customers/new")
    again.click(f"button:has-text('Discard Left Alone {album.mark}')")
    expect(again.locator("main")).not_to_contain_text(f"Left Alone {album.mark}")


def test_option_2_from_creation_to_the_charge_that_finance_sees(album: Album):
    album.wizard()
    page = album.signed_in(cast.NORTHWIND.staff[1].email)
    album.go(page, "/finance/charges?q=Gorse")
    expect(page.locator("tbody >> nth=-1")).to_contain_text("Gorse Hill Garage")
    page.click("a.row-open >> nth=0")
    expect(page.locator("tr.detail")).to_contain_text("You (Option 2)")


def test_a_second_white_label_sees_nothing_of_the_first(chromium: Browser, demo: Places, album: Album):
    page = album.administrator()
    album.go(page, "/customers")
    page.click("tbody th a >> nth=0")
    customer = urlsplit(page.url).path
    next_door = Album(chromium, demo, unseen, KAURI)
    charlie = next_door.administrator()
    for path in (customer, f"{customer}/users", f"{customer}/details", f"{customer}/activation"):
        answer = charlie.goto(demo.url(next_door.host, path))
        assert answer is not None and answer.status == 404, path
    next_door.go(charlie, "/customers?q=Acme")
    expect(charlie.locator("main")).to_contain_text("No customer fits")
    names = {customer.name for customer in cast.NORTHWIND.customers}
    next_door.go(charlie, "/customers")
    assert not [name for name in names if name in charlie.inner_text("main")]
