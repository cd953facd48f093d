"""The books in PostgreSQL: many processes on many machines may have them open.

Pages are read from a few connections beside the one that writes, so a page is never behind a group
and never waits for one. For a backup ``pg_dump`` of the run's schema holds everything, bytes too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import asyncpg

from axis.adapters import postgres_reads as reads
from axis.adapters import rows
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.postgres_extract import extract
from axis.adapters.postgres_find import find
from axis.adapters.postgres_history import amiss, history
from axis.adapters.postgres_lanes import PostgresLanes
from axis.adapters.postgres_migrate import migrate
from axis.adapters.postgres_replays import PostgresReplays
from axis.adapters.postgres_server import PATIENCE, Driver, Patience, Server
from axis.adapters.postgres_writer import Tell, Writer, tell_nobody
from axis.adapters.revisions import require_known
from axis.adapters.rows import delivery_from, document_from, event_from
from axis.books import Item, Package
from axis.core.commands import Audit, Command, Outcome, Refuse
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event
from axis.core.questions import Extracts, Linked, Search, Window
from axis.core.tally import Counted
from axis.core.trust import Certificate
from axis.ports import Queue, Row
from axis.settings import LIVE


class NoBooks(RuntimeError):
    """The database holds no books of this run that can be worked with."""


class OldBooks(NoBooks):
    """The books were kept by an older axis; one that starts brings them up to date."""


async def open_store(
    url: str,
    run: str = LIVE,
    *,
    tell: Tell = tell_nobody,
    patience: Patience = PATIENCE,
    upgrade: bool = True,
) -> PostgresStore:
    """Open the books of ``run``, made or brought up to date where needed (and ``upgrade``).

    Raises ``Unavailable`` when the server does not answer, else ``NoBooks`` where there are none,
    and ``UnfitBooks``.
    """
    server = Server(url, run, patience)
    if upgrade:
        await migrate(server)
    store = PostgresStore(server, tell)
    try:
        # Who writes has the connection for it before any reader has one, and keeps it: where the
        # server has few, what is left over is for reading.
        async with server.writing() if upgrade else server.reading() as driver:
            await _examine(driver, server.schema)
    except BaseException:
        await store.close()
        raise
    return store


async def _examine(driver: Driver, schema: str) -> None:
    try:
        revision = await driver.fetchval("select version_num from alembic_version")
        require_known(revision, f"the schema {schema}")
        await driver.fetchval("select seq from head where id = 1")
        await driver.execute("select arrived_at from delivery limit 0")
    except asyncpg.UndefinedColumnError:
        raise OldBooks(f"the books in the schema {schema} are of an older axis") from None
    except asyncpg.UndefinedTableError:
        raise NoBooks(f"the database has no books in the schema {schema}") from None


class PostgresStore:
    """``axis.ports.Store`` on PostgreSQL; made by ``open_store``."""

    def __init__(self, server: Server, tell: Tell) -> None:
        self._server = server
        self._kept = DocumentsKept()
        self._writer = Writer(server, self._kept, tell)
        self.lanes = PostgresLanes(server)
        self.replays = PostgresReplays(server)

    # ---- writing ------------------------------------------------------------------------------

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        return await self._writer.apply(commands)

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        await self._writer.enrol(agencies, certificates, clients)

    # ---- reading ------------------------------------------------------------------------------

    async def _ask(self, query: str, *values: object) -> list[Any]:
        async with self._server.reading() as driver:
            return await reads.ask(driver, query, *values)

    async def body(self, sha256: str) -> bytes | None:
        return (await self.bodies([sha256])).get(sha256)

    async def bodies(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        return dict(await self._ask("bodies", list(set(digests))))

    async def document(self, doc_id: str) -> Document | None:
        return next(map(document_from, await self._ask("document", doc_id)), None)

    async def documents_named(
        self, sender: str, document_id: str, after: int, limit: int
    ) -> list[Document]:
        found = await self._ask("documents_named", sender, document_id, after, limit)
        return [document_from(row) for row in found]

    async def document_of(self, sender: str, sha256: str) -> Document | None:
        return next(map(document_from, await self._ask("document_of", sha256, sender)), None)

    async def linked_to(self, sender: str, document_id: str, reaching: str, limit: int) -> Linked:
        async with self._server.reading() as driver:
            return await reads.linked_to(driver, sender, document_id, reaching, limit)

    async def delivery(self, doc_id: str, recipient: str) -> Row | None:
        async with self._server.reading() as driver:
            found = [
                delivery_from(row) for row in await reads.ask(driver, "delivery", doc_id, recipient)
            ]
            return next(iter(await reads.with_documents(driver, self._kept, found)), None)

    async def deliveries(self, doc: int) -> list[Delivery]:
        return [delivery_from(row) for row in await self._ask("deliveries", doc)]

    async def events(self, doc: int) -> list[Event]:
        return [event_from(row) for row in await self._ask("events", doc)]

    async def inbox(
        self,
        recipient: str,
        after: Mapping[int, int],
        limit: int,
        transports: Sequence[int] = (0, 1),
    ) -> list[Row]:
        async with self._server.reading() as driver:
            return await reads.inbox(driver, self._kept, recipient, after, limit, transports)

    async def stream(self, addressee: str, after: int, limit: int) -> list[tuple[Event, Document]]:
        async with self._server.reading() as driver:
            return await reads.stream(driver, self._kept, addressee, after, limit)

    async def agencies(self) -> list[Agency]:
        return [rows.agency_from(row) for row in await self._ask("agencies")]

    async def certificates(self) -> list[Certificate]:
        return [rows.certificate_from(row) for row in await self._ask("certificates")]

    async def client(self, client_id: str) -> Client | None:
        return next(map(rows.client_from, await self._ask("client", client_id)), None)

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        async with self._server.reading() as driver:
            return await reads.counts(driver, agencies, first_day, last_day)

    async def sums(
        self, spans: Sequence[tuple[int, int]], metrics: Collection[str]
    ) -> list[tuple[int, str, str, int]]:
        async with self._server.reading() as driver:
            return await reads.sums(driver, spans, metrics)

    async def counted(self) -> Counted:
        async with self._server.reading() as driver:
            return await reads.counted(driver)

    async def queues(self) -> list[Queue]:
        async with self._server.reading() as driver:
            return await reads.queues(driver)

    async def find(self, search: Search) -> list[Row]:
        async with self._server.reading() as driver:
            return await reads.with_documents(driver, self._kept, await find(driver, search))

    async def extract(self, window: Window, after: int, limit: int) -> Extracts:
        async with self._server.reading() as driver:
            return await extract(driver, window, after, limit)

    async def audit_log(self, limit: int) -> list[Audit]:
        return [rows.audit_from(row) for row in await self._ask("audit_log", limit)]

    async def refusals(self, limit: int) -> list[Refuse]:
        return [rows.refusal_from(row) for row in await self._ask("refusals", limit)]

    async def history(self) -> AsyncGenerator[Item, None]:
        async with self._server.recounting() as driver:
            idle_ms = self._server.patience.idle_history_ms
            async with aclosing(history(driver, idle_ms)) as pages:
                async for page in pages:
                    for value in page:
                        yield value

    async def amiss(self, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
        async with self._server.reading() as driver:
            return await amiss(driver, packages, read=read)

    async def ready(self) -> None:
        await self.client("")
        await self._writer.ready()

    async def close(self) -> None:
        await self._server.close()
