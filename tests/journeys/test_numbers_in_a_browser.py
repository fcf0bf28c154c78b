"""Option 2 with numbers and phone settings in a browser, from the wizard to what a PBX takes up."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from portal.kit.db import transaction
from tests.cast import on_sqlite
from tests.journeys.street import Street, create_gorse_hill, street
from tests.numbers.making import number, price_class
from tests.signup.browsing import gateway, sandbox

__all__ = ["gateway", "sandbox", "street"]


def save(page: Page, path: str, **fields: str) -> None:
    """Fill in the form of one part of the phone settings, and save it."""
    page.goto(path)
    for name, value in fields.items():
        place = page.locator(f"#{name}")
        if place.evaluate("e => e.tagName") == "SELECT":
            place.select_option(value)
        elif place.get_attribute("type") == "checkbox":
            place.check()
        else:
            place.fill(value)
    page.click("main form[novalidate] button.btn-primary")
    page.wait_for_load_state("load")
    assert not page.url.endswith("/new"), page.inner_text("main")


def taken_up(street: Street, account_number: str, key: str) -> tuple[int, dict[str, object]]:
    """What the white label's PBX is answered."""
    asked = HTTPConnection("127.0.0.1", street.places.portal, timeout=10)
    headers = {"Host": f"{street.host}:{street.places.portal}", "Authorization": f"Bearer {key}"}
    asked.request("GET", f"/provisioning/v1/{account_number}", headers=headers)
    answer = asked.getresponse()
    found = json.loads(answer.read())
    asked.close()
    return answer.status, found


def stock(street: Street) -> None:
    """Five free numbers, of which one needs to know where it stands."""
    with transaction(street.company.id) as db:
        price_class(db)
        for last in range(5):
            number(db, last, needs_address=last == 2)


def take_three_numbers(page: Page) -> None:
    page.click("text=Add numbers")
    page.click("main a:has-text('Find a number') >> nth=0")
    for n in range(3):
        page.check(f"input[name=chosen] >> nth={n}")
    page.click("text=Reserve for ten minutes")
    expect(page.locator("main")).to_contain_text("Nothing is charged while the account is inactive")
    expect(page.locator("main")).to_contain_text("There are no extensions yet")
    ways = page.locator("select[name^=to_] >> nth=0 >> option")
    expect(ways).to_have_text(["Decide later", "A number outside"])
    page.click("text=Assign these 3 numbers")
    expect(page.locator("main")).to_contain_text("+44 113 496 0002")


def take_one_that_rings(page: Page, numbers: str) -> None:
    """Once there are extensions, the quote offers them, too."""
    page.goto(f"{numbers}/search?country=GB")
    page.check("input[name=chosen] >> nth=0")
    page.click("text=Reserve for ten minutes")
    number_outside = page.locator("input[name$=_outside]")
    page.select_option("select[name^=to_]", "outside")
    expect(number_outside).to_be_visible()
    page.select_option("select[name^=to_]", "extension:102")
    expect(number_outside).to_be_hidden()
    page.click("text=Assign this number")
    expect(page.locator("tbody tr:has-text('0003')")).to_contain_text("Extension 102 (Workshop)")
    expect(page.locator("tbody tr:has-text('0002')")).to_contain_text("Nowhere yet")


def say_where_it_stands(page: Page) -> None:
    page.click("a:has-text('0002')")
    page.click("main a[href$='/emergency']")
    for field, value in (("line1", "1 Gorse Hill"), ("city", "Leeds"), ("postcode", "LS1 4AP")):
        page.fill(f"#{field}", value)
    page.click("text=Save and validate")
    expect(page.locator("main")).to_contain_text("1 Gorse Hill")


def make_extensions(page: Page, base: str) -> None:
    for extension, name in (("101", "Reception"), ("102", "Workshop")):
        save(page, f"{base}/extensions/new", number=extension, name=name, voicemail="y")
        page.goto(f"{base}/extensions/{extension}")
        page.click("text=Make a password")


def set_up_phones(page: Page, base: str) -> None:
    page.goto(f"{base}/groups/new")
    page.click("button[name=row][value='add:members']")
    page.select_option("#members-0", "101")
    page.select_option("#members-1", "102")
    page.fill("#number", "600")
    page.fill("#name", "Everybody")
    page.select_option("#then", "voicemail:101")
    page.click("main form[novalidate] button.btn-primary")
    page.goto(f"{base}/hours/new")
    if page.locator("#open-0-begins").count() == 0:
        page.click("button[name=row][value='add:open']")
    page.fill("#name", "Office hours")
    page.fill("#time_zone", "Europe/London")
    for day in range(1, 6):
        page.check(f"input[name=open-0-days][value='{day}']")
    page.fill("#open-0-begins", "09:00")
    page.fill("#open-0-ends", "17:00")
    page.select_option("#inside", "group:600")
    page.select_option("#outside", "voicemail:101")
    page.click("main form[novalidate] button.btn-primary")
    for last, where in (("0", "hours:h1"), ("1", "extension:101"), ("2", "hours:h1")):
        save(page, f"{base}/numbers/new", number=f"+44113496000{last}", to=where)


@on_sqlite
def test_option_2_from_creation_through_numbers_and_phones_to_the_pbx(street: Street):
    stock(street)
    page = street.person("bob@northwind.example")
    create_gorse_hill(street, page)
    expect(page.locator("main")).to_contain_text("Your next steps")
    take_three_numbers(page)
    own = page.url.removesuffix("/numbers")
    say_where_it_stands(page)
    make_extensions(page, f"{own}/pbx")
    take_one_that_rings(page, f"{own}/numbers")
    set_up_phones(page, f"{own}/pbx")
    page.goto(own)
    for line in ("4 numbers assigned.", "Validated for each number.", "Each number rings somewhere."):
        expect(page.locator("main")).to_contain_text(line)
    account_number = page.inner_text("ol.crumbs li >> nth=-1")
    street.go(page, "/settings/provisioning")
    page.click("text=Make a key")
    key = page.inner_text("code.secret")
    assert taken_up(street, account_number, key)[0] == 404
    page.goto(f"{own}/activation")
    expect(page.locator("main")).to_contain_text("Local number × 4")
    page.click("main button.btn-primary")
    status, found = taken_up(street, account_number, key)
    routes = {each["number"]: each["target"]["kind"] for each in found["numbers"]}  # type: ignore[attr-defined]
    assert status == 200 and found["left_out"] == []
    assert routes == {"+441134960000": "hours", "+441134960001": "extension", "+441134960002": "hours",
                      "+441134960003": "extension"}
    assert [each["sip"] is not None for each in found["extensions"]] == [True, True]  # type: ignore[attr-defined]
    street.live(40)
    finance = street.person("fiona@northwind.example")
    street.go(finance, "/finance/charges?month=2026-12&q=Gorse")
    expect(finance.locator("main")).to_contain_text("Local number × 4, 2 Dec 2026 to 1 Jan 2027")
    page = street.person("bob@northwind.example")
    page.goto(f"{own}/suspension")
    page.fill("#reason", "Unpaid")
    page.click("main button[type=submit]")
    assert taken_up(street, account_number, key) == (404, {"error": "not found"})
    assert urlsplit(own).path.startswith("/customers/")
