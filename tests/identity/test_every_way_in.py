"""However a session comes about, whoever owes a second factor is at the door and no further (ASVS 5.0.0, 6.3.3)."""

import pytest
from flask_login.utils import encode_cookie
from sqlalchemy import select

from portal.accounts.commands import add_member, open_customer_account
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import members_of, white_label_account
from portal.activation.commands import send_link
from portal.activation.queries import latest_link
from portal.audit.commands import COMMAND_LINE
from portal.identity.commands import send_password_link
from portal.identity.models import User
from portal.kit import tokens
from portal.kit.db import reading, transaction
from portal.operator.commands import invite_staff
from portal.people.commands import invite
from portal.people.models import Invitation
from tests.accounts.making import OPTION_2, active, customer
from tests.cast import PASSWORD, new_customer
from tests.conftest import HostClient
from tests.identity.phones import at_door, person_at, phone_on, set_up

DOOR, CODE = "/login/second-factor", "/login/code"
NEW = "lively badger under eaves"


@pytest.fixture
def strict(app, change_settings):
    return change_settings(staff_factor="required")


def door_of(browser):
    return browser.get("/").location


def test_a_session_from_before_the_setting(client, bob, change_settings):
    """Shown red with `must_have_factor` answering no."""
    browser = client(bob)
    assert browser.get("/customers").status_code == 200
    change_settings(staff_factor="required")
    assert browser.get("/customers").location.startswith(DOOR)


def test_a_customer_who_becomes_staff(strict, client, alice, northwind):
    browser = client(alice)
    assert browser.get("/profile").status_code == 200
    with transaction(northwind.id) as db:
        add_member(db, white_label_account(db), db.load(User, alice.id), Role.FINANCE)
    assert browser.get("/profile").location.startswith(DOOR)


@pytest.mark.parametrize("purpose", ["set-password", "password-reset"])
def test_a_link_that_sets_the_password(strict, client, bob, northwind, clock, purpose):
    """Whoever reads the mailbox alone has no second factor."""
    kept = set_up(bob)
    with transaction(northwind.id) as db:
        user = db.load(User, bob.id)
        link = send_password_link(db, user, purpose)
        token = tokens.issue(purpose, db.tenant, link.id, user.email)
    browser = client(bob.host)
    browser.get(f"/password/{'set' if purpose == 'set-password' else 'reset'}/{token}")
    assert browser.submit("/password/new", {"password": NEW, "again": NEW}).location == "/login"
    assert browser.get("/customers").location.startswith("/login?")
    assert browser.submit("/login", {"login_name": bob.login_name, "password": NEW}).status_code == 303
    assert door_of(browser) == CODE
    assert browser.submit(CODE, {"code": kept.phone.code()}).status_code == 303
    assert browser.get("/customers").status_code == 200


def test_an_invitation_of_staff(strict, client, northwind):
    with transaction(northwind.id) as db:
        link = invite_staff(db, name="Nora", email="nora@northwind.example", role=Role.FINANCE, by=COMMAND_LINE)
        token = tokens.issue(link.purpose, db.tenant, link.id, "nora@northwind.example")
    browser = client(northwind.host)
    browser.get(f"/password/set/{token}")
    browser.submit("/password/new", {"password": NEW, "again": NEW})
    browser.submit("/login", {"login_name": "nora@northwind.example", "password": NEW})
    assert door_of(browser) == DOOR and browser.get("/finance/charges").location.startswith(DOOR)


def members(company, account_id):
    with reading(company.id) as db:
        return [user.login_name for _, user in members_of(db, account_id)]


def test_an_invitation_to_an_account_taken_up_with_a_password(client, cast, clock):
    """The password alone joins nothing. Red with `let_in` going on to `join` while `half_signed_in`."""
    sam = person_at(cast.northwind, "sam@elsewhere.example", "Sam Hill")
    kept = set_up(sam)
    with transaction(cast.northwind.id) as db:
        invitation = invite(db, db.load(Account, cast.acme), sam.login_name, Role.STANDARD, by=cast.alice.actor)
        token = tokens.issue("invitation", db.tenant, invitation.id, invitation.address)
    browser = client(sam.host)
    browser.get(f"/invitations/{token}")
    assert browser.submit("/invitations", {"password": "not it at all"}).status_code == 422
    assert door_of(browser) == "/login"
    answer = browser.submit("/invitations", {"password": PASSWORD})
    assert answer.location == f"{CODE}?next=%2Finvitations"
    with reading(cast.northwind.id) as db:
        assert db.scalars(select(Invitation)).one().used_at is None
    assert sam.login_name not in members(cast.northwind, cast.acme)
    shown = browser.submit(CODE, {"code": kept.phone.code(), "next": "/invitations"})
    assert shown.location == "/invitations" and 'name="password"' not in browser.get("/invitations").text
    assert browser.submit("/invitations").location == f"/account/{cast.acme}"
    assert sam.login_name in members(cast.northwind, cast.acme)


