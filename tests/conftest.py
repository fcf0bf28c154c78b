"""What every test may ask for: a real database with the cast in it, settings, a clock, clients of the hosts.

`database` runs a test twice, on SQLite and on PostgreSQL; the marks `on_sqlite` and `on_postgresql` of `tests.cast`
choose one, and so do the folders of ON_EITHER. Both are migrated and cast once for each process, so a fresh database
costs some milliseconds.
"""

import os
import re
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from zlib import crc32

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from werkzeug.test import TestResponse

import portal.models
from portal.identity import passwords
from portal.kit import clock as kit_clock, db as kit_db, settings as kit_settings
from portal.kit.db import TenantSession
from portal.kit.limits import limiter
from portal.kit.logs import set_up_logs
from portal.kit.migrating import migrate
from portal.kit.settings import Settings
from tests.cast import MORNING, Cast, Clock, Company, Person, make_cast
from tests.servers import PLATFORM, WEB, PostgresqlServer, postgresql_server

assert portal.models.ROOMS, "the tables must be known before a database is migrated"

SETTINGS = Settings(
    secret_key="a-secret-for-tests-that-is-long-enough", mail_from="portal@highwire.example", staff_factor="offered"
)
# Still argon2id, only with as little work as it allows. `tests/identity/test_passwords.py` asks for the product's own.
THOROUGH = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


# Each takes a minute or more. A worker that gets one of them last keeps everybody waiting.
LONG = ("journeys/test_in_a_browser", "billing/test_any_timeline", "journeys", "access", "faults", "pbx/test_any_edits")


# About pages and rules above the database: each of their tests runs on one of the two, chosen by its name, so that both
# meet every page. Tests marked `on_both`, those of all other folders, and all of them with PROVE=1, run on both.
ON_EITHER = (
    "access", "customers", "finance", "identity", "letters", "operator", "pbx", "people", "provisioning", "selfcare",
    "services", "settings_pages", "signup", "web",
)


def spared(items: list[pytest.Item]) -> list[pytest.Item]:
    """Those that run on the other database."""
    pairs = defaultdict[str, dict[str, pytest.Item]](dict)
    for item in items:
        house = getattr(item, "callspec", None) and item.callspec.params.get("house")  # type: ignore[attr-defined]
        if house and item.path.parent.name in ON_EITHER and not item.get_closest_marker("on_both"):
            pairs[item.nodeid.replace(house, "")][house] = item
    both = {name: pair for name, pair in pairs.items() if len(pair) == 2}
    return [pair[("sqlite", "postgresql")[crc32(name.encode()) % 2]] for name, pair in both.items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [] if "PROVE" in os.environ else spared(items)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]

    def place(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONG) if f"tests/{name}" in item.path.as_posix()), len(LONG))

    items.sort(key=place)


class Compiled(BytecodeCache):
    """Templates compiled once for all the applications that tests make."""

    known: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


ENGINES: dict[str, Engine] = {}


def opened(settings: Settings) -> kit_db.Database:
    """A database on engines that the tests of this process share: each remembers the statements that it wrote out.

    What a test listens to on an engine ends with the test, because it gets a face of its own for it.
    """

    def connect(url: str) -> Engine:
        if url not in ENGINES:
            ENGINES[url] = kit_db.connect_to(url)
        return ENGINES[url].execution_options()

    return kit_db.Database(settings, connect)


