"""Writing rows past the session's own machinery, each stamped with the tenant; many by the driver's own way for many.

SQLite takes tuples. PostgreSQL takes one array a column: COPY is refused on tables behind row-level security.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any

from sqlalchemy import Column, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from portal.kit.db import PLATFORM, Base, TenancyHole, TenantOwned, TenantSession

Row = dict[str, Any]
Columns = tuple[Column[Any], ...]
SQLITE: Dialect = sqlite.dialect()
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_if_absent(db: TenantSession, model: type[Base], **values: Any) -> bool:
    """Insert one row unless a unique key stands in the way; says whether it went in. Safe in a race."""
    connection = db.core()
    statement = _if_absent(model.__table__, connection.dialect.name)
    return connection.execute(statement, _stamped(db, model, values)).first() is not None


def insert_rows(db: TenantSession, model: type[Base], rows: list[Row]) -> None:
    """Insert many rows at Core speed."""
    if rows:
        db.core().execute(model.__table__.insert(), [_stamped(db, model, row) for row in rows])  # type: ignore[attr-defined]


def insert_many(db: TenantSession, model: type[Base], rows: Sequence[Row], *, skip_known: bool = False) -> None:
    """Insert rows of a tenant's table that all name the same columns. See `insert_columns`."""
    if rows:
        insert_columns(db, model, {name: [row[name] for row in rows] for name in rows[0]}, skip_known=skip_known)


def insert_columns(
    db: TenantSession,
    model: type[Base],
    values: Mapping[str, Sequence[Any]],
    shared: Mapping[str, Any] | None = None,
    *,
    skip_known: bool = False,
) -> None:
    """Insert rows of a tenant's table, given column by column; `shared` are values that all of them have.

    With `skip_known` those stay out that a unique key stands against. Raises TenancyHole in the platform's scope.
    """
    table: Table = model.__table__  # type: ignore[assignment]
    same = {**(shared or {}), "white_label_id": db.tenant}
    one, many = _columns(table, same), _columns(table, values)
    connection = db.core()
    if connection.dialect.name == "sqlite":
        rows = list(zip(*_stored(many, values, SQLITE), *map(repeat, _alike(one, same, SQLITE)), strict=False))
        if rows:
            connection.exec_driver_sql(_for_sqlite(many, one, skip_known), rows)
    elif any(map(len, values.values())):
        arrays, scalars = _stored(many, values, POSTGRESQL), _alike(one, same, POSTGRESQL)
        connection.exec_driver_sql(_for_postgresql(many, one, skip_known), (*scalars, *arrays))


def add_to_many(db: TenantSession, model: type[Base], ids: Sequence[Any], sums: Mapping[str, Sequence[int]]) -> None:
    """Add so much to columns of the tenant's rows with these ids. Rows that the session knows are read again."""
    table: Table = model.__table__  # type: ignore[assignment]
    added, by_id = _columns(table, sums), (table.c.id,)
    connection = db.core()
    if not ids:
        return
    if connection.dialect.name == "sqlite":
        tenant = _alike((table.c.white_label_id,), {"white_label_id": db.tenant}, SQLITE)[0]
        rows = zip(*sums.values(), *_stored(by_id, {"id": ids}, SQLITE), repeat(tenant), strict=False)
        connection.exec_driver_sql(_added_sqlite(added), list(rows))
    else:
        connection.exec_driver_sql(_added_postgresql(added), (*map(list, sums.values()), list(ids), db.tenant))
    for known in db.identity_map.values():
        if isinstance(known, model):
            db.expire(known, list(sums))


@cache
def _if_absent(table: Table, dialect: str) -> Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing().returning(next(iter(table.primary_key.columns)))


def _stamped(db: TenantSession, model: type[Base], values: Row) -> Row:
    if not issubclass(model, TenantOwned):
        return values
    given = values.get("white_label_id", db.tenant if db.scope is not PLATFORM else None)
    if given is None or (db.scope is not PLATFORM and given != db.scope):
        raise TenancyHole(f"{model.__name__} needs its own tenant")
    return {**values, "white_label_id": given}


def _columns(table: Table, names: Iterable[str]) -> Columns:
    return tuple(table.c[name] for name in names)


def _stored(columns: Columns, values: Mapping[str, Sequence[Any]], dialect: Dialect) -> list[list[Any]]:
    """Each column's values as the driver takes them."""
    found = []
    for column in columns:
        convert, given = _converter(column, dialect), values[column.name]
        found.append(list(given) if convert is None else [convert(value) for value in given])
    return found


def _alike(columns: Columns, values: Mapping[str, Any], dialect: Dialect) -> list[Any]:
    return [stored[0] for stored in _stored(columns, {name: [value] for name, value in values.items()}, dialect)]


@cache
def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(dialect).bind_processor(dialect)


@cache
def _for_sqlite(many: Columns, one: Columns, skip_known: bool) -> str:
    places = ", ".join("?" * len((*many, *one)))
    return f"{_head((*many, *one))} values ({places}){_tail(skip_known)}"


@cache
def _for_postgresql(many: Columns, one: Columns, skip_known: bool) -> str:
    scalars = ", ".join(f"%s::{_type(column)}" for column in one)
    return f"{_head((*one, *many))} select {scalars}, given.* from unnest({_arrays(many)}) given{_tail(skip_known)}"


@cache
def _added_sqlite(added: Columns) -> str:
    sums = ", ".join(f'"{column.name}" = "{column.name}" + ?' for column in added)
    return f'update "{added[0].table.name}" set {sums} where id = ? and white_label_id = ?'


@cache
def _added_postgresql(added: Columns) -> str:
    table, names = added[0].table, [column.name for column in added]
    sums = ", ".join(f'"{name}" = kept."{name}" + given."{name}"' for name in names)
    given = ", ".join(f'"{name}"' for name in (*names, "id"))
    arrays = _arrays((*added, table.c.id))
    return (
        f'update "{table.name}" kept set {sums} from unnest({arrays}) given({given})'
        " where kept.id = given.id and kept.white_label_id = %s"
    )


def _arrays(columns: Columns) -> str:
    return ", ".join(f"%s::{_type(column)}[]" for column in columns)


def _type(column: Column[Any]) -> str:
    return column.type.compile(POSTGRESQL)


def _head(columns: Columns) -> str:
    names = ", ".join(f'"{column.name}"' for column in columns)
    return f'insert into "{columns[0].table.name}" ({names})'


def _tail(skip_known: bool) -> str:
    return " on conflict do nothing" if skip_known else ""
