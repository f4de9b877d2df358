"""How alembic runs here: on the connection that it is handed, in one transaction."""

from alembic import context

from cbc_adapters.persistence.postgres.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, compare_server_default=True)

with context.begin_transaction():
    context.run_migrations()