class SqliteHouse:
    """A file with the cast in it; each test gets a copy, at the same place as the test before."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "portal.sqlite3"
        self.cast = cast_in(replace(SETTINGS, database_url=f"sqlite:///{self.file}"))
        connection = sqlite3.connect(self.file)
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        self.copy = folder / "present" / "portal.sqlite3"

    def fresh(self) -> Settings:
        shutil.rmtree(self.copy.parent, ignore_errors=True)
        self.copy.parent.mkdir()
        shutil.copyfile(self.file, self.copy)
        return replace(SETTINGS, database_url=f"sqlite:///{self.copy}")


class PostgresqlHouse:
    """A database with the cast in it, put back before each test to what it was."""

    def __init__(self, server: PostgresqlServer) -> None:
        name = server.new_database()
        self.settings = settings_at(server, name)
        self.cast = cast_in(self.settings)
        self.keeper = server.keeper(name)

    def fresh(self) -> Settings:
        self.keeper.reset()
        return self.settings


House = SqliteHouse | PostgresqlHouse


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> SqliteHouse:
    return SqliteHouse(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="session")
def postgresql_house(postgresql: PostgresqlServer) -> Iterator[PostgresqlHouse]:
    house = PostgresqlHouse(postgresql)
    yield house
    house.keeper.admin.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> House:
    made: House = request.getfixturevalue(f"{request.param}_house")
    return made


@pytest.fixture
def database(house: House) -> Iterator[kit_db.Database]:
    """A database with the cast in it and nothing else, in use for the length of the test."""
    settings = house.fresh()
    kit_settings.install(settings)
    made = opened(settings)
    kit_db.use(made)
    yield made
    made.dispose()


@pytest.fixture
def settings(database: kit_db.Database) -> Settings:
    """The settings in force; `change_settings` installs others."""
    return kit_settings.current()


@pytest.fixture
def change_settings(settings: Settings) -> Callable[..., Settings]:
    def change(**values: Any) -> Settings:
        kit_settings.install(replace(kit_settings.current(), **values))
        return kit_settings.current()

    return change


@pytest.fixture
def cast(house: House, database: kit_db.Database) -> Cast:
    return house.cast


@pytest.fixture
def northwind(cast: Cast) -> Company:
    return cast.northwind


@pytest.fixture
def kauri(cast: Cast) -> Company:
    return cast.kauri


@pytest.fixture
def alice(cast: Cast) -> Person:
    return cast.alice


@pytest.fixture
def bob(cast: Cast) -> Person:
    return cast.bob


@pytest.fixture
def charlie(cast: Cast) -> Person:
    return cast.charlie


@pytest.fixture
def fiona(cast: Cast) -> Person:
    return cast.fiona


@pytest.fixture
def olga(cast: Cast) -> Person:
    return cast.olga


@pytest.fixture
def db(northwind: Company) -> Iterator[TenantSession]:
    """One open transaction of Northwind, undone at the end: for tests of commands that need no second one."""
    with pytest.raises(_Undo), kit_db.transaction(northwind.id) as session:
        yield session
        raise _Undo


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The time stands an hour after the cast was made; move it with `clock.advance(days=1)`."""
    standing = Clock(MORNING)
    standing.advance(hours=1)
    with kit_clock.reading(standing):
        yield standing


@pytest.fixture(scope="session")
def built() -> dict[Settings, Flask]:
    """The applications of this run, by their settings: to build one costs more than most tests that ask it."""
    return {}


@pytest.fixture
def app(settings: Settings, built: dict[Settings, Flask]) -> Iterator[Flask]:
    """The whole application, on the test's database."""
    from portal.app import create_app, listen

    now = kit_settings.current()
    key = replace(now, database_url="", platform_database_url="")
    if key in built:
        set_up_logs(now)
        listen()
        kit_db.use(opened(now))
    else:
        built[key] = create_app(now)
        built[key].jinja_env.bytecode_cache = Compiled()
    own = kit_db.database()
    limiter.reset()
    yield built[key]
    own.dispose()


@pytest.fixture
def client(app: Flask) -> Callable[[str | Person | Company], "HostClient"]:
    """`client("kauri.localhost")`, or `client(bob)`: a browser of its own for one host, signed in when a person's."""

    def open_client(who: str | Person | Company) -> HostClient:
        made = HostClient(app, who if isinstance(who, str) else who.host)
        if isinstance(who, Person):
            made.sign_in(who)
        return made

    return open_client


class HostClient(FlaskClient):
    """A browser that visits one host and nothing else, and sends forms the way a page would."""

    def __init__(self, app: Flask, host: str) -> None:
        super().__init__(app, app.response_class, use_cookies=True)
        self.host = host

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", f"http://{self.host}/")
        kwargs.setdefault("buffered", True)
        return super().open(*args, **kwargs)

    def submit(self, path: str, form: dict[str, Any] | None = None, *, page: str | None = None) -> TestResponse:
        """Open the page that holds the form (`page`, else `path` itself), and post the form with what it hides."""
        return self.post(path, data={**self._hidden(page or path), **(form or {})})

    def token(self, page: str) -> str:
        return self._hidden(page)["csrf_token"]

    def _hidden(self, page: str) -> dict[str, str]:
        """The token of a page's forms, and the sum that one of them confirms."""
        text = self.get(page, follow_redirects=True).text
        found = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', text) for name in ("csrf_token", "agreed")}
        assert found["csrf_token"] is not None, f"{page} has no form"
        return {name: match[1] for name, match in found.items() if match is not None}

    def sign_in(self, who: Person) -> None:
        answer = self.submit("/login", {"login_name": who.login_name, "password": who.password})
        assert answer.status_code == 303, f"{who.name} could not sign in: {answer.status}"


class _Undo(Exception):
    pass


def cast_in(settings: Settings) -> Cast:
    migrate(settings.platform_database_url or settings.database_url, web_url=settings.database_url)
    kit_settings.install(settings)
    made = kit_db.Database(settings)
    kit_db.use(made)
    try:
        return make_cast()
    finally:
        made.dispose()


def settings_at(server: PostgresqlServer, name: str) -> Settings:
    return replace(SETTINGS, database_url=server.url(WEB, name), platform_database_url=server.url(PLATFORM, name))
