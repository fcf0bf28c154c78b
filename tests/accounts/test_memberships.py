"""Who belongs to an account, in which role, and what that lets them see."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.accounts.commands import add_member, close, suspend
from portal.accounts.guards import Standing, only_open_accounts
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account, Membership
from portal.accounts.queries import accounts_of, members_of, primary_user, white_label_account, white_label_staff
from portal.identity.commands import add_user
from portal.identity.flows import NotYet
from portal.identity.models import User
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from tests.accounts.making import OPTION_1, OPTION_2, active, claim, customer


def person(db, login="dora@birch.example", name="Dora Quist"):
    return add_user(db, login_name=login, display_name=name, email=login)


def standing_of(db, user):
    return Standing(tuple(accounts_of(db, user.id)))


def test_adding_a_member_again_changes_nothing(db, northwind):
    account, dora = customer(db, northwind.plans["desk"]), person(db)
    add_member(db, account, dora, Role.STANDARD)
    add_member(db, account, dora, Role.ADMINISTRATOR, is_primary=True)
    ((membership, _),) = accounts_of(db, dora.id)
    assert (membership.role, membership.is_primary) == ("standard", False)


def test_the_first_person_is_the_one_letters_go_to(db, northwind):
    account, dora = customer(db, northwind.plans["desk"]), person(db, name="Aaron")
    add_member(db, account, dora, Role.ADMINISTRATOR)
    assert primary_user(db, account.id).display_name == "Owner of Birch Dental"
    assert [user.display_name for _, user in members_of(db, account.id)] == ["Owner of Birch Dental", "Aaron"]


def test_one_person_may_belong_to_several_accounts(db, northwind):
    first, second = customer(db, northwind.plans["desk"]), customer(db, northwind.plans["desk"], name="Cedar")
    dora = person(db)
    for account, role in ((first, Role.ADMINISTRATOR), (second, Role.STANDARD)):
        add_member(db, account, dora, role)
    found = standing_of(db, dora)
    assert [account.name for _, account in found.memberships] == ["Birch Dental", "Cedar"]
    assert (found.role_on(first.id), found.role_on(second.id)) == (Role.ADMINISTRATOR, Role.STANDARD)
    assert found.role_on(white_label_account(db).id) is None


def test_staff_are_the_members_of_the_white_label_account(db, bob, fiona):
    assert [user.id for user in white_label_staff(db, "administrator")] == [bob.id]
    assert [user.id for user in white_label_staff(db, "finance")] == [fiona.id]


def test_a_person_of_another_white_label_is_refused_by_the_database(northwind, kauri, charlie, cast):
    """Red when the foreign key does not carry the tenant."""
    with reading(kauri.id) as db:
        stranger = db.load(User, charlie.id)
    with pytest.raises(IntegrityError), transaction(northwind.id) as db:
        add_member(db, db.load(Account, cast.acme), stranger, Role.ADMINISTRATOR)
    with reading(northwind.id) as db:
        assert db.scalar(select(func.count()).select_from(Membership).where(Membership.user_id == charlie.id)) == 0


def test_a_role_that_does_not_exist_is_refused_by_the_database(northwind, bob, cast):
    with pytest.raises(IntegrityError), transaction(northwind.id) as db:
        db.add(Membership(account_id=cast.acme, user_id=bob.id, role="emperor"))


class TestStanding:
    def test_finance_is_no_administrator(self, db, bob, fiona):
        administrator, finance = standing_of(db, db.load(User, bob.id)), standing_of(db, db.load(User, fiona.id))
        assert administrator.is_administrator and administrator.is_finance
        assert finance.is_finance and not finance.is_administrator

    def test_a_customer_is_no_staff_however_high_the_role(self, db, alice):
        found = standing_of(db, db.load(User, alice.id))
        assert found.staff_role is None and not found.is_administrator and not found.is_finance

    def test_the_administrator_of_an_option_2_account_is_no_white_label_administrator(self, db, northwind):
        account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
        found = standing_of(db, primary_user(db, account.id))
        assert found.live_accounts == [account] and not found.is_administrator

    def test_an_inactive_account_is_open_to_nobody_but_its_own_customer(self, db, northwind):
        """Option 1 to finish it, Option 2 to nobody. Red when an inactive account counts as live."""
        own, ours = customer(db, northwind.plans["desk"], OPTION_1), customer(db, northwind.plans["desk"], OPTION_2)
        helper = person(db)
        add_member(db, own, helper, Role.ADMINISTRATOR)
        assert standing_of(db, primary_user(db, own.id)).unfinished is None, "nobody redeemed the link yet"
        own.claimed_at = now()
        db.flush()
        assert standing_of(db, primary_user(db, own.id)).unfinished == own
        assert standing_of(db, helper).unfinished is None
        assert standing_of(db, primary_user(db, ours.id)).unfinished is None
        assert all(not standing_of(db, primary_user(db, a.id)).live_accounts for a in (own, ours))

    @pytest.mark.parametrize("state", ["active", "suspended", "closed"])
    def test_a_closed_account_is_no_longer_open(self, db, northwind, bob, state):
        account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
        if state == "suspended":
            suspend(db, account, reason="Unpaid", by=bob.actor)
        if state == "closed":
            close(db, account, reason="Gone", by=bob.actor)
        db.flush()
        assert bool(standing_of(db, primary_user(db, account.id)).live_accounts) == (state != "closed")


class TestTheDoor:
    """What the sign-in asks beyond the password."""

    def test_the_people_of_an_inactive_option_2_account_wait(self, db, northwind):
        """Red without the gate: step 1 of the wizard gave the person a password already."""
        account = customer(db, northwind.plans["desk"], OPTION_2)
        with pytest.raises(NotYet, match="not active yet"):
            only_open_accounts(db, primary_user(db, account.id))

    def test_a_second_person_of_an_unfinished_option_1_account_waits(self, db, northwind):
        account, helper = customer(db, northwind.plans["desk"], OPTION_1), person(db)
        claim(db, account)
        add_member(db, account, helper, Role.STANDARD)
        only_open_accounts(db, primary_user(db, account.id))
        with pytest.raises(NotYet):
            only_open_accounts(db, helper)

    def test_the_people_of_a_cancelled_account_stay_out(self, db, northwind, bob):
        account = customer(db, northwind.plans["desk"], OPTION_2)
        close(db, account, reason="Gone", by=bob.actor)
        db.flush()
        with pytest.raises(NotYet, match="is closed"):
            only_open_accounts(db, primary_user(db, account.id))

    def test_the_people_of_a_closed_account_come_in_to_read_it_and_for_nothing_else(self, db, northwind, bob):
        account = active(db, customer(db, northwind.plans["desk"], OPTION_2))
        close(db, account, reason="Gone", by=bob.actor)
        db.flush()
        only_open_accounts(db, primary_user(db, account.id))
        found = standing_of(db, primary_user(db, account.id))
        assert found.readable_accounts == [account] and not found.live_accounts and not found.runs_an_account

    def test_who_has_another_open_account_comes_in(self, db, northwind, alice):
        dora = db.load(User, alice.id)
        add_member(db, customer(db, northwind.plans["desk"], OPTION_2), dora, Role.ADMINISTRATOR)
        only_open_accounts(db, dora)

    def test_staff_come_in_whatever_accounts_they_set_up(self, db, northwind, bob):
        user = db.load(User, bob.id)
        add_member(db, customer(db, northwind.plans["desk"], OPTION_2), user, Role.ADMINISTRATOR)
        only_open_accounts(db, user)
