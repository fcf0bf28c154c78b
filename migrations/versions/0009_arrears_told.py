"""What a letter about arrears named, the pause that a case began, and the warning of the white-label account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("arrears_policy", sa.Column("warn_days", sa.Integer(), server_default=sa.text("7"), nullable=False))
    op.add_column("arrears_case", sa.Column("told", sa.Date(), nullable=True))
    op.add_column("arrears_case", sa.Column("pause_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
