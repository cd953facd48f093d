"""Runs migrations on the connection, and within the transaction, of the store that opens."""

from __future__ import annotations

from alembic import context

from axis.adapters.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
