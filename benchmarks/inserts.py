"""The stores against their bare drivers, which insert the same rows.

The store decides, numbers, counts and checks; the driver is handed rows that such a store wrote
before, with the same bytes, in transactions of the same size, and as durable. Counters are left out
there: what they cost is the store's.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncpg
import uvloop
from sqlalchemy import Table

from axis.adapters import postgres_tables, rows, tables
from axis.adapters.postgres_server import schema_of
from axis.adapters.postgres_store import PostgresStore
from axis.adapters.postgres_store import open_store as open_postgres
from axis.adapters.sqlite_file import Database
from axis.adapters.sqlite_store import open_store as open_sqlite
from axis.cluster import Cluster
from axis.core.commands import Accept, Accepted, Outcome
from benchmarks.scale import Act, Scale, in_turn
from benchmarks.store import CODES, GROUP, accepts, agency
from benchmarks.table import Pair, Row, Run, Side
from tests import postgres

GROUPS = {"SQLite": 40, "PostgreSQL": 20}
#: The tables that an accepted document has rows in, and by which column they know it.
TABLES: Sequence[tuple[Table, str]] = (
    (tables.package, "doc"),
    (tables.document, "seq"),
    (tables.delivery, "doc"),
    (tables.event, "doc"),
)

#: Where the rows lie that PostgreSQL's driver is handed.
TEMPLATE = schema_of("template")

#: The rows of one group, by table.
Rows = list[list[tuple[Any, ...]]]


def row(scale: Scale) -> Row:
    """Measure both stores, in groups of 64."""
    out = Row("the store, against its driver inserting the same rows")
    with tempfile.TemporaryDirectory(prefix="axis-bench-inserts-") as folder:
        out.pairs.append(_sqlite(Path(folder), scale))
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        out.pairs.append(_postgres(cluster.url, scale))
    finally:
        cluster.remove()
    return out


def _select(table: Table, key: str, schema: str = "") -> str:
    names = ", ".join(column.name for column in table.columns)
    source = f"{schema}.{table.name}" if schema else table.name
    return f"select {names} from {source} where {key} in (%s)"


def _accepted(outcomes: Sequence[Outcome]) -> None:
    """Raise unless a group was taken as a whole: what is refused writes no rows."""
    refused = [one for one in outcomes if not isinstance(one, Accepted)]
    assert not refused, refused[0]


def _timed(count: int, work: Callable[[], object]) -> Run:
    cpu, begun = time.process_time(), time.perf_counter()
    work()
    took = time.perf_counter() - begun
    return Run(count / took, (time.process_time() - cpu) / count * 1e6)


def _sqlite(folder: Path, scale: Scale) -> Pair:
    groups = scale.of(GROUPS["SQLite"], 2)
    template, bare = folder / "template", folder / "bare"
    documents = groups * GROUP * scale.pairs
    for place in (template, bare, folder / "store"):
        asyncio.run(_prepare(place, documents if place == template else 0))
    given = sqlite3.connect(template / "books.sqlite")
    target = Database(bare / "books.sqlite").writer()
    bodies = os.open(bare / "bodies", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    seqs = [seq for (seq,) in given.execute("select seq from document order by seq")]
    store = open_sqlite(folder / "store")
    loop = asyncio.Runner()
    number = 0

    def pair() -> tuple[Act, Act]:
        nonlocal number
        first = number * groups * GROUP
        number += 1
        commands = [accepts(first + at * GROUP) for at in range(groups)]
        parts = [
            (_read(given, seqs[at : at + GROUP]), [a.body for a in accepts(at)])
            for at in range(first, first + groups * GROUP, GROUP)
        ]

        async def ours() -> None:
            for group in commands:
                _accepted(await store.apply(group))

        return (
            lambda: _timed(groups * GROUP, lambda: loop.run(ours())),
            lambda: _timed(groups * GROUP, lambda: _insert(target, bodies, parts)),
        )

    try:
        runs = in_turn(pair, scale.pairs)
    finally:
        loop.run(store.close())
        loop.close()
        given.close()
        target.close()
        os.close(bodies)
    return Pair(
        "SQLite", Side.of("the store", runs[0]), Side.of("sqlite3, one file beside it", runs[1])
    )


async def _prepare(folder: Path, documents: int) -> None:
    """Books with their agencies, and with so many documents."""
    store = open_sqlite(folder)
    try:
        await store.enrol([agency(code) for code in CODES], [], [])
        for first in range(0, documents, GROUP):
            _accepted(await store.apply(accepts(first)))
    finally:
        await store.close()


def _whole(found: Rows) -> Rows:
    """The rows of a group; raises where some are missing, which nobody would have to insert."""
    assert all(len(some) >= GROUP for some in found), [len(some) for some in found]
    return found


def _read(given: sqlite3.Connection, seqs: Sequence[int]) -> Rows:
    numbers = ", ".join(map(str, seqs))
    return _whole([given.execute(_select(*one) % numbers).fetchall() for one in TABLES])


def _insert(
    target: sqlite3.Connection, file: int, parts: Sequence[tuple[Rows, list[bytes]]]
) -> None:
    for found, bodies in parts:
        os.write(file, b"".join(bodies))
        os.fdatasync(file)
        target.execute("begin immediate")
        for (table, _), some in zip(TABLES, found, strict=True):
            target.executemany(rows.insert(table), some)
        target.execute("commit")


def _postgres(url: str, scale: Scale) -> Pair:
    groups = scale.of(GROUPS["PostgreSQL"], 2)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        books = loop.run(_Postgres.open(url, groups * scale.pairs))
        number = 0

        def pair() -> tuple[Act, Act]:
            nonlocal number
            first = number * groups * GROUP
            number += 1
            commands = [accepts(first + at * GROUP) for at in range(groups)]
            parts = [loop.run(books.read(first + at * GROUP)) for at in range(groups)]
            return (
                lambda: _timed(groups * GROUP, lambda: loop.run(books.apply(commands))),
                lambda: _timed(groups * GROUP, lambda: loop.run(books.insert(parts))),
            )

        try:
            runs = in_turn(pair, scale.pairs)
        finally:
            loop.run(books.close())
    return Pair("PostgreSQL", Side.of("the store", runs[0]), Side.of("asyncpg", runs[1]))


@dataclass
class _Postgres:
    """Three sets of books in one server: filled before, written by the store, by the driver."""

    store: PostgresStore
    driver: asyncpg.Connection
    seqs: Sequence[int]

    @classmethod
    async def open(cls, url: str, groups: int) -> Self:
        """Make them, with so many groups in the first."""
        for run in ("template", "bare"):
            async with AsyncExitStack() as stack:
                made = await open_postgres(url, run)
                stack.push_async_callback(made.close)
                await made.enrol([agency(code) for code in CODES], [], [])
                for at in range(groups if run == "template" else 0):
                    _accepted(await made.apply(accepts(at * GROUP)))
        store = await open_postgres(url, "store")
        await store.enrol([agency(code) for code in CODES], [], [])
        driver = await asyncpg.connect(url)
        found = await driver.fetch(f"select seq from {TEMPLATE}.document order by seq")
        await driver.execute(f"set search_path = {schema_of('bare')}")
        return cls(store, driver, [seq for (seq,) in found])

    async def read(self, first: int) -> Rows:
        """The rows of the group of documents from ``first`` on, those of its bytes first. Their
        digests are known to the store too: whoever examines a package makes them.
        """
        numbers = ", ".join(map(str, self.seqs[first : first + GROUP]))
        found = [
            [tuple(one) for one in await self.driver.fetch(_select(*table, TEMPLATE) % numbers)]
            for table in TABLES
        ]
        return _whole([[(one.sha256, one.body) for one in accepts(first)], *found])

    async def apply(self, groups: Sequence[Sequence[Accept]]) -> None:
        """One group after the other through the store."""
        for group in groups:
            _accepted(await self.store.apply(group))

    async def insert(self, parts: Sequence[Rows]) -> None:
        """The same rows, a transaction for each group."""
        written = (postgres_tables.content, *(table for table, _ in TABLES))
        for found in parts:
            async with self.driver.transaction():
                for table, some in zip(written, found, strict=True):
                    await self._many(table, some)

    async def _many(self, table: Table, some: Sequence[tuple[Any, ...]]) -> None:
        names = [column.name for column in table.columns]
        marks = ", ".join(f"${at}" for at in range(1, len(names) + 1))
        await self.driver.executemany(
            f"insert into {table.name} ({', '.join(names)}) values ({marks})", some
        )

    async def close(self) -> None:
        """Leave the server."""
        await self.driver.close()
        await self.store.close()
