"""Until when a new second factor can be denied by letter; locks in a row, and when a letter last told of one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("second_factor", sa.Column("deniable_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("second_factor", sa.Column("locks", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("second_factor", sa.Column("lock_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
