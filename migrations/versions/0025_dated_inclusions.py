"""What a plan holds is dated: periods that began keep what held on their first day, whenever they are charged."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite makes the table again. It has no triggers to lose, and nothing refers to it.
    with op.batch_alter_table("plan_inclusion") as table:
        # What plans hold today they have held since ever: nobody noted since when.
        table.add_column(sa.Column("valid_from", sa.Date(), server_default="0001-01-01", nullable=False))
        table.drop_constraint(op.f("pk_plan_inclusion"), type_="primary")
        table.create_primary_key(op.f("pk_plan_inclusion"), ["white_label_id", "plan_id", "service_id", "valid_from"])
        table.drop_constraint(op.f("ck_plan_inclusion_quantity"), type_="check")
        table.create_check_constraint(op.f("ck_plan_inclusion_quantity"), "quantity >= 0")
    with op.batch_alter_table("plan_inclusion") as table:
        table.alter_column("valid_from", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
