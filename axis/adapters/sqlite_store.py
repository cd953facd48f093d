"""The books in one SQLite file and the package bytes in segments beside it.

Layout of the folder: ``books.sqlite``, ``packages/0001.seg`` ..., ``lock``. One thread writes,
a few read, one copies the log; SQLite's write-ahead log lets them all work at once, so a page is
never behind a group. For a backup copy ``books.sqlite*`` first, then ``packages``: bytes no row
names are harmless, rows without bytes are not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Concatenate, Final, ParamSpec, TypeVar

from axis.adapters import rows, sqlite_find
from axis.adapters import sqlite_reads as reads
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.recent import OPEN, OPEN_ROWS_MAX, Recent
from axis.adapters.segments import Segments
from axis.adapters.sqlite_checkpoints import Checkpoints
from axis.adapters.sqlite_file import (
    Database,
    LockFile,
    empty_log,
    failures_told,
    is_busy,
    migrate,
    patient,
)
from axis.adapters.sqlite_history import history
from axis.adapters.sqlite_writer import Group, Writer
from axis.core.commands import Accept, Audit, Command, Outcome, Refuse
from axis.core.directory import Agency
from axis.core.document import Delivery, Document, Event
from axis.core.trust import Certificate
from axis.ports import Client, Counters, Queue, Row, Search

#: Reading threads: one may be busy with a long search while the other serves pages.
READERS: Final = 2
#: A group with more package bytes is written in a thread: copying them takes milliseconds.
HERE_BYTES_MAX: Final = 2 * 1024 * 1024

_P = ParamSpec("_P")
_R = TypeVar("_R")


def open_store(folder: Path) -> SqliteStore:
    """Open the books in ``folder``, made or brought up to date where needed.

    Raises ``InUse`` when another process has them open and ``segments.Damaged`` when package
    bytes are missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
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
        self._segments = Segments(folder / "packages")
        self._writing = self._database.writer()
        migrate(self._writing)
        self._writer = Writer(self._writing, self._segments, self._kept)
        self._writer_thread = ThreadPoolExecutor(1, "axis-writer")
        #: Held from the beginning of a group to its commit, by whichever thread is at it.
        self._at_it = Lock()
        self._recent = Recent()
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(READERS):
            self._readers.put(self._reader())
        self._reader_threads = ThreadPoolExecutor(READERS, "axis-reader")
        self._histories: set[ThreadPoolExecutor] = set()
        self._checkpoints = Checkpoints(self._database, self._empty_log)
        self._closed = False

    def _reader(self) -> sqlite3.Connection:
        return reads.prepare(self._database.reader())

    def _empty_log(self) -> bool:
        with self._at_it:
            return empty_log(self._writing)

    # ---- writing ------------------------------------------------------------------------------

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        # Whatever becomes of the caller, what is begun is finished and learned.
        return await asyncio.shield(self._apply(commands))

    async def _apply(self, commands: Sequence[Command]) -> list[Outcome]:
        try:
            group = self._begun(commands)
            if group is None:
                group = await self._in_writer_thread(self._whole, commands)
            else:
                await self._in_writer_thread(self._finish, group)
        except BaseException:
            self._recent.forget()
            raise
        self._recent.learn(group.changes)
        return group.outcomes

    def _begun(self, commands: Sequence[Command]) -> Group | None:
        """A group that is ready to be committed, made here and now; None where it would block.

        Deciding and writing is a run of short calls, each of which gives the interpreter's lock
        away: beside a busy loop a thread takes it back milliseconds later, every time. Only what
        waits for the disk is worth a thread.
        """
        size = sum([len(command.body) for command in commands if isinstance(command, Accept)])
        if size > HERE_BYTES_MAX or not self._at_it.acquire(blocking=False):
            return None
        try:
            return self._writer.begin(commands)
        except BaseException as error:
            self._at_it.release()
            if is_busy(error):
                return None
            with failures_told():
                raise

    def _finish(self, group: Group) -> None:
        try:
            with failures_told():
                self._writer.commit(group)
        finally:
            self._at_it.release()
        self._checkpoints.written()

    def _whole(self, commands: Sequence[Command]) -> Group:
        with self._at_it, failures_told(), patient(self._writing):
            group = self._writer.begin(commands)
            self._writer.commit(group)
        self._checkpoints.written()
        return group

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        def job() -> None:
            with self._at_it, failures_told(), patient(self._writing):
                self._writer.enrol(agencies, certificates, clients)

        await self._in_writer_thread(job)

    async def _in_writer_thread(
        self, work: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer_thread, partial(work, *args, **kwargs))

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
        def work(connection: sqlite3.Connection) -> dict[str, bytes]:
            return self._segments.read(reads.spots(connection, digests))

        recent = self._recent.bodies(digests)
        return await self._read(work) if recent is None else recent

    async def document(self, doc_id: str) -> Document | None:
        return await self._read(reads.document, doc_id)

    async def documents_named(self, sender: str, document_id: str) -> list[Document]:
        return await self._read(reads.documents_named, sender, document_id)

    async def document_of(self, sender: str, sha256: str) -> Document | None:
        return await self._read(reads.document_of, sender, sha256)

    async def linked_to(self, document: Document) -> list[tuple[str, Document]]:
        return await self._read(reads.linked_to, document)

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
        asked = self._recent.ask(recipient)
        found = await self._read(reads.inbox, self._kept, recipient, after, limit, transports)
        if asked is not None and len(found) < limit and OPEN.issuperset(transports):
            # It keeps up, so it will ask again.
            everything = await self._read(
                reads.inbox, self._kept, recipient, {}, OPEN_ROWS_MAX + 1, tuple(OPEN)
            )
            self._recent.told(recipient, asked, everything)
        return found

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

    async def audit_log(self, limit: int) -> list[Audit]:
        return await self._read(reads.audit_log, limit)

    async def refusals(self, limit: int) -> list[Refuse]:
        return await self._read(reads.refusals, limit)

    async def history(self) -> AsyncGenerator[Counters | Document | Event | Delivery, None]:
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

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._checkpoints.close()
        self._writer_thread.shutdown()
        self._reader_threads.shutdown()
        for thread in list(self._histories):
            thread.shutdown()
        while not self._readers.empty():
            self._readers.get().close()
        # The last connection to close empties the log and removes it.
        self._writing.close()
        self._segments.close()
        self._lock.release()
