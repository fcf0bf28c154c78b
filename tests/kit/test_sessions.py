"""A browser's session lives on the server: a copied cookie is worth nothing once its owner has left."""

import hashlib

import pytest
from flask import Flask, Response, session
from sqlalchemy import func, select, update

from portal.kit import sessions as kit_sessions
from portal.kit.clock import now
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.sessions import IDLE, LONGEST, ServerSessions, WebSession, end_sessions, forget_dead_sessions
from tests.threads import aside


@pytest.fixture
def app(settings):
    return make_app(settings)


def make_app(settings):
    made = Flask("rooms")
    made.session_interface = ServerSessions(settings, lambda db: True)

    @made.get("/look")
    def look() -> str:
        return str(session.get("seen", "nothing"))

    @made.post("/write/<word>")
    def write(word: str) -> str:
        session["seen"] = word
        return ""

    @made.post("/in/<subject>")
    def sign_in(subject: str) -> str:
        session.clear()
        session.rotate()
        session["_user_id"] = subject
        return ""

    @made.post("/out")
    def out() -> str:
        session.end()
        return ""

    return made


@pytest.fixture
def browser(app, clock):
    return app.test_client()


def cookie(browser, host="localhost", name="portal"):
    found = browser.get_cookie(name, domain=host)
    return found.value if found else None


def rows():
    with reading(PLATFORM) as db:
        return list(db.scalars(select(WebSession)))


def another(app, value, host="localhost"):
    copy = app.test_client()
    copy.set_cookie("portal", value, domain=host)
    return copy


def test_a_visitor_who_keeps_nothing_gets_no_cookie(browser):
    answer = browser.get("/look")
    assert "Set-Cookie" not in answer.headers and rows() == []


def test_what_is_written_is_found_again(browser):
    browser.post("/write/hello")
    assert browser.get("/look").text == "hello"


def test_the_database_holds_a_digest_and_not_the_name(browser):
    """Red when the name itself is the key: a backup would be a bunch of keys."""
    browser.post("/write/hello")
    name = cookie(browser)
    (row,) = rows()
    assert row.digest == hashlib.sha256(name.encode()).hexdigest()
    assert name not in f"{row.digest}{row.data}{row.host}"


def test_the_name_changes_at_sign_in_and_the_old_one_is_dead(app, browser):
    browser.post("/write/planted")
    planted = cookie(browser)
    browser.post("/in/alice")
    assert cookie(browser) != planted and len(rows()) == 1
    assert another(app, planted).get("/look").text == "nothing"


def test_a_copied_cookie_is_dead_after_leaving(app, browser):
    """Red with Flask's own cookie sessions, which keep everything in the cookie."""
    browser.post("/in/alice")
    browser.post("/write/secret")
    copied = cookie(browser)
    assert another(app, copied).get("/look").text == "secret"
    browser.post("/out")
    assert another(app, copied).get("/look").text == "nothing"
    assert cookie(browser) is None and rows() == []


def test_a_late_save_does_not_bring_it_back(app, browser, monkeypatch):
    """Two requests at once: one leaves while the other still works and saves last. Red when a save may insert."""
    browser.post("/in/alice")
    copied = cookie(browser)
    slow = app.session_interface
    with app.test_request_context("/", headers={"Cookie": f"portal={copied}"}) as request:
        opened = slow.open_session(app, request.request)
        assert opened["_user_id"] == "alice"
        with transaction(PLATFORM) as db:
            end_sessions(db, "alice")
        opened["seen"] = "late"
        slow.save_session(app, opened, Response())
    assert rows() == [] and another(app, copied).get("/look").text == "nothing"


def test_it_is_bound_to_its_host(app, browser):
    browser.post("/write/hello", base_url="http://northwind.localhost")
    name = cookie(browser, "northwind.localhost")
    elsewhere = another(app, name, "kauri.localhost")
    assert elsewhere.get("/look", base_url="http://kauri.localhost").text == "nothing"
    assert another(app, name, "northwind.localhost").get("/look", base_url="http://NORTHWIND.localhost").text == "hello"


