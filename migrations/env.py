"""How Alembic runs here: in the connection and the transaction that `portal.kit.migrating` opened."""

from alembic import context

from portal.models import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata(), compare_type=True)
with context.begin_transaction():
    context.run_migrations()
