"""When a white-label account was seen beyond its limit during a standstill. One that stands is looked at each day."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("standstill", sa.Column("beyond_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
