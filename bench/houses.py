"""Databases to measure on, and the product on one that is full of charges, with somebody from finance signed in."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy import URL, func, make_url, select

import portal.models
from bench.measuring import Meter, ServerCpu, here_and
from bench.rows import Shape, fill_postgresql, fill_sqlite
from portal.app import create_app
from portal.billing.models import Charge
from portal.billing.period import nth_period
from portal.finance.queries import Filter, totals
from portal.identity import passwords
from portal.kit import db as kit_db, settings as kit_settings
from portal.kit.limits import limiter
from portal.kit.migrating import migrate
from portal.kit.settings import Settings
from portal.ledger.entry import Book
from tests.cast import Cast, Person, make_cast
from tests.conftest import SETTINGS, THOROUGH, HostClient, settings_at
from tests.servers import PostgresqlServer, postgresql_server

assert portal.models.ROOMS, "the tables must be known before a database is migrated"

# Importing the tests' houses makes hashes quick; what is measured here is what people get.
passwords._hasher = THOROUGH


class WrongTotals(RuntimeError):
    """The product's totals differ from the rows: a roll-up that the bulk load did not fill. Mend `bench/rows.py`."""


@dataclass(frozen=True)
class House:
    """`kind` is sqlite or postgresql. Several may exist; the one that was entered last is in use."""

    kind: str
    settings: Settings
    shape: Shape
    cast: Cast
    app: Flask
    database: kit_db.Database
    client: HostClient
    server: ServerCpu | None

    @property
    def white_label(self) -> UUID:
        return self.cast.northwind.id

    @property
    def fiona(self) -> Person:
        return self.cast.fiona

    @property
    def platform_url(self) -> str:
        return self.settings.platform_database_url or self.settings.database_url

    @property
    def meter(self) -> Meter:
        return here_and(self.server)

    def enter(self) -> "House":
        kit_settings.install(self.settings)
        kit_db.use(self.database)
        return self

    def get(self, address: str) -> str:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
        return answer.text

    def month(self, first: date) -> Filter:
        return Filter(first, nth_period(first, 1).first_day)

    def count(self, first: date, end: date) -> int:
        """By counting the rows; the cast has a charge or two of its own."""
        inside = Charge.book == Book.WHOLESALE.value, Charge.day >= first, Charge.day < end
        with kit_db.reading(self.white_label) as db:
            return db.scalars(select(func.count(Charge.id)).where(*inside)).one()

    def key_of_last_but(self, first: date, count: int) -> tuple[date, UUID]:
        """Before this key lie only `count` charges of the month."""
        wanted = self.month(first)
        inside = select(Charge.day, Charge.id).where(Charge.book == Book.WHOLESALE.value)
        inside = inside.where(Charge.day >= wanted.first, Charge.day < wanted.next_first)
        with kit_db.reading(self.white_label) as db:
            day, id = db.execute(inside.order_by(Charge.day, Charge.id).offset(count).limit(1)).one()
        return day, id

    def environment(self) -> dict[str, str]:
        return environment(self.settings)


class SqliteGround:
    """Database files in one folder. `raw` is what the bare driver connects to."""

    kind = "sqlite"
    server = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)

    def new(self) -> Settings:
        return replace(SETTINGS, database_url=f"sqlite:///{self.folder / f'{next(self._numbers)}-portal.sqlite3'}")

    def twin(self, settings: Settings) -> Settings:
        """Another database with the same rows; nobody may be connected to the first."""
        made = self.new()
        shutil.copyfile(self.raw(settings), self.raw(made))
        return made

    def raw(self, settings: Settings) -> str:
        return _name(settings)

    def fill(self, settings: Settings, white_label: UUID, wanted: Shape) -> None:
        fill_sqlite(self.raw(settings), white_label, wanted)

    def server_s(self) -> float:
        """CPU seconds of the server, where there is one."""
        return 0.0

    def settle(self, settings: Settings) -> None:
        """What the database would do by itself some minutes later."""
        with closing(sqlite3.connect(self.raw(settings))) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")


class PostgresqlGround:
    """Databases of one server. `raw` is the address for a superuser, whom no wall stops."""

    kind = "postgresql"

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self.server = ServerCpu(_address(server.admin_url))

    def new(self) -> Settings:
        return settings_at(self._server, self._server.new_database())

    def twin(self, settings: Settings) -> Settings:
        return settings_at(self._server, self._server.new_database(template=_name(settings)))

    def raw(self, settings: Settings) -> str:
        return _address(self._server.admin_url.set(database=_name(settings)))

    def fill(self, settings: Settings, white_label: UUID, wanted: Shape) -> None:
        fill_postgresql(self.raw(settings), white_label, wanted)

    def server_s(self) -> float:
        return self.server()

    def settle(self, settings: Settings) -> None:
        with psycopg.connect(self.raw(settings), autocommit=True) as connection:
            connection.execute("vacuum (analyze)")
            connection.execute("checkpoint")


Ground = SqliteGround | PostgresqlGround


@contextmanager
def ground(kind: str, folder: Path) -> Iterator[Ground]:
    """On an embedded PostgreSQL, which is stopped at the end. Never on one that DATABASE_URL names."""
    if kind == "sqlite":
        yield SqliteGround(folder)
        return
    os.environ.pop("DATABASE_URL", None)
    with postgresql_server() as server:
        server.admin.execute("alter system set autovacuum = off")
        server.admin.execute("select pg_reload_conf()")
        yield PostgresqlGround(server)


@contextmanager
def houses_on(ground: Ground, shapes: list[Shape]) -> Iterator[list[House]]:
    houses = [_house(ground, wanted) for wanted in shapes]
    try:
        yield houses
    finally:
        for house in houses:
            house.database.dispose()


def environment(settings: Settings) -> dict[str, str]:
    """For a process of its own that runs the product on a database."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "PLATFORM_DATABASE_URL": settings.platform_database_url,
        "PORTAL_SECRET_KEY": settings.secret_key,
        "PORTAL_ENV": settings.environment,
    }


def _name(settings: Settings) -> str:
    return make_url(settings.database_url).database or ""


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _house(ground: Ground, wanted: Shape) -> House:
    settings = ground.new()
    app, cast = furnished(settings)
    ground.fill(settings, cast.northwind.id, wanted)
    ground.settle(settings)
    return _checked(_opened(ground.kind, settings, wanted, cast, app, ground.server))


def furnished(settings: Settings) -> tuple[Flask, Cast]:
    """A new database with the cast in it, which is then the one in use."""
    migrate(settings.platform_database_url or settings.database_url, web_url=settings.database_url)
    app = create_app(settings)
    return app, make_cast()


def _opened(kind: str, settings: Settings, wanted: Shape, cast: Cast, app: Flask, server: ServerCpu | None) -> House:
    limiter.reset()
    client = HostClient(app, cast.northwind.host)
    client.sign_in(cast.fiona)
    return House(kind, settings, wanted, cast, app, kit_db.database(), client, server)


def _checked(house: House) -> House:
    """A page that is fast and wrong does not count."""
    with kit_db.reading(house.white_label) as db:
        found = totals(db, house.month(house.shape.newest)).count
    counted = house.count(house.shape.newest, house.shape.end)
    if found != counted:
        raise WrongTotals(f"{found} instead of {counted} charges")
    return house
