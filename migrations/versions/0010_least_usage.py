"""How much of a usage service is charged at least."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service", sa.Column("minimum_units", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
