"""Prepared selects see what the session sees: the rows of its tenant, whatever is asked and however."""

import pytest
from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.orm import aliased

from portal.accounts.models import Account, Membership
from portal.identity.models import User
from portal.kit.db import PLATFORM, TenancyHole, reading, transaction
from portal.kit.prepared import Prepared, columns_of, made_of
from portal.whitelabels.models import WhiteLabel
from tests.cast import on_postgresql

other = aliased(User)
WHO = {
    "columns": select(User.white_label_id),
    "an alias": select(other.white_label_id),
    "a join": select(Membership.white_label_id).join(User, User.id == Membership.user_id),
    "a product": select(other.white_label_id).join(User, literal(True)),
    "a subquery": select(select(User.white_label_id.label("whose")).subquery().c.whose),
    "a table expression": select(select(User.white_label_id.label("whose")).cte().c.whose),
    "all that is loaded": select(User.white_label_id, *columns_of(User)),
}


@pytest.mark.parametrize("name", WHO)
def test_rows_of_others_are_invisible(name, cast, northwind):
    """Red when the criteria are not woven in: on SQLite each of these finds Kauri's rows."""
    prepared = Prepared(WHO[name])
    for tenant in (northwind.id, cast.kauri.id):
        with reading(tenant) as db:
            assert {row[0] for row in prepared.all(db)} == {tenant}
            assert {row[0] for batch in prepared.stream(db, batch=2) for row in batch} == {tenant}


def test_the_tenant_cannot_be_given(northwind, kauri):
    """Red when what is given goes over the session's own tenant."""
    with reading(northwind.id) as db:
        found = Prepared(WHO["columns"]).all(db, of_tenant=kauri.id)
    assert {row[0] for row in found} == {northwind.id}


def test_an_id_of_another_tenant_finds_nothing(northwind, charlie, bob):
    by_id = Prepared(select(User.login_name).where(User.id == bindparam("id")))
    with reading(northwind.id) as db:
        assert by_id.first(db, id=charlie.id) is None
        assert by_id.one(db, id=bob.id)[0] == bob.login_name


def test_an_inner_select_and_a_count_stay_inside(northwind, charlie):
    whose = select(User.login_name).where(User.id == bindparam("id")).scalar_subquery()
    with reading(northwind.id) as db:
        assert Prepared(select(func.count(Account.id), whose)).one(db, id=charlie.id)[1] is None
        assert Prepared(select(func.count()).select_from(User)).one(db)[0] == 3


def test_the_platform_sees_everybody(cast):
    with reading(PLATFORM) as db:
        found = {row[0] for row in Prepared(WHO["columns"]).all(db)}
    assert found == {cast.northwind.id, cast.kauri.id, cast.operator.id}


@pytest.mark.parametrize("hole", [
    select(User.__table__.c.id), select(User.__table__), select(literal(1)),
    select(func.count()).select_from(text("users")),
])  # fmt: skip
def test_what_the_criteria_cannot_know_is_refused(hole):
    """As the session refuses it."""
    with pytest.raises(TenancyHole):
        Prepared(hole)


def test_what_was_changed_and_not_written_yet_is_seen(northwind, alice):
    """Red without the flush."""
    names = Prepared(select(User.display_name).where(User.id == bindparam("id")))
    with transaction(northwind.id) as db:
        user = db.load(User, alice.id)
        user.display_name = "Alice Ashdown"
        assert names.one(db, id=alice.id)[0] == "Alice Ashdown"
        db.rollback()


def test_a_reader_has_one_transaction_for_all_of_it(northwind):
    """What a page shows is of one moment, whichever way it is read. Red when the session takes its own connection."""
    with reading(northwind.id) as db:
        Prepared(WHO["columns"]).all(db)
        assert db.connection() is db.core()
        db.scalars(select(User)).all()
        assert db.connection() is db.core()


def test_a_reader_loses_what_it_writes(northwind, alice):
    with reading(northwind.id) as db:
        db.load(User, alice.id).display_name = "Somebody"
        Prepared(WHO["columns"]).all(db)
    with reading(northwind.id) as db:
        assert db.load(User, alice.id).display_name == alice.name


@on_postgresql
def test_row_level_security_stands_behind_a_reader(northwind, database):
    """Red when the reader's own connection names no tenant: then nothing is seen, by the session either."""
    with reading(northwind.id) as db:
        named = db.core().exec_driver_sql("select current_setting('app.white_label', true)").scalar()
        assert named == str(northwind.id)
        seen = db.core().exec_driver_sql("select distinct white_label_id from users").scalars().all()
        assert [str(id) for id in seen] == [str(northwind.id)]
    with database.web.connect() as connection:
        named = connection.exec_driver_sql("select current_setting('app.white_label', true)").scalar()
        assert not named, "a name must not outlive its transaction"


def test_an_object_made_of_a_row_is_the_row(northwind, bob):
    whole = Prepared(select(*columns_of(User)).where(User.id == bindparam("id")))
    with reading(northwind.id) as db:
        made, loaded = made_of(User, whole.one(db, id=bob.id)), db.load(User, bob.id)
    for column in columns_of(User):
        assert getattr(made, column.key) == getattr(loaded, column.key)


def test_an_object_is_made_anew_as_soon_as_its_row_differs(northwind, bob):
    """Red when objects are kept by their key."""
    whole = Prepared(select(*columns_of(User)).where(User.id == bindparam("id")))
    with reading(northwind.id) as db:
        assert made_of(User, whole.one(db, id=bob.id)).display_name == bob.name
    with transaction(northwind.id) as db:
        db.load(User, bob.id).display_name = "Robert Marsh"
    with reading(northwind.id) as db:
        assert made_of(User, whole.one(db, id=bob.id)).display_name == "Robert Marsh"


def test_big_columns_are_left_out():
    assert "logo" not in {column.key for column in columns_of(WhiteLabel)}
    assert "logo_digest" in {column.key for column in columns_of(WhiteLabel)}