def test_an_invitation_taken_up_by_staff_who_have_no_factor_yet(client, cast, clock, change_settings):
    """Red with `let_in` going on to `join` while `half_signed_in`."""
    with transaction(cast.northwind.id) as db:
        account = active(db, customer(db, cast.northwind.plans["desk"], OPTION_2, name="Ours Ltd"))
        invitation = invite(db, account, cast.fiona.login_name, Role.STANDARD, by=cast.bob.actor)
        token, ours = tokens.issue("invitation", db.tenant, invitation.id, invitation.address), account.id
    change_settings(staff_factor="required")
    browser = client(cast.fiona.host)
    browser.get(f"/invitations/{token}")
    answer = browser.submit("/invitations", {"password": PASSWORD})
    assert answer.location == f"{DOOR}?next=%2Finvitations"
    assert cast.fiona.login_name not in members(cast.northwind, ours)
    phone = phone_on(browser.get(answer.location).text)
    assert browser.submit(DOOR, {"new_code": phone.code(), "next": "/invitations"}).status_code == 200
    assert browser.submit("/invitations").status_code == 303
    assert cast.fiona.login_name in members(cast.northwind, ours)


def test_an_activation_by_somebody_who_has_a_login(client, alice, bob, northwind, clock):
    """The password alone claims neither link nor terms. Red with `choose_password` going on while `half_signed_in`."""
    kept = set_up(alice)
    with transaction(northwind.id) as db:
        account = open_customer_account(db, new_customer("Birch Limited", northwind.plans["desk"]), by=bob.actor)
        add_member(db, account, db.load(User, alice.id), Role.ADMINISTRATOR, is_primary=True)
        send_link(db, account, by=bob.actor)
        link = latest_link(db, account.id)
        token = tokens.issue("activation", db.tenant, link.id, "alice@acme.example")
    browser = client(alice.host)
    browser.get(f"/activate/{token}")
    assert browser.submit("/activation").location == "/activation/password"
    answer = browser.submit("/activation/password", {"password": PASSWORD, "terms": "y"})
    assert answer.location == f"{CODE}?next=%2Factivation%2Fpassword"
    with reading(northwind.id) as db:
        assert latest_link(db, account.id).used_at is None and db.load(Account, account.id).claimed_at is None
    shown = browser.submit(CODE, {"code": kept.phone.code(), "next": "/activation/password"})
    assert shown.location == "/activation/password" and 'name="password"' not in browser.get(shown.location).text
    refused = browser.submit("/activation/password")
    assert refused.status_code == 422 and "Tick the box" in refused.text
    assert browser.submit("/activation/password", {"terms": "y"}).location == "/activation/payment"
    page = browser.get("/activation/payment")
    assert page.status_code == 200 and "Birch Limited" in page.text


def test_a_changed_password_keeps_what_was_shown_and_ends_the_rest(strict, client, bob, clock):
    kept = set_up(bob)
    half, browser = at_door(client, bob), at_door(client, bob)
    browser.submit(CODE, {"code": kept.phone.code()})
    answer = browser.submit("/password/change", {"present": PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 303 and browser.get("/customers").status_code == 200
    assert door_of(half) == "/login"


def test_a_password_that_must_be_changed_comes_after_the_factor(strict, client, bob, northwind, clock):
    """Whoever knows the first password alone does not get to choose the next one."""
    kept = set_up(bob)
    with transaction(northwind.id) as db:
        db.load(User, bob.id).must_change_password = True
    browser = at_door(client, bob)
    assert browser.get("/password/change").location.startswith(CODE)
    browser.submit(CODE, {"code": kept.phone.code()})
    assert browser.get("/customers").location == "/password/change"
    assert browser.get("/password/change").status_code == 200


def test_a_cookie_that_remembers(strict, client, app, bob):
    """No page gives one; were one made with the key that signs it, it would lead to the door like any session."""
    browser = client(bob.host)
    browser.get("/login")
    with app.app_context():
        value = encode_cookie(f"{bob.white_label_id}:{bob.id}", app.config["SECRET_KEY"])
    browser.set_cookie("remember_token", value, domain=bob.host)
    assert browser.get("/customers").location.startswith(DOOR)


def test_the_demonstration_and_nothing_else_does_without():
    """What is not set is required, and a word that is neither is named."""
    from portal.demo.places import anywhere, data_environment
    from portal.kit.settings import Settings, UnsafeSettings, from_environment, root

    assert Settings().staff_factor == from_environment({}).staff_factor == "required"
    assert from_environment({"PORTAL_STAFF_FACTOR": ""}).staff_factor == "required"
    for value in ("off", "Required", "offered "):
        with pytest.raises(UnsafeSettings, match="PORTAL_STAFF_FACTOR"):
            from_environment({"PORTAL_STAFF_FACTOR": value})
    places = anywhere(root())
    assert places.settings().staff_factor == places.environment()["PORTAL_STAFF_FACTOR"] == "offered"
    assert data_environment()["PORTAL_STAFF_FACTOR"] == "offered"


def test_without_a_rule_of_who_is_staff_everybody_is(strict, client, alice, monkeypatch):
    """Should the rooms that know about staff not be there, nobody comes in without a factor."""
    monkeypatch.setattr("portal.identity.guards.staff_rule", None)
    browser = HostClient(client(alice.host).application, alice.host)
    browser.submit("/login", {"login_name": alice.login_name, "password": PASSWORD})
    assert door_of(browser) == DOOR
