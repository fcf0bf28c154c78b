"""What the schema promises is in the database: migrations without drift, triggers, walls and rights."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from migrations.propose import proposal
from portal.kit.db import connect_to
from portal.kit.migrating import check_logins, drift, is_current, migrate, tenant_tables
from portal.kit.settings import Settings
from tests.cast import on_postgresql, on_sqlite
from tests.conftest import SETTINGS, settings_at
from tests.house.source import ROOT
from tests.servers import PLATFORM, WEB, PostgresqlServer

APPEND_ONLY = {
    "audit_row", "charge", "charge_credit", "credit_note", "event", "journal_entry", "journal_line", "kept_logo",
    "opening_price", "pbx_version", "price", "price_correction", "receipt", "statement", "statement_line",
    "terms_acceptance"}


def owner_url(settings: Settings) -> str:
    return settings.platform_database_url or settings.database_url


def test_models_and_database_agree(settings):
    assert is_current(owner_url(settings))
    assert drift(owner_url(settings)) == []


@on_sqlite
def test_drift_is_noticed(settings, database):
    with database.platform.begin() as connection:
        connection.execute(text("drop table signup_draft"))
        connection.execute(text("alter table contact add column fax varchar"))
    found = drift(owner_url(settings))
    assert [change.split("'")[1] for change in found] == ["add_table", "remove_column"]


def test_nothing_is_left_to_propose():
    """The tool that writes the next migration agrees with the drift report."""
    assert proposal() == "    pass"


def test_migrating_twice_changes_nothing(settings):
    migrate(owner_url(settings), web_url=settings.database_url)
    assert drift(owner_url(settings)) == []


def test_a_database_that_was_never_migrated_is_not_current(tmp_path):
    assert not is_current(f"sqlite:///{tmp_path}/empty.sqlite3")


def test_the_folder_of_a_new_database_is_made(tmp_path):
    place = tmp_path / "instance" / "portal.sqlite3"
    migrate(f"sqlite:///{place}", web_url=SETTINGS.database_url)
    assert is_current(f"sqlite:///{place}")


def test_a_migration_that_breaks_leaves_nothing_behind(tmp_path, monkeypatch):
    """On SQLite, too, where Alembic by itself would commit table by table. Red without the `BEGIN` of portal.kit.db."""
    broken = tmp_path / "house"
    _copy_migrations(broken)
    monkeypatch.setattr("portal.kit.migrating.root", lambda: broken)
    url = f"sqlite:///{tmp_path}/portal.sqlite3"
    with pytest.raises(Exception, match="no such table: nowhere"):
        migrate(url, web_url=url)
    engine = connect_to(url)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from sqlite_master")).scalar() == 0
    engine.dispose()


def _copy_migrations(to: Path) -> None:
    (to / "migrations" / "versions").mkdir(parents=True)
    last, breaks = "        _refuse_changes_on_sqlite()\n", "    op.execute('delete from nowhere')\n"
    home = ROOT / "migrations"
    for file in (*home.glob("*.*"), *home.glob("versions/0*.py")):
        (to / "migrations" / file.relative_to(home)).write_text(
            file.read_text().replace(last, last + breaks, 1)
        )


@on_sqlite
def test_the_triggers_stand_on_sqlite(database):
    with database.platform.connect() as connection:
        found = set(connection.execute(text("select name from sqlite_master where type = 'trigger'")).scalars())
    assert found == {f"{table}_no_{act}" for table in APPEND_ONLY for act in ("update", "delete")} | {"charge_adds_up"}


@on_postgresql
def test_the_triggers_stand_on_postgresql(database):
    with database.platform.connect() as connection:
        found = set(connection.execute(text("select tgname from pg_trigger where not tgisinternal")).scalars())
    refusing = {f"{table}_no_{act}" for table in APPEND_ONLY for act in ("update", "delete", "truncate")}
    assert found == refusing | {"charge_adds_up"}


@on_postgresql
def test_every_table_of_a_tenant_is_walled_off_and_its_owner_too(database):
    walled = (
        "select relname from pg_class"
        " where relrowsecurity and relforcerowsecurity and relnamespace = 'public'::regnamespace"
    )
    with database.platform.connect() as connection:
        assert set(connection.execute(text(walled)).scalars()) == set(tenant_tables())


@on_postgresql
def test_every_wall_asks_for_the_tenant_and_only_the_platform_has_a_gate(database):
    asked = text("select tablename, policyname, roles, qual, with_check from pg_policies where schemaname = 'public'")
    with database.platform.connect() as connection:
        found = {(row.tablename, row.policyname): row for row in connection.execute(asked)}
    assert set(found) == {(table, policy) for table in tenant_tables() for policy in ("tenant", "platform")}
    for (_, policy), row in found.items():
        if policy == "tenant":
            assert row.qual == row.with_check and "app.white_label" in row.qual and "NULLIF" in row.qual
        else:
            assert row.roles == [PLATFORM]


@on_postgresql
def test_the_webs_login_may_append_to_what_is_append_only_and_no_more(database):
    asked = text(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where grantee = :web and table_schema = 'public'"
    )
    rights: dict[str, set[str]] = {}
    with database.platform.connect() as connection:
        for table, right in connection.execute(asked, {"web": WEB}):
            rights.setdefault(table, set()).add(right)
    assert {t for t, r in rights.items() if r == {"SELECT", "INSERT"}} == APPEND_ONLY
    assert {t for t, r in rights.items() if r == {"SELECT"}} == {"alembic_version"}
    assert all(r == {"SELECT", "INSERT", "UPDATE", "DELETE"} for t, r in rights.items()
               if t not in APPEND_ONLY | {"alembic_version"})


def test_the_logins_of_the_tests_are_the_ones_of_production(settings):
    assert check_logins(settings) == []


@on_postgresql
def test_a_login_that_goes_through_walls_is_named(settings: Settings, postgresql: PostgresqlServer):
    name = postgresql.admin_url.username or ""
    database = settings.database_url.rsplit("/", 1)[1].split("?")[0]
    free = replace(settings, database_url=postgresql.url(name, database))
    assert any("bypasses row-level security" in problem for problem in check_logins(free))


@on_postgresql
def test_one_login_for_both_is_named(settings: Settings):
    assert "login of its own" in check_logins(replace(settings, platform_database_url=""))[0]
    assert "login of its own" in check_logins(replace(settings, platform_database_url=settings.database_url))[0]


@on_postgresql
def test_a_web_login_that_owns_tables_is_named(settings: Settings):
    web, platform = settings.database_url, settings.platform_database_url
    problems = " ".join(check_logins(replace(settings, database_url=platform, platform_database_url=web)))
    assert "owns tables" in problems and "shut out of account" in problems


@on_postgresql
def test_a_web_login_that_may_become_the_platform_is_named(settings: Settings, postgresql: PostgresqlServer):
    postgresql.admin.execute(f"grant {PLATFORM} to {WEB}")
    try:
        assert any("member of the platform" in problem for problem in check_logins(settings))
    finally:
        postgresql.admin.execute(f"revoke {PLATFORM} from {WEB}")


@on_postgresql
def test_a_server_that_does_not_answer_is_a_problem(settings: Settings):
    gone = replace(settings, database_url="postgresql://web@127.0.0.1:1/none")
    assert any("did not answer" in problem for problem in check_logins(gone))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_programs_may_migrate_at_once(kind: str, tmp_path: Path, postgresql: PostgresqlServer):
    """Both start on an empty database; the second waits, and finds all done. Red without the lock, or the BEGIN."""
    url, web = f"sqlite:///{tmp_path}/portal.sqlite3", SETTINGS.database_url
    if kind == "postgresql":
        at = settings_at(postgresql, postgresql.new_database())
        url, web = at.platform_database_url, at.database_url
    program = "import sys, portal.kit.migrating as m; m.migrate(sys.argv[1], web_url=sys.argv[2])"
    command = [sys.executable, "-c", program, url, web]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [program.communicate(timeout=60)[1] for program in running]
    assert [program.returncode for program in running] == [0, 0], said
    assert drift(url) == []
