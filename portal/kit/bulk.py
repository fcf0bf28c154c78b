"""Writing many rows at once, each stamped with the tenant, by the driver's own way for many.

SQLite takes tuples. PostgreSQL takes one array a column: COPY is refused on tables behind row-level security.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from portal.kit.db import Base, TenantSession

Row = dict[str, Any]
SQLITE: Dialect = sqlite.dialect()
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_many(db: TenantSession, model: type[Base], rows: Sequence[Row], *, skip_known: bool = False) -> None:
    """Insert rows of a tenant's table that all name the same columns.

    With `skip_known` those stay out that a unique key stands against. Raises TenancyHole in the platform's scope.
    """
    if not rows:
        return
    table: Table = model.__table__  # type: ignore[assignment]
    tenant, connection = db.tenant, db.connection()
    names = ("white_label_id", *(name for name in rows[0] if name != "white_label_id"))
    columns = tuple(table.c[name] for name in names)
    is_sqlite = connection.dialect.name == "sqlite"
    by_column = [[tenant] * len(rows), *([row[name] for row in rows] for name in names[1:])]
    stored = [
        _stored(c, values, SQLITE if is_sqlite else POSTGRESQL) for c, values in zip(columns, by_column, strict=True)
    ]
    if is_sqlite:
        connection.exec_driver_sql(_for_sqlite(columns, skip_known), list(zip(*stored, strict=True)))
    else:
        connection.exec_driver_sql(_for_postgresql(columns, skip_known), tuple(stored))


def _stored(column: Column[Any], values: list[Any], dialect: Dialect) -> list[Any]:
    """A column's values as the driver takes them."""
    convert = _converter(column, dialect)
    return values if convert is None else [convert(value) for value in values]


@cache
def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(dialect).bind_processor(dialect)


@cache
def _for_sqlite(columns: tuple[Column[Any], ...], skip_known: bool) -> str:
    places = ", ".join("?" * len(columns))
    return f"{_head(columns)} values ({places}){_tail(skip_known)}"


@cache
def _for_postgresql(columns: tuple[Column[Any], ...], skip_known: bool) -> str:
    arrays = ", ".join(f"%s::{column.type.compile(POSTGRESQL)}[]" for column in columns)
    return f"{_head(columns)} select * from unnest({arrays}){_tail(skip_known)}"


def _head(columns: tuple[Column[Any], ...]) -> str:
    names = ", ".join(f'"{column.name}"' for column in columns)
    return f'insert into "{columns[0].table.name}" ({names})'


def _tail(skip_known: bool) -> str:
    return " on conflict do nothing" if skip_known else ""
