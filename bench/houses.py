"""The product on a database full of charges, with somebody from finance signed in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

import portal.models
from bench.measuring import Meter, ServerCpu, here_and
from bench.rows import Shape, fill_postgresql, fill_sqlite
from portal.app import create_app
from portal.billing.models import Charge
from portal.billing.period import nth_period
from portal.finance.queries import Filter, totals
from portal.kit import db as kit_db, settings as kit_settings
from portal.kit.limits import limiter
from portal.kit.migrating import migrate
from portal.kit.settings import Settings
from portal.ledger.entry import Book
from tests.cast import Cast, Person, make_cast
from tests.conftest import SETTINGS, HostClient, settings_at
from tests.servers import PostgresqlServer, postgresql_server

assert portal.models.ROOMS, "the tables must be known before a database is migrated"


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
        """For a process of its own that runs the product on this database."""
        return {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "PLATFORM_DATABASE_URL": self.settings.platform_database_url,
            "PORTAL_SECRET_KEY": self.settings.secret_key,
            "PORTAL_ENV": self.settings.environment,
        }


@contextmanager
def sqlite_houses(folder: Path, shapes: list[Shape]) -> Iterator[list[House]]:
    with _kept([_sqlite_house(folder / f"{n}-portal.sqlite3", wanted) for n, wanted in enumerate(shapes)]) as houses:
        yield houses


@contextmanager
def postgresql_houses(shapes: list[Shape]) -> Iterator[list[House]]:
    """On an embedded server, which is stopped at the end. Never on one that DATABASE_URL names."""
    os.environ.pop("DATABASE_URL", None)
    with postgresql_server() as server:
        server.admin.execute("alter system set autovacuum = off")
        server.admin.execute("select pg_reload_conf()")
        with _kept([_postgresql_house(server, wanted) for wanted in shapes]) as houses:
            yield houses


@contextmanager
def _kept(houses: list[House]) -> Iterator[list[House]]:
    try:
        yield houses
    finally:
        for house in houses:
            house.database.dispose()


def _sqlite_house(file: Path, wanted: Shape) -> House:
    settings = replace(SETTINGS, database_url=f"sqlite:///{file}")
    app, cast = _furnished(settings)
    fill_sqlite(str(file), cast.northwind.id, wanted)
    return _checked(_opened("sqlite", settings, wanted, cast, app, None))


def _postgresql_house(server: PostgresqlServer, wanted: Shape) -> House:
    name = server.new_database()
    settings = settings_at(server, name)
    app, cast = _furnished(settings)
    admin = server.admin_url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    fill_postgresql(admin, cast.northwind.id, wanted)
    return _checked(_opened("postgresql", settings, wanted, cast, app, ServerCpu(admin)))


def _furnished(settings: Settings) -> tuple[Flask, Cast]:
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
