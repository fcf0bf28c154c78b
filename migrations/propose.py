"""What the next migration has to do: `python -m migrations.propose` prints it, to be named, read and put in order.

The migrations are run on a new SQLite file and compared with the models. Check constraints are not compared, and the
walls of new tenant tables on PostgreSQL are written by hand: see 0003.
"""

import tempfile
import textwrap
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from portal.kit.db import UtcDateTime, connect_to
from portal.kit.migrating import migrate
from portal.models import metadata


def plain_type(kind: str, item: Any, context: Any) -> Any:
    """Our own column type as the type it stores: a migration must not change when the product's code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def proposal() -> str:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/portal.sqlite3"
        migrate(url, web_url=url)
        engine = connect_to(url)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            operations = produce_migrations(context, metadata()).upgrade_ops
            assert operations is not None
            written = render_python_code(operations, render_item=plain_type, migration_context=context)
        engine.dispose()
    lines = [line for line in written.splitlines() if not line.strip().startswith("# ###")]
    return textwrap.indent(textwrap.dedent("\n".join(lines)).strip(), "    ")


if __name__ == "__main__":
    print(proposal())
