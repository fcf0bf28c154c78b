"""Writes the first migration anew from the models: `python -m migrations.regenerate`.

For the time before the first release only. From then on a changed model gets a migration of its own.
"""

import textwrap
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from portal.kit.db import UtcDateTime
from portal.models import metadata

FIRST = Path(__file__).parent / "versions" / "0001_the_house.py"
HEAD = '''"""Every table of the house, written by `python -m migrations.regenerate` and not by hand.

Triggers and walls are in 0002, which finds the tables by itself; after a change of the models the one command above
is all there is to do, until the first release makes this file history.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
'''
FOOT = '''

def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
'''


def plain_type(kind: str, item: Any, context: Any) -> Any:
    """Our own column type as the type it stores: a migration must not change when the product's code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def body() -> str:
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, metadata()).upgrade_ops
        assert operations is not None
        written = render_python_code(operations, render_item=plain_type, migration_context=context)
    lines = [line for line in written.splitlines() if not line.strip().startswith("# ###")]
    return textwrap.indent(textwrap.dedent("\n".join(lines)).strip(), "    ")


if __name__ == "__main__":
    FIRST.write_text(HEAD + body() + "\n" + FOOT)
