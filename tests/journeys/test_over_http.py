"""The whole of it over real HTTP: the tour, restarts, kills, and what a second start keeps."""

import os
import signal
import time
from pathlib import Path

import pytest

from portal.app import create_app
from portal.demo import cast, running
from portal.demo.browser import Browser
from portal.demo.places import LOOPBACK, NORTHWIND_HOST, Places, anywhere, choose
from portal.demo.running import started
from portal.demo.tour import Tour
from portal.kit.db import database
from portal.verify import verify
from tests.threads import at_once


def test_the_tour_sees_everything_it_should(demo: Places):
    """What `make tour` runs."""
    seen: list[str] = []
    Tour(demo, lambda what, shown: seen.append(what)).go()
    assert "portal verify" in seen and len(seen) > 25
    database().dispose()


def test_a_double_click_on_create_makes_one_customer(demo: Places):
    bob = Browser()
    tour = Tour(demo, lambda what, shown: None)
    tour.bob = bob
    tour.sign_in(bob, NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
    review = _up_to_review(tour, bob)
    action = review.form("/creation").action
    fields = review.form("/creation").fields
    answers = at_once(4, lambda n: bob.post(tour.url(action), fields, follow=False))
    places = {a.headers["location"] for a in answers if not isinstance(a, BaseException)}
    assert [a.status for a in answers if not isinstance(a, BaseException)] == [303] * 4 and len(places) == 1
    listed = bob.get(tour.url("/customers?q=doubleclick")).text
    assert listed.count("doubleclick.example") == 1


def test_killed_in_the_middle_the_books_agree_after_the_restart(tmp_path: Path):
    """SIGKILL to the portal, its web process and its worker while a customer pays; then all of it again."""
    places = anywhere(tmp_path)
    with started(places, quiet=True) as server:
        tour = Tour(places, lambda what, shown: None)
        tour.sign_in(tour.bob, NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
        shown = tour.create("customer", "Cut Short Ltd", "cutshort.example", "Imogen Short")
        link = tour.link_for("imogen@cutshort.example")
        tour.customer.get(link)
        page = tour.customer.get(tour.url("/activation/password"))
        tour.customer.submit(page, "/activation/password", password="quiet harbour wool 19",
                             again="quiet harbour wool 19", terms="y")
        card = tour.customer.submit(tour.customer.get(tour.url("/activation/payment")), "/activation/payment")
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        with pytest.raises(OSError):
            tour.customer.submit(card, number="4242424242424242", expires="12 / 39", cvc="123", holder="I",
                                 email="i@cutshort.example")
        path = "/" + shown.url.split("/", 3)[3]
    with started(places, quiet=True):
        end = time.monotonic() + 20
        back = tour.customer.get(tour.url("/activation/return"))
        while "is active" not in back.words and time.monotonic() < end:
            time.sleep(0.3)
            back = tour.customer.get(tour.url("/activation/return"))
        back.expect("Your account is active")
        tour.bob.get(tour.url(path)).expect("Active")
        create_app(places.settings())
        assert [text for finding in verify() for text in finding.differences] == []
        database().dispose()


def test_a_busy_port_is_said_and_another_one_taken(tmp_path: Path):
    import socket

    said: list[str] = []
    with socket.socket() as busy:
        busy.bind((LOOPBACK, 0))
        port = busy.getsockname()[1]
        places = choose(tmp_path, port=port, say=said.append)
    assert places.portal != port and any(f"Port {port} is busy" in words for words in said)


def test_a_second_demo_on_the_same_data_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Red without the lock: with FRESH=1 it deleted the database under the running one."""
    kept = tmp_path / "demo" / "portal.sqlite3"
    kept.parent.mkdir()
    kept.write_text("in use")
    with running._alone(tmp_path / "demo") as first:
        assert first
        assert running.run(fresh=True, port=0, folder=tmp_path / "demo") == 1
    assert kept.read_text() == "in use" and "Stop it first" in capsys.readouterr().out


def _up_to_review(tour: Tour, bob: Browser):
    page = bob.submit(bob.get(tour.url("/customers/new")), "/customers/new", administration="white_label")
    page = bob.submit(page, "/contact", name="Double Click", primary_domain="doubleclick.example",
                      display_name="Dora Click", login_name="dora@doubleclick.example", generate="1")
    page = bob.submit(page, "/contact")
    page = bob.submit(page, "/addresses", line1="1 Quay", city="Bristol", postcode="BS1 4XY")
    return bob.submit(page, "/plan", plan=tour.plan_in(page, "Solo line"))
