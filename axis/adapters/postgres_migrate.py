"""Bring the schema of a run up to date, one process at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from axis.adapters.postgres_server import Server
from axis.adapters.revisions import upgrade
from axis.books import UnfitBooks
from axis.settings import LIVE

#: Whoever holds it migrates the schema that the lock is named after; it goes with the transaction.
_LOCK: Final = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def migrate(server: Server, revision: str = "head") -> None:
    """Bring the tables to ``revision``, whole or not at all.

    Processes that start together wait for the first one and then find nothing to do. Raises
    ``Unavailable``, and ``UnfitBooks``.
    """
    async with server.migrating() as connection:
        await connection.execute(_LOCK, {"name": f"axis migrates {server.schema}"})
        await _require_unicode(connection)
        # Not "if not exists": that may fail between two who do it, and asks for more rights.
        known = text("select 1 from pg_namespace where nspname = :name")
        if (await connection.execute(known, {"name": server.schema})).first() is None:
            await connection.execute(text(f"create schema {server.schema}"))
        await connection.run_sync(upgrade, revision, f"the schema {server.schema}")


async def _require_unicode(connection: AsyncConnection) -> None:
    shown = text("select current_database(), current_setting('server_encoding')")
    ((name, encoding),) = await connection.execute(shown)
    # The latter keeps bytes as they come.
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise UnfitBooks(
            f"The database {name} keeps text as {encoding}, which has no room for Vietnamese; "
            "books need one that was created with the encoding UTF8."
        )


async def drop_schema(url: str, run: str) -> None:
    """Delete the books of a run, never those of the live one. Raises ``Unavailable``."""
    assert run != LIVE, "the live books are deleted by nobody"
    server = Server(url, run)
    async with server.migrating() as connection:
        await connection.execute(text(f"drop schema if exists {server.schema} cascade"))
