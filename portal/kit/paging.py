"""Paging by key: page one thousand costs what page one does, and a row that comes or goes shifts nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, or_

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
        if upwards:
            return or_(self.column > value, and_(self.column == value, self.id > id))
        return or_(self.column < value, and_(self.column == value, self.id < id))

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
        back = statement.where(order.beyond(place.after, upwards=not upwards)).order_by(*order.by(upwards=not upwards))
        rows = run(back.limit(size + 1))
        has_more, rows = len(rows) > size, rows[:size][::-1]
        return Window(rows, key_of(rows[0]) if rows and has_more else None, key_of(rows[-1]) if rows else None)
    if place.before is not None:
        statement = statement.where(order.beyond(place.before, upwards=upwards))
    rows = run(statement.order_by(*order.by(upwards=upwards)).limit(size + 1))
    has_more, rows = len(rows) > size, rows[:size]
    return Window(
        rows, key_of(rows[0]) if rows and place.before else None, key_of(rows[-1]) if rows and has_more else None
    )
