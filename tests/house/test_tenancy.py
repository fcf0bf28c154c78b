"""The tenant cannot be forgotten: no hole in the source, and the tenant's key leads every key of every table."""

import ast
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint

from portal.kit.migrating import tenant_tables
from portal.models import metadata
from tests.house.source import broken, called, calls, modules, snippet

BEHIND = ("portal/kit/", "portal/sandbox/")   # kit adds the tenant itself; the sandbox is no part of the house
KEY = "white_label_id"

# Each with the reason why it does not begin with the tenant.
GLOBAL = {
    "uq_gateway_credential_webhook_slug": "the slug is what says which tenant a webhook is for",
    "ix_funding_state": "the platform's janitor looks for open fundings of all tenants",
    "fk_number_block_holder_id": "the operator's stock says which white label holds a block",
    "fk_stock_number_holder_id": "as above, number by number",
    "fk_number_handover_holder_id": "as above, and on the way there or back",
}
BELONG_TO_NOBODY = {"job", "job_key", "kept_logo", "web_session", "white_label"}


def table_columns(tree: ast.AST) -> Iterator[ast.AST]:
    """`Model.__table__` names columns that the session's tenant criteria do not know."""
    return (n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in ("__table__", "local_table"))


def raw_doors(tree: ast.AST) -> Iterator[ast.AST]:
    """Ways to the database around the session."""
    yield from calls(tree, "from_statement", "connection", "exec_driver_sql", "raw_connection")
    # `connection.connect` is a module's command, which connects a white label's gateway.
    yield from (c for c in calls(tree, "connect") if called(getattr(c.func, "value", c.func)) != "connection")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("bulk_"):
            yield node


def tenant_values(tree: ast.AST) -> Iterator[ast.AST]:
    """`.values(white_label_id=…)` would move rows to another tenant."""
    for call in calls(tree, "values"):
        keys = [key for d in call.args if isinstance(d, ast.Dict) for key in d.keys if key is not None]
        named = [keyword.arg for keyword in call.keywords]
        if KEY in [*named, *(getattr(key, "value", "") for key in keys), *map(called, keys)]:
            yield call


def test_no_statement_names_columns_behind_the_sessions_back():
    assert list(table_columns(snippet("select(User.__table__.c.id)")))
    assert broken(table_columns, but=BEHIND) == []


def test_nothing_goes_around_the_session():
    for bad in ("select(User).from_statement(text('select 1'))", "db.connection().execute(x)", "engine.connect()",
                "db.bulk_save_objects(rows)"):
        assert list(raw_doors(snippet(bad))), bad
    found = broken(raw_doors, but=BEHIND)
    # Readiness asks the server, not a tenant. A mail server's connection and a gateway's are no database.
    assert [p for p in found if not p.startswith(("portal/front.py", "portal/demo/", "portal/letters/"))] == []


def test_no_update_moves_a_row_to_another_tenant():
    for bad in ("update(User).values(white_label_id=x)", "update(User).values({'white_label_id': x})",
                "update(User).values({User.white_label_id: x})"):
        assert list(tenant_values(snippet(bad))), bad
    assert broken(tenant_values, but=BEHIND) == []


def badly_led(tables: list[Table]) -> list[str]:
    """Keys and indexes of tenant-owned tables that do not begin with the tenant."""
    return [str(thing.name) for table in tables for thing, columns in _keys(table) if columns[:1] != [KEY]]


def _keys(table: Table) -> Iterator[tuple[Any, list[str]]]:
    yield table.primary_key, [c.name for c in table.primary_key.columns]
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            yield constraint, constraint.column_keys
            if constraint.referred_table.name != "white_label":
                yield constraint, [element.column.name for element in constraint.elements]
        if isinstance(constraint, UniqueConstraint):
            yield constraint, [c.name for c in constraint.columns]
    for index in table.indexes:
        yield index, [c.name for c in index.columns]


def test_the_tenant_leads_every_key_and_index():
    bad = Table(
        "bad", MetaData(), Column(KEY, primary_key=True), Column("id", primary_key=True),
        Column("user_id", ForeignKey("users.id")), Index("ix_bad", "user_id"),
        UniqueConstraint("user_id", name="uq_bad"),
    )
    Table("users", bad.metadata, Column("id", primary_key=True))
    assert len(badly_led([bad])) >= 3
    owned = [metadata().tables[name] for name in tenant_tables()]
    assert set(badly_led(owned)) == set(GLOBAL)


def test_every_table_is_a_tenants_unless_it_is_named_here():
    assert set(metadata().tables) - set(tenant_tables()) == BELONG_TO_NOBODY


def test_every_table_is_known_to_the_migrations():
    """A module of tables that `portal.models` does not import would be left out of migrations and drift alike."""
    listed = next(m for m in modules() if m.name == "portal/models.py").text
    makes_tables = [m.name for m in modules() if "__tablename__" in m.text and m.name != "portal/kit/migrating.py"]
    missing = [name for name in makes_tables if not _is_imported(name, listed)]
    assert missing == []


def _is_imported(name: str, listed: str) -> bool:
    package, _, module = name.removesuffix(".py").replace("/", ".").rpartition(".")
    return any(
        line.startswith(f"from {package} import") and module in line.split("import")[1] for line in listed.splitlines()
    )
