"""Inviting a white label's staff: a letter with a single-use link, and no password that anybody else knows."""

import pytest

from portal.accounts.models import Membership
from portal.audit.models import AuditRow
from portal.identity.models import PasswordLink, User
from portal.kit import tokens
from portal.letters.models import Letter
from tests.cast import on_sqlite
from tests.operator.conftest import page_of
from tests.signup.browsing import errors, words

NEW_PASSWORD = "copper kettle on a sill"


def invite(desk, company, **differing):
    form = {"name": "Nora Flint", "email": "nora@northwind.example", "role": "finance", **differing}
    return desk.send(f"{page_of(company)}/staff", {f"staff-{name}": text for name, text in form.items()})


@pytest.mark.parametrize("role", ["administrator", "finance"])
def test_it_makes_a_person_with_a_role_and_a_letter(desk, northwind, rows, role):
    assert invite(desk, northwind, role=role).status_code == 303
    (user,) = rows(User, login_name="nora@northwind.example")
    (membership,) = rows(Membership, user_id=user.id)
    (letter,) = rows(Letter, to_address="nora@northwind.example")
    assert (user.display_name, user.password_hash, user.white_label_id) == ("Nora Flint", None, northwind.id)
    assert (membership.account_id, membership.role) == (northwind.account_id, role)
    assert (letter.name, letter.state) == ("set-password", "queued")
    (act,) = rows(AuditRow, action="staff.invited", subject_id=user.id)
    assert (act.actor_name, act.details) == ("Olga Brandt", {"role": role})
    assert f"{role.capitalize()} Nora Flint Invited" in words(desk.get(page_of(northwind)))


def test_the_link_sets_a_password_once_and_lets_in_with_that_role(desk, northwind, rows, client):
    """Red when opening the link, or a second post, may still set it."""
    invite(desk, northwind)
    (link,) = rows(PasswordLink)
    address = f"/password/set/{tokens.issue('set-password', northwind.id, link.id, 'nora@northwind.example')}"
    nora = client(northwind.host)
    for _ in range(3):
        assert nora.get(address).headers["Location"] == "/password/new"
    chosen = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert nora.submit("/password/new", chosen).headers["Location"] == "/login"
    assert nora.get(address).status_code == 410
    answer = nora.submit("/login", {"login_name": "nora@northwind.example", "password": NEW_PASSWORD})
    assert answer.status_code == 303
    assert nora.get("/finance/charges").status_code == 200 and nora.get("/customers").status_code == 403


def test_the_page_shows_no_link(desk, northwind):
    invite(desk, northwind)
    assert "/password/set" not in desk.get(page_of(northwind)).text


def test_a_login_name_that_is_taken_is_said_beside_the_field(desk, northwind, rows, bob):
    answer = invite(desk, northwind, email=bob.login_name.upper())
    assert errors(answer)["staff-email"].startswith("Somebody here signs in with this name already.")
    assert rows(Letter, to_address=bob.login_name.upper()) == []


def test_the_same_person_may_work_for_two_white_labels(desk, northwind, kauri, rows):
    for company in (northwind, kauri):
        assert invite(desk, company).status_code == 303
    assert {user.white_label_id for user in rows(User, login_name="nora@northwind.example")} == {northwind.id, kauri.id}


@on_sqlite
@pytest.mark.parametrize(("field", "typed"), [
    ("name", ""), ("name", "Nora\r\nBcc: x@y.example"), ("email", "nora"), ("email", "a@b.example, c@d.example"),
    ("role", "emperor"), ("role", "standard"), ("role", ""),
])
def test_what_is_wrong_makes_nobody(desk, northwind, rows, field, typed):
    answer = invite(desk, northwind, **{field: typed})
    assert answer.status_code == 422 and rows(User, display_name="Nora Flint") == []
