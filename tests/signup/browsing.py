"""Signed-in browsers without the cost of a password hash, a gateway that is ready, and the wizard filled in."""

import hashlib
import html
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.kit.clock import now
from portal.kit.db import PLATFORM, scoped, transaction
from portal.kit.sessions import WebSession
from portal.payments.connection import connect
from portal.sandbox import Running, running
from tests.cast import Person
from tests.conftest import HostClient

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
Browse = Callable[[Person], HostClient]


@pytest.fixture
def browse(app: Flask) -> Browse:
    """`browse(bob)`: a browser in which Bob signed in a moment ago."""

    def open_browser(who: Person) -> HostClient:
        name, subject = secrets.token_urlsafe(32), f"{who.white_label_id}:{who.id}"
        with transaction(PLATFORM) as db:
            db.add(WebSession(
                digest=hashlib.sha256(name.encode()).hexdigest(), host=who.host, subject=subject,
                data={"_user_id": subject, "_fresh": True}, created_at=now(), seen_at=now()))
        made = HostClient(app, who.host)
        made.set_cookie("portal", name, domain=who.host)
        return made

    return open_browser


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    with running() as started:
        yield started


@pytest.fixture
def gateway(sandbox: Running, change_settings: Callable[..., Any], bob: Person, clock: Any) -> Iterator[Running]:
    """Northwind's gateway, connected and found ready; its webhooks wait."""
    sandbox.clear_faults()
    sandbox.hold_webhooks()
    change_settings(gateway_api_base=sandbox.url, checkout_origin=sandbox.url)
    with scoped(bob.white_label_id):
        connect(f"sk_test_northwind_gbp_{secrets.token_hex(6)}", by=bob.actor)
    yield sandbox
    sandbox.clear_faults()


def words(answer: TestResponse) -> str:
    """What a reader sees, on one line."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(without).split())


def errors(answer: TestResponse) -> dict[str, str]:
    """What is said beside each field."""
    found = re.findall(r'id="([\w-]+)-error">.*?Error: </span>(.*?)</span>', answer.text, re.DOTALL)
    return {name: html.unescape(text).strip() for name, text in found}


def value(answer: TestResponse, name: str) -> str | None:
    """What an input, or the chosen option of a select, holds."""
    control = re.search(rf'<(input|select)[^>]*\bname="{name}"[^>]*>', answer.text)
    if control is None:
        return None
    if control[1] == "select":
        options = answer.text[control.end():].split("</select>")[0]
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        return html.unescape(chosen[1]) if chosen else None
    found = re.search(r'value="([^"]*)"', control[0])
    return html.unescape(found[1]) if found else ""


def is_ticked(answer: TestResponse, name: str) -> bool:
    control = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', answer.text)
    return control is not None and " checked" in control[0]


CONTACT = {
    "name": "Birch Dental", "primary_domain": "birch.example", "display_name": "Dora Quist",
    "login_name": "dora@birch.example", "alternate_email": "", "send_letters": "y",
}
ADDRESSES = {
    "line1": "4 Quay Street", "line2": "Floor 2", "city": "Bristol", "region": "Avon", "postcode": "BS1 4XY",
    "country": "GB", "same_address": "y", "service_line1": "", "service_line2": "", "service_city": "",
    "service_region": "", "service_postcode": "", "service_country": "GB", "contact_name": "Reception",
    "contact_phone": "0117 496 0192", "contact_email": "desk@birch.example",
}
PASSWORD = "copper kettle on a sill"


class Wizard:
    """One draft in one browser. Each step sends what a page of it would, but for what a test says differs."""

    def __init__(self, browser: HostClient, plan_id: object, administration: str = "white_label") -> None:
        self.browser, self.plan_id, self.is_option_1 = browser, plan_id, administration == "customer"
        self.token = browser.token("/customers/new")
        self.started = self.post("", administration=administration)
        location = self.started.headers.get("Location", "")
        self.id = location.split("/")[3] if location.endswith("/contact") else ""

    def path(self, step: str) -> str:
        return f"/customers/new/{self.id}/{step}" if step else "/customers/new"

    def page(self, step: str) -> TestResponse:
        return self.browser.get(self.path(step))

    def post(self, step: str, **fields: Any) -> TestResponse:
        """A field that is None is left out, as an unticked box is."""
        kept = {name: text for name, text in fields.items() if text is not None}
        return self.browser.post(self.path(step), data={"csrf_token": self.token, **kept})

    def contact(self, **differing: Any) -> TestResponse:
        passwords = {} if self.is_option_1 else {"password": PASSWORD, "again": PASSWORD}
        return self.post("contact", **{**CONTACT, **passwords, **differing})

    def addresses(self, **differing: Any) -> TestResponse:
        return self.post("addresses", **{**ADDRESSES, **differing})

    def plan(self, **differing: Any) -> TestResponse:
        return self.post("plan", **{"plan": str(self.plan_id), "first_day": "", "billing_day": "", **differing})

    def fill(self) -> "Wizard":
        for answer in (self.contact(), self.addresses(), self.plan()):
            assert answer.status_code == 303, (answer.status, errors(answer))
        return self

    def create(self) -> TestResponse:
        return self.post("creation")
