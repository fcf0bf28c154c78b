"""Engines, tenant-scoped sessions and the one visible commit.

A session belongs to one tenant for its whole life. What would reach past that tenant is refused here, so no query
elsewhere has to remember the tenant, and no query elsewhere can forget it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Select,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    DeclarativeBase,
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    with_loader_criteria,
)

from portal.kit.ids import new_id
from portal.kit.settings import Settings


class Platform(Enum):
    """The scope that crosses tenants: host look-up, command line, webhook intake, jobs and operator pages only."""

    PLATFORM = "platform"


PLATFORM = Platform.PLATFORM
Scope = UUID | Platform


class TenancyHole(RuntimeError):
    """A statement could have left its tenant, and was refused before it ran."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes only, stored in UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, UUID: Uuid, dict[str, Any]: JSON, list[Any]: JSON}

    def __setattr__(self, name: str, value: Any) -> None:
        # Set by `portal.kit.prepared.made_of`: requests that run at the same time may hold the same object.
        if "_is_shared" in self.__dict__:
            raise TypeError(f"this {type(self).__name__} is for reading alone: load it in a transaction to change it")
        super().__setattr__(name, value)


class TenantOwned:
    """Mixin of every table that belongs to a white label: its key leads the primary key."""

    white_label_id: Mapped[UUID] = mapped_column(ForeignKey("white_label.id"), primary_key=True, sort_order=-20)


class TenantRow(TenantOwned):
    """A tenant-owned table whose rows have an id of their own, made by the application."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)


def belongs_to(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key that carries the tenant, so the database itself refuses a cross-tenant link."""
    return ForeignKeyConstraint(["white_label_id", column], [f"{table}.white_label_id", f"{table}.id"])


Row = TypeVar("Row", bound=Base)


class TenantSession(Session):
    """A session that reads and writes the rows of one tenant, or of the whole platform when that is its scope."""

    def __init__(self, bind: Engine | Connection, *, scope: Scope, reads_only: bool = False) -> None:
        if not isinstance(scope, (UUID, Platform)):
            raise TypeError("a session needs a scope: a white label's id, or PLATFORM")
        # On a connection that is somebody else's, the end of their transaction is theirs, too.
        super().__init__(bind=bind, expire_on_commit=False, join_transaction_mode="rollback_only")
        self._scope = scope
        self._engine = bind if reads_only and isinstance(bind, Engine) else None
        self._reading: Connection | None = None
        self._writing: tuple[SessionTransaction | None, Connection | None] = None, None

    @cached_property
    def _criteria(self) -> LoaderCriteriaOption:
        scope = self.tenant
        return with_loader_criteria(TenantOwned, lambda model: model.white_label_id == scope, include_aliases=True)

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def tenant(self) -> UUID:
        """The tenant's id. Raises TenancyHole in the platform scope, where there is no such thing."""
        if not isinstance(self._scope, UUID):
            raise TenancyHole("this needs one tenant, and the session has the platform's scope")
        return self._scope

    def load(self, model: type[Row], id: UUID) -> Row | None:
        """The tenant's row with this id, or None when it is foreign or missing: the two look the same."""
        return self.get(model, (self.tenant, id))

    def locked(self, model: type[Row], id: UUID) -> Row | None:
        """Like `load`, read again from the database and held until the transaction ends."""
        key = cast(Any, model)
        statement = select(model).where(key.white_label_id == self.tenant, key.id == id)
        return self.scalar(statement.with_for_update().execution_options(populate_existing=True))

    def put(self, row: Row) -> Row:
        """Add a row and write it now, so that rows which point at it can follow."""
        self.add(row)
        self.flush()
        return row

    def core(self) -> Connection:
        """This transaction's connection, for statements of the kit that name the tenant themselves.

        A reader opens it without the session's own machinery, which takes longer than a query; the session joins it. A
        writer asks that machinery once a transaction or savepoint.
        """
        if self._engine is None:
            known, connection = self._writing
            if connection is None or known is not self._innermost():
                connection = self.connection()
                self._writing = self._innermost(), connection
            return connection
        if self._reading is None:
            self._reading = self._engine.connect()
            self._reading.begin()
            _name_tenant(self._reading, self._scope)
        return self._reading

    def _innermost(self) -> SessionTransaction | None:
        # A savepoint begins on its connection when that is asked for.
        return self.get_nested_transaction() or self.get_transaction()

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        return super().get_bind(*args, **kwargs) if self._engine is None else self.core()

    def close(self) -> None:
        super().close()
        if self._reading is not None:
            self._reading.close()
            self._reading = None


@event.listens_for(TenantSession, "do_orm_execute")
def _stay_inside(state: ORMExecuteState) -> None:
    session = cast(TenantSession, state.session)
    if session.scope is PLATFORM:
        return
    by_given_keys = state.is_update and state.is_executemany
    if not state.is_orm_statement or state.is_insert or by_given_keys:
        raise TenancyHole("Core, text, insert and bulk statements leave the tenant; go through portal.kit.db")
    if not state.is_column_load:
        state.statement = state.statement.options(session._criteria)


