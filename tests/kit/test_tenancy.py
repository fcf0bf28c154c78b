"""A session sees its tenant's rows and no others, whatever is asked of it; on PostgreSQL the database agrees."""

import pytest
from sqlalchemy import delete, exists, func, insert, literal, select, text, union_all, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import aliased

from portal.accounts.models import Account, Membership
from portal.identity.models import PasswordLink, User
from portal.kit.bulk import insert_if_absent, insert_rows
from portal.kit.clock import now
from portal.kit.db import PLATFORM, TenancyHole, TenantSession, reading, stream, transaction
from portal.kit.ids import new_id
from portal.kit.series import Series
from portal.whitelabels.models import WhiteLabel
from tests.cast import on_postgresql


@pytest.fixture
def ours(northwind):
    with transaction(northwind.id) as db:
        yield db


def new_user(name: str, **more: object) -> User:
    return User(login_name=name, display_name=name, email=f"{name}@northwind.example", **more)


def test_a_session_without_a_scope_is_an_error(database):
    with pytest.raises(TypeError):
        TenantSession(database.web)
    with pytest.raises(TypeError):
        TenantSession(database.web, scope=None)
    with pytest.raises(TypeError, match="no scope"), transaction():
        pass


def test_a_scope_does_not_change(ours, kauri):
    with pytest.raises(AttributeError):
        ours.scope = kauri.id


class TestRowsOfOthersAreInvisible:
    """Red when `_stay_inside` adds no criteria: on SQLite every one of these finds Charlie or his white label."""

    def test_in_a_select(self, ours, bob):
        assert bob.id in set(ours.scalars(select(User.id)))
        assert {user.white_label_id for user in ours.scalars(select(User))} == {ours.tenant}

    def test_in_a_select_of_columns(self, ours):
        assert set(ours.scalars(select(User.white_label_id))) == {ours.tenant}

    def test_in_aggregates(self, ours, cast):
        assert ours.scalar(select(func.count()).select_from(User)) == 3
        assert ours.scalar(select(func.count(User.id))) == 3
        assert ours.scalar(select(func.max(User.login_name)).where(User.login_name.like("charlie%"))) is None

    def test_by_id(self, ours, charlie, kauri):
        assert ours.load(User, charlie.id) is None
        assert ours.locked(User, charlie.id) is None
        assert ours.get(User, (kauri.id, charlie.id)) is None
        assert ours.get(User, {"white_label_id": kauri.id, "id": charlie.id}) is None

    def test_with_the_tenant_named_in_the_question(self, ours, kauri):
        assert ours.scalars(select(User).where(User.white_label_id == kauri.id)).all() == []
        assert ours.scalars(select(User).filter_by(white_label_id=kauri.id)).all() == []

    def test_under_an_alias(self, ours, kauri):
        other = aliased(User)
        assert {user.white_label_id for user in ours.scalars(select(other))} == {ours.tenant}
        assert ours.scalars(select(other).where(other.white_label_id == kauri.id)).all() == []

    def test_in_a_join(self, ours, kauri):
        pairs = ours.execute(select(User, Membership).join(Membership, Membership.user_id == User.id)).all()
        assert pairs and all(m.white_label_id == u.white_label_id == ours.tenant for u, m in pairs)

    def test_in_a_product_of_tables(self, ours, kauri):
        other = aliased(User)
        pairs = ours.execute(select(User.id, other.white_label_id).join(other, literal(True))).all()
        assert len(pairs) == 9 and {tenant for _, tenant in pairs} == {ours.tenant}

    def test_in_an_outer_join(self, ours, kauri):
        account, other = aliased(Account), aliased(User)
        rows = ours.execute(select(account.id, other.id).outerjoin(other, other.white_label_id == kauri.id)).all()
        assert rows and all(user is None for _, user in rows)

    def test_in_subqueries(self, ours, charlie):
        inner = select(User.login_name).where(User.id == charlie.id).scalar_subquery()
        assert ours.scalar(select(inner)) is None
        assert ours.scalars(select(Account.id).where(exists().where(User.id == charlie.id))).all() == []
        held = select(User.id).subquery()
        assert ours.scalar(select(func.count()).select_from(held)) == 3
        assert ours.scalar(select(func.count()).select_from(select(User.id).cte())) == 3

    def test_in_unions(self, ours):
        both = union_all(select(User.white_label_id), select(Account.white_label_id)).subquery()
        assert set(ours.scalars(select(both.c.white_label_id))) == {ours.tenant}

    def test_for_a_stream(self, ours):
        rows = list(stream(ours, select(User.white_label_id).order_by(User.id), batch=2))
        assert len(rows) == 3 and {row.white_label_id for row in rows} == {ours.tenant}

    def test_for_the_old_query_interface(self, ours, charlie):
        assert ours.query(User).count() == 3
        assert ours.query(User).filter_by(id=charlie.id).first() is None

    def test_for_an_update(self, ours, charlie):
        changed = ours.scalars(update(User).values(display_name="Somebody").returning(User.white_label_id)).all()
        assert set(changed) == {ours.tenant} and len(changed) == 3
        mine = update(User).where(User.id == charlie.id).values(display_name="Somebody").returning(User.id)
        assert ours.scalar(mine) is None

    def test_for_a_delete(self, northwind, kauri):
        with transaction(northwind.id) as db:
            db.execute(delete(Series))
        with reading(PLATFORM) as db:
            assert {row.white_label_id for row in db.scalars(select(Series))} == {kauri.id}

    def test_for_a_refresh(self, ours, alice):
        user = ours.load(User, alice.id)
        ours.expire(user)
        assert user.login_name == alice.login_name
        ours.refresh(user)
        assert user.display_name == alice.name


