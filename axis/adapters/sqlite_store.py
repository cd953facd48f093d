"""The books in one SQLite file and the package bytes in segments beside it.

Layout of the folder: ``books.sqlite``, ``packages/0001.seg`` ..., ``lock``. One thread writes,
a few read, one copies the log; SQLite's write-ahead log lets them all work at once, so a page is
never behind a group. For a backup copy ``books.sqlite*`` first, then ``packages``: bytes no row
names are harmless, rows without bytes are not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Concatenate, Final, ParamSpec, TypeVar

from axis.adapters import durable, rows, sqlite_find, sqlite_named
from axis.adapters import sqlite_reads as reads
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.recent import OPEN, OPEN_ROWS_MAX, Recent
from axis.adapters.segments import Segments
from axis.adapters.sqlite_checkpoints import Checkpoints
from axis.adapters.sqlite_extract import extract
from axis.adapters.sqlite_file import Database, LockFile, closed_on_failure, failures_told, migrate
from axis.adapters.sqlite_history import history
from axis.adapters.sqlite_lanes import SqliteLanes
from axis.adapters.sqlite_packages import amiss
from axis.adapters.sqlite_replays import SqliteReplays
from axis.adapters.sqlite_turns import Turns
from axis.adapters.sqlite_writer import Writer
from axis.books import Item, Package
from axis.core.commands import Audit, Command, Outcome, Refuse
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event
from axis.core.questions import Extracts, Linked, Search, Window
from axis.core.tally import Counted
from axis.core.trust import Certificate
from axis.ports import Queue, Row

#: Reading threads: one may be busy with a long search while the other serves pages.
READERS: Final = 2

_P = ParamSpec("_P")
_R = TypeVar("_R")


def open_store(folder: Path) -> SqliteStore:
    """Open the books in ``folder``, made or brought up to date where needed.

    Raises ``InUse`` when another process has them open, ``segments.Damaged`` when package bytes are
    missing, and ``UnfitBooks``.
    """
    durable.make_folder(folder)
    lock = LockFile(folder / "lock")
    try:
        return SqliteStore(folder, lock)
    except BaseException:
        lock.release()
        raise


class SqliteStore:
    """``axis.ports.Store`` on SQLite; made by ``open_store``."""

    def __init__(self, folder: Path, lock: LockFile) -> None:
        self._lock = lock
        self._database = Database(folder / "books.sqlite")
        self._kept = DocumentsKept()
        self._packages = folder / "packages"
        self._segments = Segments(self._packages)
        self._writing = self._database.writer()
        with closed_on_failure(self._writing):
            migrate(self._writing)
            writer = Writer(self._writing, self._segments, self._kept)
        self._turns = Turns(writer, self._writing)
        self._recent = Recent()
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(READERS):
            self._readers.put(self._reader())
        self._reader_threads = ThreadPoolExecutor(READERS, "axis-reader")
        self._histories: set[ThreadPoolExecutor] = set()
        self._checkpoints = Checkpoints(self._database, self._turns.empty_log)
        self._turns.written = self._checkpoints.written
        self._closed = False
        self.lanes = SqliteLanes(self._read, self._turns.write)
        self.replays = SqliteReplays(self._read)

    def _reader(self) -> sqlite3.Connection:
        return reads.prepare(self._database.reader())

    # ---- writing ------------------------------------------------------------------------------

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        # Whatever becomes of the caller, what is begun is finished and learned.
        return await asyncio.shield(self._apply(commands))

    async def _apply(self, commands: Sequence[Command]) -> list[Outcome]:
        try:
            group = await self._turns.apply(commands)
        except BaseException:
            self._recent.forget()
            raise
        self._recent.learn(group.changes)
        return group.outcomes

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        await self._turns.enrol(agencies, certificates, clients)

    # ---- reading ------------------------------------------------------------------------------

    async def _read(
        self,
        work: Callable[Concatenate[sqlite3.Connection, _P], _R],
        /,
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        def job() -> _R:
            # There are as many connections as threads, so this never waits.
            connection = self._readers.get()
            try:
                with failures_told():
                    return work(connection, *args, **kwargs)
            finally:
                self._readers.put(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reader_threads, job)

    async def body(self, sha256: str) -> bytes | None:
        return (await self.bodies([sha256])).get(sha256)

    async def bodies(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        recent = self._recent.bodies(digests)
        others = [sha256 for sha256 in digests if sha256 not in recent]

        def work(connection: sqlite3.Connection) -> dict[str, bytes]:
            return self._segments.read(reads.spots(connection, others))

        return recent | await self._read(work) if others else recent

    async def document(self, doc_id: str) -> Document | None:
        return await self._read(reads.document, doc_id)

    async def documents_named(
        self, sender: str, document_id: str, after: int, limit: int
    ) -> list[Document]:
        return await self._read(sqlite_named.documents_named, sender, document_id, after, limit)

    async def document_of(self, sender: str, sha256: str) -> Document | None:
        return await self._read(reads.document_of, sender, sha256)

    async def linked_to(self, sender: str, document_id: str, reaching: str, limit: int) -> Linked:
        return await self._read(sqlite_named.linked_to, sender, document_id, reaching, limit)

    async def delivery(self, doc_id: str, recipient: str) -> Row | None:
        recent = self._recent.delivery(doc_id, recipient)
        documents = None if recent is None else self._kept.all([recent.doc])
        if recent is not None and documents is not None:
            return Row(recent, documents[recent.doc])
        return await self._read(reads.delivery, self._kept, doc_id, recipient)

    async def deliveries(self, doc: int) -> list[Delivery]:
        return await self._read(reads.deliveries, doc)

    async def events(self, doc: int) -> list[Event]:
        return await self._read(reads.events, doc)

    async def inbox(
        self,
        recipient: str,
        after: Mapping[int, int],
        limit: int,
        transports: Sequence[int] = (0, 1),
    ) -> list[Row]:
        recent = self._recent.inbox(recipient, after, limit, transports)
        if recent is not None:
            return recent
        found = await self._read(reads.inbox, self._kept, recipient, after, limit, transports)
        if len(found) < limit and OPEN.issuperset(transports):
            # It keeps up, so it will ask again.
            await self._know(recipient)
        return found

    async def _know(self, recipient: str) -> None:
        """Have the inbox of ``recipient`` in memory from now on."""
        asked = self._recent.ask(recipient)
        if asked is None:
            return
        try:
            told = await self._read(reads.standing, self._kept, recipient, OPEN_ROWS_MAX + 1)
            self._recent.told(recipient, asked, *told)
        finally:
            self._recent.unasked(recipient, asked)

    async def stream(self, addressee: str, after: int, limit: int) -> list[tuple[Event, Document]]:
        events = self._recent.stream(addressee, after, limit)
        documents = None if events is None else self._kept.all({event.doc for event in events})
        if events is not None and documents is not None:
            return [(event, documents[event.doc]) for event in events]
        return await self._read(reads.stream, self._kept, addressee, after, limit)

    async def agencies(self) -> list[Agency]:
        return await self._read(reads.agencies)

    async def certificates(self) -> list[Certificate]:
        return await self._read(reads.certificates)

    async def client(self, client_id: str) -> Client | None:
        return await self._read(reads.client, client_id)

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        return await self._read(reads.counts, agencies, first_day, last_day)

    async def sums(
        self, spans: Sequence[tuple[int, int]], metrics: Collection[str]
    ) -> list[tuple[int, str, str, int]]:
        return await self._read(reads.sums, spans, metrics)

    async def counted(self) -> Counted:
        return await self._read(reads.counted)

    async def queues(self) -> list[Queue]:
        return await self._read(reads.queues)

    async def find(self, search: Search) -> list[Row]:
        def work(connection: sqlite3.Connection) -> list[Row]:
            sql, values = sqlite_find.statement(search)
            found = connection.execute(sql, tuple(values)).fetchall()
            return reads.with_documents(
                connection, self._kept, [rows.delivery_from(row) for row in found]
            )

        return await self._read(work)

    async def extract(self, window: Window, after: int, limit: int) -> Extracts:
        return await self._read(extract, window, after, limit)

    async def audit_log(self, limit: int) -> list[Audit]:
        return await self._read(reads.audit_log, limit)

    async def refusals(self, limit: int) -> list[Refuse]:
        return await self._read(reads.refusals, limit)

    async def history(self) -> AsyncGenerator[Item, None]:
        # A thread and a connection of its own: pages are served meanwhile, and the transaction
        # stands still while groups go on.
        thread = ThreadPoolExecutor(1, "axis-history")
        self._histories.add(thread)
        run = partial(asyncio.get_running_loop().run_in_executor, thread)
        connection = await run(self._reader)
        try:
            with failures_told():
                pages = history(connection)
                while page := await run(next, pages, None):
                    for value in page:
                        yield value
        finally:
            # Behind whatever still runs there, should the caller have gone away meanwhile.
            closed = thread.submit(connection.close)
            closed.add_done_callback(lambda _: self._histories.discard(thread))
            thread.shutdown(wait=False)

    async def amiss(self, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
        return await self._read(amiss, self._packages, packages, read=read)

    async def ready(self) -> None:
        await self._read(reads.ready, self._packages)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._checkpoints.close()
        self._turns.close()
        self._reader_threads.shutdown()
        for thread in list(self._histories):
            thread.shutdown()
        while not self._readers.empty():
            self._readers.get().close()
        # The last connection to close empties the log and removes it.
        self._writing.close()
        self._segments.close()
        self._lock.release()
