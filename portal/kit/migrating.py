"""Bringing a database to the present schema, finding drift, and making sure that the logins are the right ones.

`migrations/` lies beside the package. What depends on the names of logins (rights, and the policy that lets the
platform see every tenant) is not part of any numbered migration: it is set anew at the end of every `migrate`.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from portal.kit.db import Base, TenantOwned, UtcDateTime, connect_to
from portal.kit.settings import Settings, current, root

LOCK = 7_205_759_403
"""The advisory lock that lets one migration run at a time on PostgreSQL; the number only has to be ours."""


def migrate(url: str, *, web_url: str | None = None) -> None:
    """Create or upgrade the schema at `url`, and give the web's login its rights when it is another one.

    `web_url` is the address with which the web connects; without it the installed settings say. On PostgreSQL `url`
    names the platform's login, which owns the tables.
    """
    _make_folder(url)
    engine = connect_to(url)
    try:
        with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("select pg_advisory_xact_lock(%s)", (LOCK,))
            command.upgrade(_alembic(connection), "head")
            if connection.dialect.name == "postgresql":
                _set_rights(connection, _web_login(url, web_url))
    finally:
        engine.dispose()


def drift(url: str) -> list[str]:
    """What autogenerate would still change, one sentence each; empty when models and database agree."""
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
            )
            return [repr(change) for change in compare_metadata(context, Base.metadata)]
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the database stands at the newest migration."""
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            known = set(MigrationContext.configure(connection).get_current_heads())
            return known == set(_heads())
    finally:
        engine.dispose()


def check_logins(settings: Settings) -> list[str]:
    """Why the second wall would not stand on PostgreSQL, one sentence each; empty on SQLite and when all is well."""
    if not settings.database_url.startswith("postgres"):
        return []
    web, platform = make_url(settings.database_url), make_url(settings.platform_database_url or settings.database_url)
    if web.username == platform.username:
        return ["PLATFORM_DATABASE_URL must name a login of its own, which the web's login is not."]
    return _ask(settings.database_url, _web_problems, platform.username) + _ask(
        settings.platform_database_url, _platform_problems, platform.username
    )


def tenant_tables() -> list[str]:
    """The tables whose rows belong to a white label, by name."""
    return sorted(
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    )


def render_type(kind: str, item: Any, context: Any) -> Any:
    """Write our own column type into a migration as the plain type it stores."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _make_folder(url: str) -> None:
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and where.database and where.database != ":memory:":
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _heads() -> list[str]:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic()).get_heads()


def _web_login(url: str, web_url: str | None) -> str | None:
    """The login that needs rights, or None when the web connects with the one that owns the tables."""
    web = make_url(web_url or current().database_url)
    if web.get_backend_name() != "postgresql" or web.username == make_url(url).username:
        return None
    return web.username


def _set_rights(connection: Connection, web: str | None) -> None:
    quote = connection.dialect.identifier_preparer.quote
    protected = set(connection.exec_driver_sql(PROTECTED).scalars())
    for table in connection.exec_driver_sql(OUR_TABLES).scalars():
        name = quote(table)
        if table in connection.exec_driver_sql(WALLED).scalars().all():
            connection.exec_driver_sql(f"drop policy if exists platform on {name}")
            connection.exec_driver_sql(f"create policy platform on {name} to current_user using (true) with check (true)")
        if web is not None:
            rights = "select, insert" if table in protected else "select, insert, update, delete"
            connection.exec_driver_sql(f"revoke all on {name} from {quote(web)}")
            connection.exec_driver_sql(f"grant {rights} on {name} to {quote(web)}")
    if web is not None:
        connection.exec_driver_sql(f"grant usage on schema public to {quote(web)}")
        connection.exec_driver_sql(f"revoke insert, update, delete on alembic_version from {quote(web)}")


def _ask(url: str, questions: Any, platform: str | None) -> list[str]:
    engine = connect_to(url)
    try:
        with engine.connect() as connection:
            return list(questions(connection, platform))
    except SQLAlchemyError as error:
        return [f"The database was not reached: {type(error).__name__}."]
    finally:
        engine.dispose()
