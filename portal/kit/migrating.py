"""Bringing a database to the present schema, finding drift, and making sure that the logins are the right ones.

`migrations/` lies beside the package. What depends on the names of logins (rights, and the policy that lets the
platform see every tenant) is not part of any numbered migration: it is set anew at the end of every `migrate`.
Models must have been imported (`portal.models`) before drift is asked for.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, make_url
from sqlalchemy.exc import SQLAlchemyError

from portal.kit.db import Base, TenantOwned, connect_to
from portal.kit.settings import Settings, current, root

Question = Callable[[Connection, str], Iterator[str]]

# Lets one migration run at a time on PostgreSQL; the number only has to be ours.
LOCK = 7_205_759_403

# The tables of this login in this schema; which of them are walled, append-only, and open to this login already.
OURS = "select tablename from pg_tables where schemaname = current_schema() and tableowner = current_user order by 1"
WALLED = "select tablename from pg_policies where schemaname = current_schema() and policyname = 'tenant'"
OPENED = (
    "select tablename from pg_policies"
    " where schemaname = current_schema() and policyname = 'platform' and current_user = any(roles)"
)
APPEND_ONLY = "select tgrelid::regclass::text from pg_trigger where tgfoid = to_regproc('refuse_change')"


class DatabaseAway(RuntimeError):
    """What the server answered is told, else only the kind of the error: its own words may hold an address with its
    password."""

    def __init__(self, error: Exception, which: str = "DATABASE_URL or PLATFORM_DATABASE_URL") -> None:
        super().__init__(f"The database of {which} cannot be used: {_answer(error) or type(error).__name__}.")


def _answer(error: Exception) -> str:
    """PostgreSQL's own words, such as `permission denied for schema public`; empty where there are none."""
    refused = getattr(error, "orig", None)
    told = getattr(getattr(refused, "diag", None), "message_primary", None)
    if told is None and refused is not None:
        _, _, told = str(refused).partition("FATAL:")
    return (told or "").strip().partition("\n")[0]


def migrate(url: str, *, web_url: str | None = None) -> None:
    """Create or upgrade the schema at `url`, and give the web's login its rights when it is another one.

    `web_url` is the address with which the web connects; without it the installed settings say. On PostgreSQL `url`
    names the platform's login, which owns the tables.
    """
    _make_folder(url)
    engine = connect_to(url)
    try:
        with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
            is_postgresql = connection.dialect.name == "postgresql"
            if is_postgresql:
                connection.exec_driver_sql("select pg_advisory_xact_lock(%s)", (LOCK,))
            command.upgrade(_alembic(connection), "head")
            if is_postgresql:
                _open_to_platform(connection)
                _give_rights(connection, _web_login(url, web_url or current().database_url))
    finally:
        engine.dispose()


def drift(url: str) -> list[str]:
    """What would still have to change before the database fits the models, one text each; empty when nothing."""
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [repr(change) for change in compare_metadata(context, Base.metadata)]
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the database stands at the newest migration; one that is not there yet does not."""
    if _is_to_be_made(url):
        return False
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            stands_at = MigrationContext.configure(connection).get_current_heads()
        return set(stands_at) == set(ScriptDirectory.from_config(_alembic(None)).get_heads())
    finally:
        engine.dispose()


def _is_to_be_made(url: str) -> bool:
    """Whether merely connecting would make the file of a SQLite database, empty, and leave it behind."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return False
    file = Path(address.database or "")
    return file.parent.is_dir() and not file.exists()


def check_logins(settings: Settings) -> list[str]:
    """Why the second wall would not stand on PostgreSQL, one sentence each; empty on SQLite and when all is well."""
    if not settings.database_url.startswith("postgres"):
        return []
    web = make_url(settings.database_url).username or ""
    platform = make_url(settings.platform_database_url or settings.database_url).username or ""
    if web == platform:
        return ["PLATFORM_DATABASE_URL must name a login of its own, which the web does not use."]
    return _ask(settings.database_url, platform, _problems_of_web) + _ask(
        settings.platform_database_url, platform, _problems_of_platform
    )


def tenant_tables() -> list[str]:
    """The tables whose rows belong to a white label, by name."""
    owned = [m.local_table for m in Base.registry.mappers if issubclass(m.class_, TenantOwned)]
    return sorted(table.name for table in owned if isinstance(table, Table))


def _make_folder(url: str) -> None:
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and where.database:
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _web_login(url: str, web_url: str) -> str | None:
    """The login that needs rights, or None when the web connects with the one that owns the tables."""
    web = make_url(web_url)
    same = web.get_backend_name() != "postgresql" or web.username == make_url(url).username
    return None if same else web.username


def _open_to_platform(connection: Connection) -> None:
    """Forced row-level security binds the owner, too; a policy of its own lets it see every tenant."""
    walled = set(connection.exec_driver_sql(WALLED).scalars())
    for table in sorted(walled - set(connection.exec_driver_sql(OPENED).scalars())):
        connection.exec_driver_sql(f'drop policy if exists platform on "{table}"')
        policy = "to current_user using (true) with check (true)"
        connection.exec_driver_sql(f'create policy platform on "{table}" {policy}')


def _give_rights(connection: Connection, login: str | None) -> None:
    """Reading and writing, nothing else; what is append-only may be appended to, and `alembic_version` be read."""
    if login is None:
        return
    web = connection.dialect.identifier_preparer.quote(login)
    append_only = set(connection.exec_driver_sql(APPEND_ONLY).scalars())
    connection.exec_driver_sql(f"grant usage on schema {connection.dialect.default_schema_name} to {web}")
    for table in connection.exec_driver_sql(OURS).scalars().all():
        rights = "select, insert" if table in append_only else "select, insert, update, delete"
        connection.exec_driver_sql(f'revoke all on "{table}" from {web}')
        connection.exec_driver_sql(f'grant {"select" if table == "alembic_version" else rights} on "{table}" to {web}')


def _ask(url: str, platform: str, questions: Question) -> list[str]:
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            return list(questions(connection, platform))
    except SQLAlchemyError as error:
        return [f"The database did not answer: {type(error).__name__}."]
    finally:
        engine.dispose()


def _problems_of_web(connection: Connection, platform: str) -> Iterator[str]:
    is_free = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    if connection.exec_driver_sql(is_free).scalar_one():
        yield "The web's login in DATABASE_URL bypasses row-level security."
    may_become = "select 1 from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'member')"
    if connection.exec_driver_sql(may_become, (platform,)).first():
        yield "The web's login in DATABASE_URL is a member of the platform's login."
    owned = connection.exec_driver_sql(OURS).scalars().all()
    if owned:
        yield f"The web's login in DATABASE_URL owns tables: {', '.join(owned)}."
    is_open = "select tablename from pg_tables where schemaname = current_schema() and not row_security_active(%s)"
    for table in tenant_tables():
        found = connection.exec_driver_sql(f"{is_open} and tablename = %s", (table, table)).scalar()
        if found:
            yield f"Row-level security does not bind the web's login on {found}."


def _problems_of_platform(connection: Connection, platform: str) -> Iterator[str]:
    is_free = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    if connection.exec_driver_sql(is_free).scalar_one():
        return
    shut = set(connection.exec_driver_sql(WALLED).scalars()) - set(connection.exec_driver_sql(OPENED).scalars())
    if shut:
        yield f"The platform's login is shut out of {', '.join(sorted(shut))}: run `portal migrate` with it."
