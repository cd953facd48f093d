"""Read the books where they lie, while no axis runs: no lock is taken and nothing is written.

The answers are those of the REST door, made by its own functions.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, cast

from axis.adapters import sqlite_reads as reads
from axis.adapters.sqlite_file import Database
from axis.adapters.sqlite_history import history
from axis.api import counts as counts_door
from axis.api import views
from axis.cli.failures import NoAxis
from axis.core.document import Delivery, Document, Event
from axis.core.errors import rejected
from axis.flows.tracking import Tracking
from axis.ports import Counters, Store
from axis.settings import Settings


class Archive:
    """What counting and proving ask of a store (``axis.ports.Store``), on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        """Counters, as the store gives them."""
        return reads.counts(self._connection, agencies, first_day, last_day)

    async def history(self) -> AsyncIterator[Counters | Document | Event | Delivery]:
        """Everything the counters are made of, from one snapshot."""
        for page in history(self._connection):
            for value in page:
                yield value


def counts(
    settings: Settings,
    agency: str,
    days: tuple[date | None, date | None],
    by: counts_door.By,
) -> dict[str, Any]:
    """What ``GET /v1/counts`` would answer. Raises ``agency.unknown``."""
    connection = _open(settings)
    try:
        if agency and agency not in {a.code for a in reads.agencies(connection)}:
            raise rejected("agency.unknown", code=agency)
        store = _store(connection)
        codes = [agency] if agency else []
        return asyncio.run(counts_door.answer(store, Tracking(store), codes, days, by))
    finally:
        connection.close()


def audit(settings: Settings) -> dict[str, Any]:
    """What ``GET /v1/operator/audit`` would answer."""
    connection = _open(settings)
    try:
        proof = asyncio.run(Tracking(_store(connection)).audit())
        return views.proof(proof)
    finally:
        connection.close()


def _open(settings: Settings) -> sqlite3.Connection:
    path = settings.axis_dir / "books.sqlite"
    if not path.is_file():
        raise NoAxis(f"There are no books in {path.parent}, and no axis runs there.")
    return reads.prepare(Database(path).reader())


def _store(connection: sqlite3.Connection) -> Store:
    # Counting and proving ask for nothing but what an Archive has.
    return cast("Store", Archive(connection))
