"""${message}.

A table made here needs its wall and, when it is append-only, its triggers: 0002 shows how. A batch change on SQLite
drops the table's triggers without a word: make them again in the same migration.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
