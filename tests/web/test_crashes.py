"""What nobody foresaw: the page has a reference and every header, and no line of the log holds what opens a door."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.activation.queries import latest_link
from portal.identity.addresses import ask_for_address
from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.kit import db as kit_db, tokens
from portal.kit.db import reading, transaction
from portal.kit.logs import set_up_logs
from portal.kit.sessions import WebSession
from portal.kit.settings import current
from portal.people.commands import invite
from tests.accounts.making import OPTION_1, customer
from tests.cast import Cast, Clock, on_sqlite
from tests.conftest import HostClient
from tests.web.test_headers_and_forms import policy_holds

pytestmark = on_sqlite
TOUCH, KEEP = "UPDATE web_session SET seen_at", "INSERT INTO web_session"


@contextmanager
def failing(*statements: str, words: str = "the disk is gone") -> Iterator[list[str]]:
    """The database fails at each statement that holds one of these; which ones it met."""
    met: list[str] = []

    def strike(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if any(part in " ".join(statement.split()) for part in statements):
            met.append(statement)
            raise OperationalError("a statement", {}, Exception(words))

    engines = {kit_db.database().web, kit_db.database().platform}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", strike)
    try:
        yield met
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", strike)


def _password(purpose: str) -> Callable[[Any, Cast], tuple[str, Any, str]]:
    def make(db: Any, cast: Cast) -> tuple[str, Any, str]:
        user = db.load(User, cast.alice.id)
        return purpose, send_password_link(db, user, purpose).id, user.email

    return make


def _address(db: Any, cast: Cast) -> tuple[str, Any, str]:
    change = ask_for_address(db, cast.alice.id, "alice@elsewhere.example")
    return "new-address", change.id, change.address


def _activation(db: Any, cast: Cast) -> tuple[str, Any, str]:
    link = latest_link(db, customer(db, cast.northwind.plans["desk"], OPTION_1).id)
    return "activation", link.id, link.address


def _invitation(db: Any, cast: Cast) -> tuple[str, Any, str]:
    made = invite(db, db.load(Account, cast.acme), "ann@acme.example", Role.STANDARD, by=cast.alice.actor)
    return "invitation", made.id, made.address


LINKS = {
    "/activate/": _activation, "/invitations/": _invitation, "/password/set/": _password("set-password"),
    "/password/reset/": _password("password-reset"), "/profile/address/": _address,
}


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest, cast: Cast, clock: Clock) -> str:
    with transaction(cast.northwind.id) as db:
        purpose, row_id, address = LINKS[request.param](db, cast)
        return f"{request.param}{tokens.issue(purpose, cast.northwind.id, row_id, address)}"


@pytest.fixture
def logged(app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> Callable[[], str]:
    """All that was logged so far: our own lines, and those of every library."""
    lines = io.StringIO()
    monkeypatch.setattr(sys, "stderr", lines)
    set_up_logs(current())

    def look() -> str:
        return lines.getvalue() + str(caplog.text)

    return look


def reference_in(page: str) -> str:
    found = re.search(r"Reference\s+(?:<[^>]+>)?([0-9A-F]{8})\b", page)
    assert found is not None, page
    return found[1]


def test_a_database_that_fails_at_noting_the_visit_gets_the_page_the_headers_and_a_masked_log(
    client: Any, alice: Any, clock: Clock, link: str, logged: Callable[[], str]
):
    """The driver's words quote the token here, as some do. Red with the update outside the `try` of `open_session`,
    and red with the traceback as it is."""
    browser, token = client(alice), link.rpartition("/")[2]
    clock.advance(minutes=2)
    with failing(TOUCH, words=f"cannot do {token}") as met:
        answer = browser.get(link)
    assert met and answer.status_code == 500 and "Something broke on our side" in answer.text
    policy_holds(answer)
    lines = logged()
    assert token not in lines + answer.text and "/\\u2026" in lines
    told = [json.loads(line) for line in lines.splitlines() if '"event": "crash"' in line]
    assert [line["reference"] for line in told] == [reference_in(answer.text)] and "cannot do …" in told[0]["traceback"]


def test_a_crash_on_the_way_out_is_told_by_no_line_of_flasks_own(
    client: Any, cast: Cast, link: str, logged: Callable[[], str]
):
    """The session cannot be kept once the answer is made. Red with Flask's own `log_exception`, which writes the whole
    path, and with its 500 shown as "We could not read this request"."""
    visitor, token = client(cast.northwind.host), link.rpartition("/")[2]
    with failing(KEEP) as met:
        answer = visitor.get(link)
    assert met and answer.status_code == 500 and "Something broke on our side" in answer.text
    policy_holds(answer)
    lines = logged()
    assert token not in lines + answer.text and reference_in(answer.text) in lines


def test_it_says_so_plainly_when_not_even_the_reader_can_be_looked_up(
    client: Any, alice: Any, logged: Callable[[], str]
):
    """Every page asks who is signed in, the page of an error too. Red without the plain page as the last resort: no
    page, no headers."""
    browser = client(alice)
    with failing("FROM users") as met:
        answer = browser.get("/profile")
    assert met and answer.status_code == 500 and "This cannot be shown at the moment" in answer.text
    policy_holds(answer)
    assert f'"reference": "{reference_in(answer.text)}"' in logged()


def test_the_plain_page_has_a_reference_too(client: Any, cast: Cast, logged: Callable[[], str]):
    with failing("FROM white_label") as met:
        answer = client(cast.northwind.host).get("/login")
    assert met and answer.status_code == 500 and "This cannot be shown at the moment" in answer.text
    assert f'"reference": "{reference_in(answer.text)}"' in logged()


def test_each_error_has_a_reference_of_its_own(client: Any, alice: Any):
    browser = client(alice)
    pages = [browser.get("/no-such-page").text for _ in range(3)]
    assert len({reference_in(page) for page in pages}) == 3
    assert all('href="mailto:' in page for page in pages)


def test_a_visit_that_could_not_be_noted_ends_no_session(client: Any, alice: Any, clock: Clock):
    browser: HostClient = client(alice)
    clock.advance(minutes=2)
    with failing(TOUCH):
        assert browser.get("/profile").status_code == 500
    assert browser.get("/profile").status_code == 200
    with reading(kit_db.PLATFORM) as db:
        assert db.scalars(select(WebSession)).one().seen_at is not None