HOLES = {
    "text": text("select * from users"),
    "a table": select(User.__table__),
    "a column of a table": select(User.__table__.c.id),
    "an insert into a table": insert(User.__table__).values(id=new_id()),
    "an insert": insert(User).values(id=new_id()),
    "an insert from a select": insert(User).from_select(["id"], select(User.id)),
    "an update of a table": update(User.__table__).values(display_name="x"),
    "a delete from a table": delete(User.__table__),
    "nothing of ours": select(literal(1)),
    "a table named in text": select(func.count()).select_from(text("users")),
}


class TestHoles:
    """Statements that would leave the tenant are refused before they run."""

    @pytest.mark.parametrize("name", HOLES)
    def test_core_text_and_inserts_are_refused(self, ours, name):
        with pytest.raises(TenancyHole):
            ours.execute(HOLES[name])

    def test_a_bulk_insert_of_dicts_is_refused(self, ours, kauri):
        with pytest.raises(TenancyHole):
            ours.execute(insert(User), [{"white_label_id": kauri.id, "login_name": "x"}])

    @pytest.mark.parametrize("times", [1, 2])
    def test_an_update_by_primary_keys_is_refused(self, ours, charlie, kauri, times):
        """It goes by the given keys alone, past all criteria. Red on SQLite before the session refused it."""
        row = {"white_label_id": kauri.id, "id": charlie.id, "display_name": "Somebody"}
        with pytest.raises(TenancyHole):
            ours.execute(update(User), [row] * times)

    def test_a_tenants_session_in_platform_scope_has_no_tenant(self, database):
        with reading(PLATFORM) as db, pytest.raises(TenancyHole):
            db.load(User, new_id())


class TestWriting:
    def test_a_new_row_is_stamped(self, ours):
        assert ours.put(new_user("dora")).white_label_id == ours.tenant

    def test_a_row_for_another_tenant_is_refused(self, ours, kauri):
        ours.add(new_user("dora", white_label_id=kauri.id))
        with pytest.raises(TenancyHole):
            ours.flush()
        ours.rollback()

    def test_a_row_cannot_be_moved_to_another_tenant(self, ours, kauri, alice):
        user = ours.load(User, alice.id)
        user.white_label_id = kauri.id
        with pytest.raises(TenancyHole):
            ours.flush()
        ours.rollback()

    def test_a_foreign_row_that_strayed_in_is_not_written(self, cast, northwind):
        with reading(cast.kauri.id) as db:
            stray = db.load(User, cast.charlie.id)
        with transaction(northwind.id) as db:
            db.add(stray)
            stray.display_name = "Somebody"
            with pytest.raises(TenancyHole):
                db.flush()
            db.rollback()

    def test_a_merged_foreign_row_is_not_written(self, cast, northwind):
        with reading(cast.kauri.id) as db:
            stray = db.load(User, cast.charlie.id)
        with transaction(northwind.id) as db:
            db.merge(stray)
            with pytest.raises(TenancyHole):
                db.flush()
            db.rollback()

    def test_a_foreign_row_is_not_deleted(self, cast, northwind):
        with reading(cast.kauri.id) as db:
            stray = db.load(User, cast.charlie.id)
        with transaction(northwind.id) as db:
            db.delete(stray)
            with pytest.raises(TenancyHole):
                db.flush()
            db.rollback()

    def test_the_database_refuses_a_link_to_another_tenants_row(self, ours, charlie):
        """Both rows exist, but the key that links them carries the tenant."""
        ours.add(PasswordLink(user_id=charlie.id, purpose="set-password", digest="x", expires_at=now()))
        with pytest.raises(IntegrityError):
            ours.flush()
        ours.rollback()

    def test_the_fast_doors_stamp_and_refuse(self, ours, kauri):
        assert insert_if_absent(ours, Series, name="quotes", last=0)
        assert not insert_if_absent(ours, Series, name="quotes", last=7)
        with pytest.raises(TenancyHole):
            insert_if_absent(ours, Series, name="quotes", last=0, white_label_id=kauri.id)
        with pytest.raises(TenancyHole):
            insert_rows(ours, Series, [{"name": "a", "last": 0}, {"name": "b", "last": 0, "white_label_id": kauri.id}])
        insert_rows(ours, Series, [{"name": "a", "last": 0}, {"name": "b", "last": 0}])
        assert set(ours.scalars(select(Series.name))) >= {"a", "b", "quotes"}