@event.listens_for(TenantSession, "before_flush")
def _stamp(session: Session, context: object, instances: object) -> None:
    scope = cast(TenantSession, session).scope
    if scope is PLATFORM:
        return
    for row in session.new:
        if isinstance(row, TenantOwned) and row.white_label_id is None:
            row.white_label_id = cast(UUID, scope)
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, TenantOwned) and row.white_label_id != scope:
            raise TenancyHole(f"{type(row).__name__} belongs to another tenant")


@event.listens_for(TenantSession, "after_begin")
def _tell_postgresql(session: Session, transaction: object, connection: Connection) -> None:
    tenant_session = cast(TenantSession, session)
    if connection is not tenant_session._reading:
        _name_tenant(connection, tenant_session.scope)


def _name_tenant(connection: Connection, scope: Scope) -> None:
    """Row-level security lets this transaction see the rows of the tenant that is named here."""
    if connection.dialect.name == "postgresql" and isinstance(scope, UUID):
        connection.exec_driver_sql("select set_config('app.white_label', %s, true)", (str(scope),))


def connect_to(url: str) -> Engine:
    """An engine set up the way this house needs it on either database."""
    if url.startswith("postgres"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class Database:
    """The engines of one installation. On PostgreSQL the platform's scope has a login of its own."""

    def __init__(self, settings: Settings, connect: Callable[[str], Engine] = connect_to) -> None:
        self.web = connect(settings.database_url)
        self.platform = connect(settings.platform_database_url) if settings.platform_database_url else self.web
        # Every statement of a reader sees the same moment, so sums agree with their rows; SQLite does so by itself.
        reads = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._engines = {
            (is_platform, write): engine.execution_options(**{"sqlite_begin": "BEGIN IMMEDIATE"} if write else reads)
            for is_platform, engine in ((True, self.platform), (False, self.web))
            for write in (True, False)
        }

    @property
    def is_sqlite(self) -> bool:
        return self.web.dialect.name == "sqlite"

    def engine(self, scope: Scope, *, write: bool) -> Engine:
        return self._engines[scope is PLATFORM, write]

    def dispose(self) -> None:
        self.web.dispose()
        self.platform.dispose()


# Without recursive triggers an `insert or replace` would delete an append-only row and wake no trigger.
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000", "synchronous=FULL", "recursive_triggers=ON")


def _prepare_sqlite(connection: Any, record: object) -> None:
    # The driver's own transaction handling leaves rolled-back rows behind under savepoints; BEGIN is ours.
    connection.isolation_level = None
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(value: Any) -> Any:
    """SQLite's own knows ASCII alone. Like PostgreSQL's: sign by sign, so that part of a word is found in the word."""
    return value.replace("Σ", "σ").replace("İ", "i").lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


_database: list[Database] = []
_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)
_open: ContextVar[bool] = ContextVar("open", default=False)


def use(database: Database) -> None:
    """Make this the process's database."""
    _database[:] = [database]


def database() -> Database:
    if not _database:
        raise RuntimeError("no database is in use; the app or the command line sets it")
    return _database[0]


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Every transaction opened inside, unless it names a scope itself, has this one."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_scope(scope: Scope | None) -> None:
    """Set the scope of the request that this thread now serves, or clear it."""
    _scope.set(scope)


@contextmanager
def transaction(scope: Scope | None = None) -> Iterator[TenantSession]:
    """One unit of work: committed when the block ends, undone when it raises. Nesting raises."""
    with _session(scope, write=True) as db:
        yield db
        db.commit()


@contextmanager
def shared_transaction(tenant: UUID) -> Iterator[tuple[TenantSession, TenantSession]]:
    """One unit of work seen twice: in the platform's scope and in one tenant's, for what moves between the two.

    Committed when the block ends, undone when it raises. Nesting raises.
    """
    if _open.get():
        raise RuntimeError("a transaction is open already; pass its session on instead of nesting")
    token = _open.set(True)
    try:
        with (
            database().engine(PLATFORM, write=True).begin() as connection,
            TenantSession(connection, scope=PLATFORM) as everything,
            TenantSession(connection, scope=tenant) as db,
        ):
            yield everything, db
            everything.flush()
            db.flush()
    finally:
        _open.reset(token)


@contextmanager
def reading(scope: Scope | None = None) -> Iterator[TenantSession]:
    """A consistent view for pages that change nothing. What is written inside is lost."""
    with _session(scope, write=False) as db:
        yield db


@contextmanager
def _session(scope: Scope | None, *, write: bool) -> Iterator[TenantSession]:
    chosen = scope if scope is not None else _scope.get()
    if chosen is None:
        raise TypeError("no scope: name one, or open the transaction inside a request or a job")
    if _open.get():
        raise RuntimeError("a transaction is open already; pass its session on instead of nesting")
    token = _open.set(True)
    try:
        with TenantSession(database().engine(chosen, write=write), scope=chosen, reads_only=not write) as db:
            yield db
    finally:
        _open.reset(token)


def holds(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a text has these words in it, in small letters or capitals; `%` and `_` stand for themselves."""
    found: ColumnElement[bool] = column.icontains(words, autoescape=True)
    return found


def stream(db: TenantSession, statement: Select[*tuple[Any, ...]], *, batch: int = 500) -> Iterator[Any]:
    """The rows of an ORM select, a batch at a time, so that memory stays flat however many there are."""
    yield from db.execute(statement.execution_options(yield_per=batch))
