"""A login name is unique in its white label, however it is written, and knows nothing of other white labels."""

import pytest
from sqlalchemy import func, select

from portal.identity.commands import LoginNameTaken, add_user
from portal.identity.models import User
from portal.identity.queries import user_by_login
from portal.kit.db import reading, transaction
from tests.cast import on_both
from tests.threads import at_once


def add(tenant, login_name):
    with transaction(tenant) as db:
        return add_user(db, login_name=login_name, display_name="Dora Quist", email="dora@quist.example").id


def test_a_login_name_is_found_however_it_is_written(db):
    made = add_user(db, login_name=" Dora@Quist.Example ", display_name="Dora Quist", email="d@quist.example")
    assert made.login_name == "dora@quist.example"
    for written in ("dora@quist.example", "DORA@QUIST.EXAMPLE", "  Dora@quist.example"):
        assert user_by_login(db, written) is made


def test_case_is_folded_and_not_just_lowered(db):
    """`ß` and `SS` are one letter to a person who types in capitals."""
    add_user(db, login_name="straße@quist.example", display_name="Dora Quist", email="d@quist.example")
    assert user_by_login(db, "STRASSE@quist.example") is not None
    with pytest.raises(LoginNameTaken):
        add_user(db, login_name="STRASSE@QUIST.EXAMPLE", display_name="Another", email="a@quist.example")


@pytest.mark.parametrize("written", ["alice@acme.example", "ALICE@acme.example", " alice@ACME.example "])
def test_a_name_that_is_taken_is_refused_at_its_field(db, alice, written):
    with pytest.raises(LoginNameTaken) as refused:
        add_user(db, login_name=written, display_name="Another Alice", email="other@acme.example")
    assert refused.value.field == "login_name"


def test_two_white_labels_may_have_the_same_person(kauri, northwind, alice):
    """Two logins with two passwords; neither knows of the other."""
    there = add(kauri.id, alice.login_name)
    with reading(kauri.id) as db:
        assert db.load(User, there).password_hash is None
        assert db.load(User, alice.id) is None
    with reading(northwind.id) as db:
        assert user_by_login(db, alice.login_name).id == alice.id


@on_both
def test_two_who_take_a_name_at_once(northwind):
    """Red when only the look before counts: the second would see an error of the database."""
    answers = at_once(6, lambda n: add(northwind.id, "dora@quist.example"))
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 5 and all(isinstance(answer, LoginNameTaken) for answer in refused)
    with reading(northwind.id) as db:
        found = select(func.count()).select_from(User).where(User.login_name == "dora@quist.example")
        assert db.scalar(found) == 1


def test_a_user_names_its_tenant_to_the_session(alice, northwind):
    with reading(northwind.id) as db:
        assert db.load(User, alice.id).get_id() == f"{northwind.id}:{alice.id}"


def test_somebody_disabled_is_not_active(db, alice, clock):
    user = db.load(User, alice.id)
    assert user.is_active
    user.disabled_at = clock()
    assert not user.is_active