class TestThePlatform:
    def test_it_sees_every_tenant(self, database, northwind, kauri):
        with reading(PLATFORM) as db:
            assert {u.white_label_id for u in db.scalars(select(User))} >= {northwind.id, kauri.id}
            assert db.scalar(select(func.count()).select_from(WhiteLabel)) == 3

    def test_it_has_to_name_the_tenant_of_what_it_inserts(self, database, northwind):
        with transaction(PLATFORM) as db:
            with pytest.raises(TenancyHole):
                insert_if_absent(db, Series, name="quotes", last=0)
            assert insert_if_absent(db, Series, name="quotes", last=0, white_label_id=northwind.id)


@on_postgresql
class TestTheSecondWall:
    """The database's own wall, asked with the web's login and raw SQL, as a mistake in our code would ask."""

    @pytest.fixture
    def raw(self, database):
        with database.web.connect() as connection:
            yield connection

    @staticmethod
    def become(raw, tenant):
        raw.execute(text("select set_config('app.white_label', :id, true)"), {"id": str(tenant)})

    def test_without_a_tenant_nothing_is_there(self, raw, cast):
        assert raw.execute(text("select count(*) from users")).scalar() == 0
        assert raw.execute(text("select count(*) from journal_line")).scalar() == 0

    def test_an_empty_tenant_is_no_tenant(self, raw, cast):
        self.become(raw, "")
        assert raw.execute(text("select count(*) from users")).scalar() == 0

    def test_only_the_tenants_rows_are_there(self, raw, northwind):
        self.become(raw, northwind.id)
        assert set(raw.execute(text("select distinct white_label_id from users")).scalars()) == {northwind.id}

    def test_the_tenant_is_forgotten_with_the_transaction(self, raw, northwind):
        self.become(raw, northwind.id)
        raw.commit()
        assert raw.execute(text("select count(*) from users")).scalar() == 0

    def test_nothing_is_written_for_others(self, raw, northwind, kauri):
        self.become(raw, northwind.id)
        with pytest.raises(ProgrammingError, match="row-level security"):
            raw.execute(text("insert into series (white_label_id, name, last) values (:t, 'x', 1)"), {"t": kauri.id})

    def test_nothing_is_moved_to_others(self, raw, northwind, kauri):
        self.become(raw, northwind.id)
        with pytest.raises(ProgrammingError, match="row-level security"):
            raw.execute(text("update contact set white_label_id = :t"), {"t": kauri.id})

    def test_nothing_of_others_is_changed(self, raw, northwind, kauri):
        self.become(raw, northwind.id)
        changed = raw.execute(text("update users set display_name = 'x' where white_label_id = :t"), {"t": kauri.id})
        assert changed.rowcount == 0

    def test_a_hole_in_the_session_ends_at_the_wall(self, northwind, kauri):
        """A statement in a session's own connection, which the house rules ban, still sees one tenant."""
        with transaction(northwind.id) as db:
            found = db.connection().execute(text("select distinct white_label_id from users")).scalars().all()
        assert found == [northwind.id]

    def test_the_wall_stands_for_the_platforms_login_as_well_when_its_gate_is_shut(self, database, cast):
        """Forced: the owner of the tables passes only through its policy."""
        with database.platform.connect() as connection:
            connection.execute(text("drop policy platform on users"))
            assert connection.execute(text("select count(*) from users")).scalar() == 0
            connection.rollback()
            assert connection.execute(text("select count(*) from users")).scalar() == 5

    def test_the_web_cannot_take_the_wall_down(self, raw):
        for statement in ("alter table users disable row level security", "drop policy tenant on users",
                          f"set role {'portal_test_platform'}", "set session_replication_role = replica"):
            with pytest.raises(ProgrammingError):
                raw.execute(text(statement))
            raw.rollback()

