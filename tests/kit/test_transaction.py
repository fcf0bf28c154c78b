"""One unit of work: all of it or nothing, one at a time in a thread, and readers in nobody's way."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, text

from portal.kit.db import PLATFORM, connect_to, enter_scope, reading, scoped, transaction
from portal.kit.series import Series, next_number
from portal.whitelabels.models import WhiteLabel
from tests.cast import on_sqlite
from tests.threads import aside, at_once


def numbers(tenant):
    with reading(tenant) as db:
        return {row.name: row.last for row in db.scalars(select(Series))}


def test_what_is_written_stays(northwind):
    with transaction(northwind.id) as db:
        next_number(db, "quote")
    assert numbers(northwind.id)["quote"] == 1


def test_what_raises_leaves_nothing(northwind):
    with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
        next_number(db, "quote")
        db.flush()
        raise ZeroDivisionError
    assert "quote" not in numbers(northwind.id)


def test_a_savepoint_undone_leaves_nothing_and_the_rest_stays(northwind):
    """Red on SQLite when the driver handles transactions by itself: the savepoint's row would stay."""
    with transaction(northwind.id) as db:
        next_number(db, "kept")
        with pytest.raises(ZeroDivisionError), db.begin_nested():
            next_number(db, "undone")
            raise ZeroDivisionError
    assert "kept" in numbers(northwind.id) and "undone" not in numbers(northwind.id)


def test_a_rollback_undoes_what_a_savepoint_released(northwind):
    with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
        with db.begin_nested():
            next_number(db, "quote")
        raise ZeroDivisionError
    assert "quote" not in numbers(northwind.id)


def test_a_reader_sees_one_moment_from_its_first_question_to_its_last(northwind):
    """Sums agree with the rows below them. Red on PostgreSQL at READ COMMITTED, its own choice."""
    def more():
        with transaction(northwind.id) as db:
            next_number(db, "quote")

    with reading(northwind.id) as db:
        before = db.scalar(select(func.count()).select_from(Series))
        aside(more)
        assert db.scalar(select(func.count()).select_from(Series)) == before
    assert numbers(northwind.id)["quote"] == 1


@pytest.mark.parametrize("inner", [transaction, reading])
@pytest.mark.parametrize("outer", [transaction, reading])
def test_nesting_raises(northwind, outer, inner):
    with outer(northwind.id), pytest.raises(RuntimeError, match="open already"), inner(northwind.id):
        pass
    with outer(northwind.id):
        pass


def test_what_a_reader_writes_is_lost(northwind):
    with reading(northwind.id) as db:
        db.add(Series(name="quote", last=1))
        db.flush()
    assert "quote" not in numbers(northwind.id)


def test_a_page_reads_while_another_writes(northwind):
    with transaction(northwind.id) as db:
        next_number(db, "quote")
        assert "quote" not in aside(lambda: numbers(northwind.id))


def test_a_page_writes_while_another_reads(northwind):
    """Red on SQLite without WAL: the writer could not commit before the reader has gone."""
    with reading(northwind.id) as db:
        before = db.scalar(select(func.count()).select_from(Series))

        def write():
            with transaction(northwind.id) as other:
                return next_number(other, "quote")

        assert aside(write) == 1
        assert db.scalar(select(func.count()).select_from(Series)) in (before, before + 1)


def test_many_writers_that_read_first_all_finish(northwind):
    """Red on SQLite with a plain BEGIN: a reader that begins to write while another writes fails at once."""

    def add(n):
        with transaction(northwind.id) as db:
            db.scalars(select(Series)).all()
            return next_number(db, "quote")

    assert sorted(at_once(8, add)) == list(range(1, 9))


def test_the_scope_of_a_request_counts_until_it_is_left(northwind, kauri):
    with scoped(northwind.id):
        with transaction() as db:
            assert db.tenant == northwind.id
        with scoped(kauri.id), reading() as db:
            assert db.tenant == kauri.id
    with pytest.raises(TypeError), transaction():
        pass


def test_a_request_that_ends_leaves_no_scope(northwind):
    enter_scope(northwind.id)
    with reading() as db:
        assert db.tenant == northwind.id
    enter_scope(None)
    with pytest.raises(TypeError), reading():
        pass


def test_another_thread_has_no_scope_of_ours(northwind):
    found = []

    def look():
        try:
            with reading():
                found.append("a session")
        except TypeError:
            found.append("nothing")

    with scoped(northwind.id):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found == ["nothing"]


@on_sqlite
def test_sqlite_is_told_to_be_careful(database):
    wanted = {
        "journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30000, "recursive_triggers": 1,
    }
    with database.web.connect() as connection:
        assert {name: connection.execute(text(f"pragma {name}")).scalar() for name in wanted} == wanted


def test_times_come_back_in_utc(northwind):
    moment = datetime(2026, 11, 2, 9, 30, 15, 123456, tzinfo=UTC)
    with transaction(PLATFORM) as db:
        row = db.get(WhiteLabel, northwind.id)
        row.created_at = moment
    with reading(PLATFORM) as db:
        assert db.get(WhiteLabel, northwind.id).created_at == moment


def test_a_time_without_a_zone_is_refused(northwind):
    with transaction(PLATFORM) as db:
        row = db.get(WhiteLabel, northwind.id)
        row.created_at = datetime(2026, 11, 2)  # noqa: DTZ001 - that it has no zone is the point
        with pytest.raises(Exception, match="naive"):
            db.flush()
        db.rollback()


def test_an_engine_of_each_kind_can_be_made(settings):
    engine = connect_to(settings.database_url)
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
    engine.dispose()


def test_a_row_too_many_is_an_error_and_not_a_silence(northwind):
    with transaction(PLATFORM) as db:
        db.execute(insert(Series), [{"white_label_id": northwind.id, "name": "quote", "last": 0}])
        with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
            db.execute(insert(Series), [{"white_label_id": northwind.id, "name": "quote", "last": 0}])
        db.rollback()
