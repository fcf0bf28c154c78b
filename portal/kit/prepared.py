"""Selects that every page or a busy one runs: written out once, with the tenant in them, and run with new values.

The session writes a statement out anew at each use and weaves the tenant's criteria in anew, which costs more than the
database takes to answer. Prepared, the same criteria are woven in when the module is imported. `docs/performance.md`
says what that saves.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar, TypeVarTuple, cast

from sqlalchemy import CursorResult, Row, Select, bindparam, inspect
from sqlalchemy.orm import Mapper, with_loader_criteria

from portal.kit.db import PLATFORM, Base, TenancyHole, TenantOwned, TenantSession

Columns = TypeVarTuple("Columns")
Model = TypeVar("Model", bound=Base)

OF_TENANT = with_loader_criteria(
    TenantOwned, lambda model: model.white_label_id == bindparam("of_tenant"), include_aliases=True
)


class Prepared(Generic[*Columns]):
    """A select of columns of the models; `bindparam` names what is given when it is run.

    Sees what the session sees: the rows of its tenant, or all of them in the platform's scope. Raises TenancyHole for
    a statement whose tables the criteria cannot know, as the session would.
    """

    def __init__(self, statement: Select[*Columns]) -> None:
        if statement._propagate_attrs.get("compile_state_plugin") != "orm":
            raise TenancyHole("only columns of the models can be prepared")
        self._everywhere = statement
        self._inside = statement.options(OF_TENANT)

    def all(self, db: TenantSession, **values: Any) -> Sequence[Row[*Columns]]:
        return self._run(db, values).all()

    def first(self, db: TenantSession, **values: Any) -> Row[*Columns] | None:
        return self._run(db, values).first()

    def one(self, db: TenantSession, **values: Any) -> Row[*Columns]:
        return self._run(db, values).one()

    def stream(self, db: TenantSession, *, batch: int = 500, **values: Any) -> Iterator[Sequence[Row[*Columns]]]:
        """The rows, a batch at a time, so that memory stays flat however many there are."""
        yield from self._run(db, values, yield_per=batch).partitions(batch)

    def _run(self, db: TenantSession, values: dict[str, Any], **options: Any) -> CursorResult[*Columns]:
        # What was changed in this session and not written yet has to be seen, as any select of it would.
        db.flush()
        connection = db.core()
        if db.scope is PLATFORM:
            return connection.execute(self._everywhere, values, execution_options=options)
        return connection.execute(self._inside, {**values, "of_tenant": db.tenant}, execution_options=options)


@cache
def columns_of(model: type[Base]) -> tuple[Any, ...]:
    """All that a row of a model is loaded with: big columns that wait to be asked for are left out."""
    mapper: Mapper[Any] = inspect(model)
    return tuple(getattr(model, column.key) for column in mapper.column_attrs if not column.deferred)


def made_of(model: type[Model], values: Sequence[Any]) -> Model:
    """An object with these columns, to be read and never changed: no session knows it, and others may hold it, too."""
    return cast(Model, _made(model, tuple(values)))


@lru_cache(512)  # who asks is read at each request and is nearly always as before; making the object takes longer
def _made(model: type[Base], values: tuple[Any, ...]) -> Base:
    return model(**dict(zip((column.key for column in columns_of(model)), values, strict=True)))
