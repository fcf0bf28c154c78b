"""With which period each record of usage was settled."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FREE = "charged_at is not null and charge_id is null"


def upgrade() -> None:
    op.add_column("usage_record", sa.Column("settled_for", sa.Date(), nullable=True))
    # The best that is known of those that were free: most came in time.
    op.execute(f"update usage_record set settled_for = day where {FREE}")
    free = sa.text(FREE)
    op.drop_index("ix_usage_record_free", "usage_record")
    op.create_index("ix_usage_record_free", "usage_record", ["white_label_id", "account_id", "settled_for"], unique=False, sqlite_where=free, postgresql_where=free)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
