"""An administrator's first sign-in in a real installation, in headless Chromium: the phone first, then the work."""

import pyotp
import pytest

from portal.kit.clock import now
from tests.cast import PASSWORD, on_sqlite
from tests.journeys.street import street
from tests.journeys.test_in_a_browser import examine
from tests.signup.browsing import gateway, sandbox

__all__ = ["gateway", "sandbox", "street"]


@pytest.fixture
def strict(change_settings):
    return change_settings(staff_factor="required")


def give_password(street, page, person, path="/login"):
    street.go(page, path)
    page.fill("#login_name", person.login_name)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")


@on_sqlite
def test_the_phone_first_then_the_work(strict, street, bob):
    """Each page of it holds against axe, the policy and the console, in both themes and sizes."""
    page = street.visitor()
    heard = street._complaints[page]
    give_password(street, page, bob, "/customers?waits=us")
    assert "/login/second-factor" in page.url
    examine(page, "enrolment at the door", heard)
    page.click("text=The app cannot read it")
    examine(page, "enrolment by hand", heard)
    phone = pyotp.TOTP(page.inner_text("code.secret").replace(" ", ""))
    street.go(page, "/customers")
    assert "/login/second-factor?next=" in page.url
    page.fill("#new_code", "000000")
    page.click("text=Turn it on")
    examine(page, "enrolment with a wrong code", heard)
    page.fill("#new_code", phone.at(now()))
    page.click("text=Turn it on")
    examine(page, "recovery codes", heard)
    assert page.locator(".recovery-codes code").count() == 10
    page.click("text=I have kept them")
    page.wait_for_url("**/customers")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.click("text=Sign out")
    street.clock.advance(minutes=1)
    give_password(street, page, bob)
    assert "/login/code" in page.url
    page.fill("#code", phone.at(now()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers")
    heard.clear()  # the wrong code was answered with 4xx, which the console tells
