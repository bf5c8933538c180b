"""Run by Alembic: applies the versions on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from core.store.migrations import VERSION_TABLE
from core.store.schema import metadata

# Without `transactional_ddl` a migration of SQLite would be half done when the disk is full.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
