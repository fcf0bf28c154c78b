"""A statement's line can be a charge that costs nothing, which has no journal entry: lines name their charge."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OF_SOMETHING = "entry_id is not null or (charge_id is not null and amount_minor = 0)"
OF_ITS_CHARGE = "charge_id is not null or kind not in ('charge', 'credit')"
NAME_THE_CHARGE = """
    update statement_line set charge_id = (
        select charge.id from charge
        where charge.white_label_id = statement_line.white_label_id and charge.entry_id = statement_line.entry_id
    )
    where kind in ('charge', 'credit')
"""


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("alter table statement_line disable trigger statement_line_no_update")
    # SQLite makes the table again, and loses its triggers.
    with op.batch_alter_table("statement_line") as table:
        table.add_column(sa.Column("charge_id", sa.Uuid(), nullable=True))
        table.drop_index("ix_statement_line_entry")
        table.drop_constraint(op.f("pk_statement_line"), type_="primary")
        table.alter_column("entry_id", existing_type=sa.Uuid(), nullable=True)
    op.execute(NAME_THE_CHARGE)
    with op.batch_alter_table("statement_line") as table:
        table.drop_constraint(op.f("uq_statement_line_white_label_id_statement_id_position"), type_="unique")
        table.create_primary_key(op.f("pk_statement_line"), ["white_label_id", "statement_id", "position"])
        for key in (["ledger_account_id", "entry_id"], ["charge_id"]):
            name = op.f(f"uq_statement_line_white_label_id_{'_'.join(key)}")
            table.create_unique_constraint(name, ["white_label_id", *key])
        table.create_check_constraint(op.f("ck_statement_line_of_something"), OF_SOMETHING)
        # A process of the release before may still be running: what it issues without the charge is refused.
        table.create_check_constraint(op.f("ck_statement_line_of_its_charge"), OF_ITS_CHARGE)
        table.create_foreign_key(
            op.f("fk_statement_line_white_label_id_charge_id"),
            "charge",
            ["white_label_id", "charge_id"],
            ["white_label_id", "id"],
        )
    if is_postgresql:
        op.execute("alter table statement_line enable trigger statement_line_no_update")
    else:
        _refuse_changes()
    # Last: nothing can be charged from here to the end of the transaction.
    only = sa.text("entry_id is null")
    columns = ["white_label_id", "payer_id"]
    op.create_index("ix_charge_free", "charge", columns, sqlite_where=only, postgresql_where=only)


def _refuse_changes() -> None:
    for act in ("update", "delete"):
        op.execute(
            f"create trigger statement_line_no_{act} before {act} on statement_line"
            " begin select raise(abort, 'statement_line is append-only'); end"
        )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
