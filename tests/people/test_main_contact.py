"""The main contact of an account that its customer pays for: letters ask this person to pay, so they always can."""

import pytest

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.accounts.queries import members_of, primary_user
from portal.identity.commands import add_user
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.people.commands import LastAdministrator, MainContactPays, change_role, make_main_contact
from tests.cast import on_both, password_hash
from tests.signup.browsing import words
from tests.threads import at_once


@pytest.fixture
def cara(people):
    """A second administrator of Acme."""
    with transaction(people.company.id) as db:
        login = "cara@acme.example"
        user = add_user(db, login_name=login, display_name="Cara Day", email=login, password_hash=password_hash())
        add_member(db, db.load(Account, people.acme), user, Role.ADMINISTRATOR)
        return user.id


def main_contact(people, account_id):
    with reading(people.company.id) as db:
        member, user = next(each for each in members_of(db, account_id) if each[0].is_primary)
        return user.display_name, member.role


def changed(people, user_id, role, account_id=None, by=None):
    with transaction(people.company.id) as db:
        return change_role(db, db.load(Account, account_id or people.acme), user_id, role, by=by)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.STANDARD])
def test_stays_an_administrator(people, alice, cara, role):
    """Red without the refusal: nobody who can pay is asked to any more."""
    with pytest.raises(MainContactPays, match="Make somebody else the main contact first"):
        changed(people, alice.id, role, by=alice.actor)
    assert main_contact(people, people.acme) == (alice.name, "administrator")


def test_who_is_the_only_administrator_besides_is_told_that_first(people, alice):
    with pytest.raises(LastAdministrator):
        changed(people, alice.id, Role.STANDARD, by=alice.actor)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.STANDARD])
def test_is_nobody_who_cannot_pay(people, alice, cara, role):
    """Red without the refusal."""
    changed(people, cara, role, by=alice.actor)
    refused = pytest.raises(MainContactPays, match="Make this person administrator first")
    with refused, transaction(people.company.id) as db:
        make_main_contact(db, db.load(Account, people.acme), cara, by=alice.actor)
    assert main_contact(people, people.acme) == (alice.name, "administrator")


def test_once_it_is_somebody_else_the_role_is_changed(people, alice, cara):
    with transaction(people.company.id) as db:
        make_main_contact(db, db.load(Account, people.acme), cara, by=alice.actor)
    assert changed(people, alice.id, Role.STANDARD, by=alice.actor)
    assert main_contact(people, people.acme) == ("Cara Day", "administrator")


def test_of_an_account_that_waits_for_its_customer_stays_one_too(people, bob):
    """Whoever activates is asked to pay as well. Red without the refusal."""
    with transaction(people.company.id) as db:
        add_member(db, db.load(Account, people.waiting), db.load(User, bob.id), Role.ADMINISTRATOR)
        theirs = primary_user(db, people.waiting).id
    with pytest.raises(MainContactPays):
        changed(people, theirs, Role.STANDARD, people.waiting, by=bob.actor)


def test_where_the_white_label_pays_any_role_will_do(people, alice, bob):
    with transaction(people.company.id) as db:
        add_member(db, db.load(Account, people.ours), db.load(User, alice.id), Role.ADMINISTRATOR)
    with reading(people.company.id) as db:
        theirs = primary_user(db, people.ours).id
    assert changed(people, theirs, Role.STANDARD, people.ours, by=bob.actor)


def test_the_page_offers_neither(people, alices, alice, cara):
    """Red when the page offers what is refused."""
    base = f"/account/{people.acme}/users"
    shown = alices.get(base)
    assert "To change the role, make another administrator the main contact first." in words(shown)
    assert f"{base}/{alice.id}/role" not in shown.text and f"{base}/{cara}/role" in shown.text
    assert f"{base}/{cara}/main-contact" in shown.text
    alices.submit(f"{base}/{cara}/role", {"role": "standard"}, page=base)
    assert f"{base}/{cara}/main-contact" not in alices.get(base).text


def test_what_no_page_offers_is_refused_with_what_to_do(people, alices, alice, cara):
    base = f"/account/{people.acme}/users"
    answer = alices.submit(f"{base}/{alice.id}/role", {"role": "standard"}, page=base)
    assert answer.status_code == 409 and "Make somebody else the main contact first." in words(answer)


@on_both
def test_two_at_once_do_not_leave_one_who_cannot_pay(people, alice, cara):
    """Red, on PostgreSQL, with the account not held: one makes Cara main contact while the other takes her role."""

    def one(n):
        with transaction(people.company.id) as db:
            account = db.load(Account, people.acme)
            if n:
                change_role(db, account, cara, Role.STANDARD, by=alice.actor)
            else:
                make_main_contact(db, account, cara, by=alice.actor)

    assert sum(isinstance(each, MainContactPays) for each in at_once(2, one)) == 1
    assert main_contact(people, people.acme)[1] == "administrator"
