"""Staff whose password was right and who showed no second factor, at every address: nothing opens, nothing changes."""

import pytest

from tests.access.asking import ask, digest, meets, path_of
from tests.access.phones_table import MACHINE
from tests.access.test_role_table import LINK, OPEN, OPERATOR, SIGNED_IN, Town, every_address, town
from tests.conftest import HostClient
from tests.identity.phones import set_up

__all__ = ["town"]
DOORS = {"has none": "/login/second-factor", "did not show it": "/login/code"}


@pytest.fixture(params=["finance", "bob", "olga"])
def role(request) -> str:
    return request.param


@pytest.fixture(params=DOORS)
def half(request, town: Town, role, cast, change_settings) -> tuple[HostClient, str]:
    """Somebody who was signed in before the installation asked for a second factor: their session is still there."""
    change_settings(staff_factor="required")
    browser = town.browsers[role]
    if request.param == "did not show it":
        person = {"finance": cast.fiona, "bob": cast.bob, "olga": cast.olga}[role]
        set_up(person)
        browser = HostClient(town.app, person.host)
        browser.sign_in(person)
    return browser, DOORS[request.param]


def seen(answer, door: str) -> str:
    is_door = answer.status_code == 303 and answer.location.partition("?")[0] == door
    return "door" if is_door else {404: "hidden"}.get(answer.status_code, f"{answer.status} {answer.location}")


def test_every_address_leads_to_the_second_factor_and_writes_nothing(town: Town, half, role):
    """Shown red with `_owes_factor` answering no, and with it asking only those who have a factor."""
    browser, door = half
    before, wrong = digest(), []
    for rule, method, whose in every_address(lambda whose: whose not in (OPEN, LINK, MACHINE)):
        if rule == door:
            continue
        answer = ask(browser, method, path_of(rule, town.ids), role)
        is_elsewhere = whose != SIGNED_IN and (whose == OPERATOR) != (role == "olga")
        if seen(answer, door) != ("hidden" if is_elsewhere else "door"):
            wrong.append((method, rule, seen(answer, door)))
    assert wrong == []
    assert digest() == before


def test_what_is_open_to_anybody_takes_them_for_nobody(town: Town, half, role):
    """Pages behind links and those of strangers: the same as for a stranger, so nothing there knows who they are."""
    browser, _ = half
    stranger, wrong = HostClient(town.app, browser.host), []
    for rule, method, _whose in every_address(lambda whose: whose in (OPEN, LINK, MACHINE)):
        if rule in ("/login", "/logout"):
            continue
        path = path_of(rule, town.ids)
        answers = [ask(browser, method, path, role), ask(stranger, method, path, "anonymous")]
        if len({(answer.status_code, meets(answer)) for answer in answers}) != 1:
            wrong.append((method, rule, [answer.status for answer in answers]))
    assert wrong == []


def test_signing_out_works_and_ends_it(half, role):
    browser, door = half
    assert browser.get("/login").location == "/" and browser.get("/").location == door
    assert browser.submit("/logout", page=door).location == "/login"
    assert browser.get("/").location == "/login"
