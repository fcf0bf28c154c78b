"""What no schema can say: rows that never change, and on PostgreSQL the wall between tenants.

Append-only tables are named. Tenant-owned ones are found: they are those whose primary key begins with the tenant.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_row", "charge", "journal_entry", "journal_line", "terms_acceptance")
TENANT = "white_label_id = nullif(current_setting('app.white_label', true), '')::uuid"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
        _wall_off_tenants()
    else:
        _refuse_changes_on_sqlite()


def _refuse_changes_on_postgresql() -> None:
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as $$ begin"
        " raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$"
    )
    for table in APPEND_ONLY:
        for act, each in (("update", "row"), ("delete", "row"), ("truncate", "statement")):
            op.execute(
                f"create trigger {table}_no_{act} before {act} on {table} for each {each}"
                " execute function refuse_change()"
            )


def _refuse_changes_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{act} before {act} on {table}"
                f" begin select raise(abort, '{table} is append-only'); end"
            )


def _wall_off_tenants() -> None:
    for table in _tenant_owned():
        op.execute(f'alter table "{table}" enable row level security')
        op.execute(f'alter table "{table}" force row level security')
        op.execute(f'create policy tenant on "{table}" using ({TENANT}) with check ({TENANT})')


def _tenant_owned() -> list[str]:
    inspector = sa.inspect(op.get_bind())
    keys = {table: inspector.get_pk_constraint(table)["constrained_columns"] for table in inspector.get_table_names()}
    return sorted(table for table, columns in keys.items() if columns[:1] == ["white_label_id"])


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
