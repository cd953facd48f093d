"""Read the books where they lie, while no axis runs: no lock is taken and nothing is written.

SQLite is read through one connection, PostgreSQL through the store that an axis has; a server that
a run has for itself is started for as long as it is read. Only who reads packages writes, the line
that says so: then SQLite is opened as an axis opens it.

The answers are those of the REST door, made by its own functions.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

from axis.adapters import sqlite_reads as reads
from axis.adapters.revisions import require_known
from axis.adapters.sqlite_extract import extract
from axis.adapters.sqlite_file import Database
from axis.adapters.sqlite_history import history
from axis.adapters.sqlite_packages import amiss
from axis.adapters.sqlite_store import open_store
from axis.adapters.system_clock import SystemClock
from axis.api import counts as counts_door
from axis.api import statistics as statistics_door
from axis.api import views
from axis.books import Item, Package
from axis.cli.failures import NoAxis
from axis.core.breakdown import Breakdown
from axis.core.directory import Agency
from axis.core.errors import rejected
from axis.core.period import Unit
from axis.core.questions import Extracts, Window
from axis.core.recount import LINES_MAX
from axis.core.tally import Counted, Key
from axis.core.trust import Certificate
from axis.flows.proving import Proof, prove
from axis.flows.statistics import By, Statistics
from axis.flows.tracking import Tracking
from axis.logs import log_aside
from axis.ports import Store
from axis.settings import Settings

#: Where the books of a run lie that has no database.
FILE: Final = "books.sqlite"


class Archive:
    """What counting, proving and extracting ask of a store (``axis.ports.Store``), on one
    connection; ``folder`` has the package bytes.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    async def agencies(self) -> list[Agency]:
        """The directory, as the store gives it."""
        return reads.agencies(self._connection)

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        """Counters, as the store gives them."""
        return reads.counts(self._connection, agencies, first_day, last_day)

    async def certificates(self) -> list[Certificate]:
        """The trust list, as the store gives it."""
        return reads.certificates(self._connection)

    async def extract(self, window: Window, after: int, limit: int) -> Extracts:
        """A page of a window, as the store gives it."""
        return extract(self._connection, window, after, limit)

    async def sums(
        self, spans: Sequence[tuple[int, int]], metrics: Collection[str]
    ) -> list[tuple[int, str, str, int]]:
        """Sums of counters, as the store gives them."""
        return reads.sums(self._connection, spans, metrics)

    async def counted(self) -> Counted:
        """What the counters cover, as the store gives it."""
        return reads.counted(self._connection)

    async def history(self) -> AsyncGenerator[Item, None]:
        """Everything the counters are made of, from one snapshot."""
        for page in history(self._connection):
            for value in page:
                yield value

    async def amiss(self, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
        """What is wrong with the bytes of documents, as the store tells it."""
        return amiss(self._connection, self._folder, packages, read=read)

    def file_faults(self) -> list[str]:
        """What SQLite itself finds wrong with its file: pages, and indexes that lack rows."""
        try:
            found = self._connection.execute(f"pragma integrity_check({LINES_MAX})").fetchall()
        except sqlite3.DatabaseError as error:
            found = [(error,)]
        return [f"file {FILE}: {line}" for (line,) in found if line != "ok"]


def counts(
    settings: Settings,
    agency: str,
    days: tuple[date | None, date | None],
    by: counts_door.By,
) -> dict[str, Any]:
    """What ``GET /v1/counts`` would answer. Raises ``agency.unknown``."""

    async def work() -> dict[str, Any]:
        async with books(settings) as store:
            codes = await _codes(store, agency)
            return await counts_door.answer(store, Tracking(store), codes, days, by)

    return asyncio.run(work())


def audit(settings: Settings, *, read_packages: bool = False) -> dict[str, Any]:
    """What ``GET /v1/operator/audit`` would answer, and what SQLite says of its file."""

    async def work() -> dict[str, Any]:
        async with books(settings) as store:
            faults = store.file_faults() if isinstance(store, Archive) else []
            try:
                proof = await prove(store, read_packages=read_packages)
            except sqlite3.DatabaseError as error:
                if not faults:
                    raise
                proof = Proof(0, 0, 0, lines=[f"file {FILE}: cannot be recounted: {error}"])
            return views.proof(replace(proof, lines=[*faults, *proof.lines]))

    return asyncio.run(work())


def breakdown(settings: Settings) -> tuple[Mapping[Key, int], Breakdown, list[Agency]]:
    """Every counter, the books broken down, and the directory."""

    async def work() -> tuple[Mapping[Key, int], Breakdown, list[Agency]]:
        async with books(settings) as store:
            return *await Tracking(store).breakdown(), await store.agencies()

    return asyncio.run(work())


def statistics(
    settings: Settings,
    asked: Sequence[tuple[By, Unit]],
    days: tuple[date | None, date | None],
    agency: str,
) -> list[dict[str, Any]]:
    """What ``GET /v1/statistics`` would answer to each. Raises ``agency.unknown``."""

    async def work() -> list[dict[str, Any]]:
        async with books(settings) as store:
            codes = await _codes(store, agency)
            made = Statistics(store, SystemClock())
            questions = [statistics_door.question(by, unit, days, codes) for by, unit in asked]
            return [statistics_door.view(await made.report(one)) for one in questions]

    return asyncio.run(work())


async def _codes(store: Store, agency: str) -> list[str]:
    """The agency that is asked for, if one is."""
    if agency and agency not in {a.code for a in await store.agencies()}:
        raise rejected("agency.unknown", code=agency)
    return [agency] if agency else []


@asynccontextmanager
async def books(settings: Settings, *, to_write: bool = False) -> AsyncIterator[Store]:
    """The books, to be read; ``to_write`` a line into them too.

    Raises ``NoAxis`` where there are none, ``UnfitBooks``, and ``InUse`` where they cannot be
    written.
    """
    log_aside()
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(_opened(settings, stack, to_write=to_write))


def _opened(
    settings: Settings, stack: AsyncExitStack, *, to_write: bool
) -> AbstractAsyncContextManager[Store]:
    if settings.database is not None:
        return _shared(settings)
    path = settings.axis_dir / FILE
    if path.is_file():
        return _written(settings) if to_write else _read(settings, path)
    # Not above: a laptop's commands start without the libraries of a server's.
    from axis.cli import large

    if not large.has_books(settings):
        raise NoAxis(f"There are no books in {path.parent}, and no axis runs there.", settings.run)
    return _shared(stack.enter_context(large.at_rest(settings)))


@asynccontextmanager
async def _shared(settings: Settings) -> AsyncIterator[Store]:
    from axis.adapters import postgres_store

    assert settings.database is not None
    url = settings.database.get_secret_value()
    try:
        shared = await postgres_store.open_store(url, settings.run, upgrade=False)
    except postgres_store.OldBooks:
        raise NoAxis(_old(settings), settings.run) from None
    except postgres_store.NoBooks:
        why = f"There are no books in {settings.books}, and no axis runs there."
        raise NoAxis(why, settings.run) from None
    try:
        yield shared
    finally:
        await shared.close()


async def there(settings: Settings) -> bool:
    """Whether the run has books already."""
    try:
        async with books(settings):
            return True
    except NoAxis:
        return False


async def drop(settings: Settings) -> None:
    """Delete the books of a run in a database; those in a folder go with it."""
    if settings.database is not None:
        from axis.adapters.postgres_migrate import drop_schema

        await drop_schema(settings.database.get_secret_value(), settings.run)


@asynccontextmanager
async def _read(settings: Settings, path: Path) -> AsyncIterator[Store]:
    connection = _at_rest(settings, path)
    try:
        tables = connection.execute("select count(*) from sqlite_master").fetchone()
        if tables == (0,):
            why = f"The books in {settings.books} are empty; axis init sets them up."
            raise NoAxis(why, settings.run)
        for (revision,) in connection.execute("select version_num from alembic_version"):
            require_known(revision, settings.books)
        try:
            connection.execute("select arrived_at from delivery limit 0")
        except sqlite3.OperationalError as error:
            # Anything else is a disk, or damage, and told as such.
            if "no such column" in str(error):
                raise NoAxis(_old(settings), settings.run) from None
            raise
        # Nothing is asked for but what an Archive has.
        yield cast("Store", Archive(connection, path.parent / "packages"))
    finally:
        connection.close()


def _at_rest(settings: Settings, path: Path) -> sqlite3.Connection:
    database = Database(path)
    try:
        return reads.prepare(database.at_rest())
    except sqlite3.OperationalError:
        if database.readable:
            raise
        raise NoAxis(
            f"The books in {settings.books} were not closed by their axis, and their folder cannot "
            "be written; a copy of it in another place can be read.",
            settings.run,
        ) from None


@asynccontextmanager
async def _written(settings: Settings) -> AsyncIterator[Store]:
    store = open_store(settings.axis_dir)
    try:
        yield store
    finally:
        await store.close()


def _old(settings: Settings) -> str:
    where = settings.books
    return f"The books in {where} are of an older axis; one that starts brings them up to date."
