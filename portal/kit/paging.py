"""Paging by key: page one thousand costs what page one does, and a row that comes or goes shifts nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Row as Columns, Select, bindparam, literal, tuple_

from portal.kit.db import TenantSession
from portal.kit.prepared import Prepared

Row = TypeVar("Row")
Key = tuple[Any, UUID]
"""The sort column's value and the id of a row."""


@dataclass(frozen=True)
class Place:
    """Where a page begins: behind `before` in the list's order, or ahead of `after`; neither is the first page."""

    before: Key | None = None
    after: Key | None = None


FIRST_PAGE = Place()


@dataclass(frozen=True)
class Window(Generic[Row]):
    """`newer` and `older` are the keys from which the neighbouring pages go on, if there are such pages."""

    rows: list[Row]
    newer: Key | None
    older: Key | None


@dataclass(frozen=True)
class Order:
    """A sort column that leads an index together with the id; `is_descending` is the way people read it."""

    column: Any
    id: Any
    is_descending: bool = True

    def beyond(self, key: Key, *, upwards: bool) -> Any:
        """What comes strictly after a key, with growing values or with falling ones."""
        value, id = key
        return self._beyond(literal(value, self.column.type), literal(id, self.id.type), upwards=upwards)

    def beyond_given(self, *, upwards: bool) -> Any:
        """The same, for a prepared statement that is given `key_value` and `key_id`."""
        value, id = bindparam("key_value", type_=self.column.type), bindparam("key_id", type_=self.id.type)
        return self._beyond(value, id, upwards=upwards)

    def _beyond(self, value: Any, id: Any, *, upwards: bool) -> Any:
        # As a pair: the index is entered at the key, where `or` would read everything before it.
        ours, theirs = tuple_(self.column, self.id), tuple_(value, id)
        return ours > theirs if upwards else ours < theirs

    def by(self, *, upwards: bool) -> tuple[Any, Any]:
        return (self.column.asc(), self.id.asc()) if upwards else (self.column.desc(), self.id.desc())


def window(
    run: Callable[[Select[*tuple[Any, ...]]], list[Row]],
    statement: Select[*tuple[Any, ...]],
    order: Order,
    place: Place,
    *,
    size: int,
    key_of: Callable[[Row], Key],
) -> Window[Row]:
    """One page of a statement. One row more than the page is fetched, to know whether there is another."""
    upwards = not order.is_descending
    if place.after is not None:
        statement, upwards = statement.where(order.beyond(place.after, upwards=not upwards)), not upwards
    elif place.before is not None:
        statement = statement.where(order.beyond(place.before, upwards=upwards))
    return _cut(run(statement.order_by(*order.by(upwards=upwards)).limit(size + 1)), place, size, key_of)


class Paged:
    """A list that is asked for often: what `window` does, with the statements prepared."""

    def __init__(self, statement: Select[*tuple[Any, ...]], order: Order) -> None:
        on, back = not order.is_descending, order.is_descending
        limited = statement.limit(bindparam("one_more"))
        self._first = Prepared(limited.order_by(*order.by(upwards=on)))
        self._on = Prepared(limited.where(order.beyond_given(upwards=on)).order_by(*order.by(upwards=on)))
        self._back = Prepared(limited.where(order.beyond_given(upwards=back)).order_by(*order.by(upwards=back)))

    def window(
        self, db: TenantSession, place: Place, *, size: int, key_of: Callable[[Any], Key], **values: Any
    ) -> Window[Columns[*tuple[Any, ...]]]:
        key = place.after or place.before
        values["one_more"] = size + 1
        if key is not None:
            values["key_value"], values["key_id"] = key
        prepared = self._back if place.after else self._on if place.before else self._first
        return _cut(prepared.all(db, **values), place, size, key_of)


def _cut(rows: Sequence[Row], place: Place, size: int, key_of: Callable[[Row], Key]) -> Window[Row]:
    """The page of the rows that were read, in the list's order, and its neighbours."""
    has_more, shown = len(rows) > size, list(rows[:size])
    if place.after is not None:
        shown.reverse()
    if not shown:
        return Window(shown, None, None)
    newer, older = (has_more, True) if place.after is not None else (place.before is not None, has_more)
    return Window(shown, key_of(shown[0]) if newer else None, key_of(shown[-1]) if older else None)