def test_it_ends_when_nobody_comes(browser, clock):
    browser.post("/write/hello")
    clock.advance(seconds=IDLE.total_seconds() - 1)
    assert browser.get("/look").text == "hello"
    clock.advance(seconds=IDLE.total_seconds() - 1)
    assert browser.get("/look").text == "hello"
    clock.advance(seconds=IDLE.total_seconds() + 1)
    assert browser.get("/look").text == "nothing"


def test_it_ends_after_its_longest_life_however_busy(browser, clock):
    browser.post("/write/hello")
    while clock() - rows()[0].created_at <= LONGEST:
        assert browser.get("/look").text == "hello"
        clock.advance(minutes=20)
    assert browser.get("/look").text == "nothing"


def test_looking_around_writes_at_most_once_a_minute(browser, clock):
    browser.post("/write/hello")
    first = rows()[0].seen_at
    clock.advance(seconds=30)
    browser.get("/look")
    assert rows()[0].seen_at == first
    clock.advance(seconds=31)
    browser.get("/look")
    assert rows()[0].seen_at == clock()


def test_looking_around_waits_for_no_writer(app, browser):
    """Red on SQLite when a session is opened in a transaction that may write: the page would wait for the other."""
    browser.post("/write/hello")
    with transaction(PLATFORM) as db:
        db.execute(update(WebSession).values(subject="somebody"))
        assert aside(lambda: browser.get("/look").text) == "hello"


def test_all_sessions_of_a_person_end_but_the_one_they_act_in(app, clock):
    here, there, other = app.test_client(), app.test_client(), app.test_client()
    for browser, who in ((here, "alice"), (there, "alice"), (other, "bob")):
        browser.post(f"/in/{who}")
        browser.post("/write/hello")
    with transaction(PLATFORM) as db:
        end_sessions(db, "alice", except_name=cookie(here))
    assert [b.get("/look").text for b in (here, there, other)] == ["hello", "nothing", "hello"]


def test_dead_rows_are_swept_away_and_live_ones_stay(app, browser, clock):
    browser.post("/write/old")
    clock.advance(hours=1)
    app.test_client().post("/write/new")
    with transaction(PLATFORM) as db:
        assert forget_dead_sessions(db) == 1
        assert db.scalar(select(func.count()).select_from(WebSession)) == 1


@pytest.mark.parametrize("value", ["", "x", "x" * 4000, "../../etc", "%00", "a" * 43, "é"])
def test_a_made_up_cookie_opens_nothing(app, clock, value):
    assert another(app, value).get("/look").text == "nothing"
    assert rows() == []


def test_over_https_the_cookie_is_host_only_secure_and_hidden(settings, change_settings, clock):
    browser = make_app(change_settings(scheme="https")).test_client()
    answer = browser.post("/write/hello", base_url="https://northwind.localhost")
    said = answer.headers["Set-Cookie"]
    assert said.startswith("__Host-portal=") and "Domain" not in said
    assert all(word in said for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_over_http_the_cookie_is_host_only_and_hidden(browser):
    said = browser.post("/write/hello").headers["Set-Cookie"]
    assert said.startswith("portal=") and "Domain" not in said and "Secure" not in said
    assert "HttpOnly" in said and "SameSite=Lax" in said


def test_answers_that_depend_on_a_session_say_so(browser):
    browser.post("/write/hello")
    assert "Cookie" in browser.get("/look").headers["Vary"]


def test_a_row_that_somebody_aged_by_hand_is_dead(browser, clock):
    browser.post("/write/hello")
    with transaction(PLATFORM) as db:
        db.execute(update(WebSession).values(seen_at=now() - kit_sessions.IDLE * 2))
    assert browser.get("/look").text == "nothing"
