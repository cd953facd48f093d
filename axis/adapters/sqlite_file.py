"""One SQLite database file: who may open it, how connections are set up, what its errors mean."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from axis.adapters.revisions import upgrade
from axis.core.errors import Unavailable, unavailable

log = structlog.get_logger()

#: Page cache of the writer: the hot ends of every index of a year's books.
WRITER_CACHE_KIB: Final = 48 * 1024
#: Page cache of every other connection.
READER_CACHE_KIB: Final = 8 * 1024
#: Of every page, and so of every frame of the log.
PAGE_BYTES: Final = 4096
#: How long a statement waits for a lock. The axis itself holds nobody up; a person with the
#: ``sqlite3`` shell may.
BUSY_MS: Final = 10_000
#: How long the writer waits for readers when it empties the log.
EMPTY_BUSY_MS: Final = 20

_R = TypeVar("_R")

#: Pages that cannot be read, as PostgreSQL's class XX.
_TORN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
#: How the driver's own words begin for bytes that are no UTF-8; it has no code for them.
_NO_TEXT = "Could not decode to UTF-8"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class InUse(RuntimeError):
    """Another process has these books open: SQLite books have one writer."""


@contextmanager
def failures_told() -> Iterator[None]:
    """Raise ``Unavailable`` where the disk or SQLite fails, and ``UnicodeError`` where a text is
    none; our own bugs pass as they are.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if f"{error}".startswith(_NO_TEXT):
            # There is nothing to wait for.
            raise UnicodeError(f"{error}") from error
        if isinstance(error, sqlite3.OperationalError) or code in _TORN:
            raise _away(error, code == sqlite3.SQLITE_FULL) from error
        raise
    except OSError as error:
        raise _away(error, error.errno in _NO_ROOM) from error


def is_busy(error: BaseException) -> bool:
    """Whether a statement met somebody else's lock."""
    code = error.sqlite_errorcode if isinstance(error, sqlite3.OperationalError) else None
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def _away(error: Exception, full: bool) -> Unavailable:
    log.warning("store away", action="store.failed", error=str(error))
    return unavailable("axis.disk_full" if full else "axis.store_away")


class LockFile:
    """Keeps a second process out for as long as this one lives, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises ``InUse``."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise InUse(
                f"the books in {path.parent} are open in process {owner}; stop that axis first"
            ) from None
        os.truncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._fd)


class Database:
    """Connections to one file. Each is used by one thread at a time.

    They are the driver's own: SQLAlchemy says what the tables are and migrates them, but it adds 25
    microseconds to a statement, and a group of commands is a dozen statements.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def writer(self) -> sqlite3.Connection:
        """A connection whose COMMIT returns when the log is on the disk (promise 1).

        It waits for nobody's lock unless it is asked to (``patient``).
        """
        return self._connect(
            WRITER_CACHE_KIB,
            "journal_mode = wal",
            "synchronous = full",
            # Checkpoints inside a commit are pauses of 100 ms and more: see ``Checkpoints``.
            "wal_autocheckpoint = 0",
            # Some systems build SQLite to overwrite what is deleted; nothing here is deleted.
            "secure_delete = off",
            "busy_timeout = 0",
        )

    def reader(self) -> sqlite3.Connection:
        """A connection that cannot write."""
        return self._connect(READER_CACHE_KIB, "query_only = on")

    def at_rest(self) -> sqlite3.Connection:
        """A connection that reads what lies there, also in a folder that cannot be written.

        There SQLite cannot lay the files that it needs beside the log. Without a log that holds
        anything the file is whole, and since nobody can write it, it stays as it is meanwhile.
        """
        if self._writable or self._logged:
            return self.reader()
        uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
        return self._connect(READER_CACHE_KIB, uri=uri)

    @property
    def readable(self) -> bool:
        """Whether nothing stands in the way of ``at_rest``."""
        return self._writable or not self._logged

    @property
    def _writable(self) -> bool:
        return os.access(self.path.parent, os.W_OK)

    @property
    def _logged(self) -> bool:
        log = self.path.with_name(f"{self.path.name}-wal")
        return log.exists() and log.stat().st_size > 0

    def _connect(self, cache_kib: int, *pragmas: str, uri: str = "") -> sqlite3.Connection:
        # No isolation level: the driver begins nothing by itself, BEGIN and COMMIT are said aloud.
        connection = sqlite3.connect(
            uri or self.path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            uri=bool(uri),
        )
        always = (f"busy_timeout = {BUSY_MS}", f"cache_size = -{cache_kib}", "temp_store = memory")
        with closed_on_failure(connection):
            for pragma in (*always, *pragmas):
                connection.execute(f"pragma {pragma}")
        return connection


@contextmanager
def closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    """Close a connection that something fails with before anybody has it."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def patient(connection: sqlite3.Connection, busy_ms: int = BUSY_MS) -> Iterator[None]:
    """Let the writer's connection wait for locks of others meanwhile."""
    connection.execute(f"pragma busy_timeout = {busy_ms}")
    try:
        yield
    finally:
        connection.execute("pragma busy_timeout = 0")


def lightly(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], _R]) -> _R:
    """A transaction on the writer's connection that waits for no disk; its successors do."""
    connection.execute("pragma synchronous = normal")
    try:
        connection.execute("begin immediate")
        try:
            done = work(connection)
            connection.execute("commit")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("rollback")
            raise
    finally:
        connection.execute("pragma synchronous = full")
    return done


def copy_log(connection: sqlite3.Connection) -> int:
    """Copy what was committed into the database file; the bytes that the log holds."""
    ((_, frames, _),) = connection.execute("pragma wal_checkpoint(passive)")
    return int(frames) * PAGE_BYTES


def empty_log(connection: sqlite3.Connection, *, shorten: bool) -> bool:
    """Empty the write-ahead log from the writer's own connection; False when a reader needs it.

    It is written from its beginning then. The file keeps its length unless it is to ``shorten``.
    """
    mode = "truncate" if shorten else "restart"
    with patient(connection, EMPTY_BUSY_MS):
        ((busy, _, _),) = connection.execute(f"pragma wal_checkpoint({mode})")
    return not busy


@contextmanager
def as_sqlalchemy(connection: sqlite3.Connection) -> Iterator[Connection]:
    """The same connection for those who speak SQLAlchemy."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connection,
        poolclass=StaticPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as opened:
        yield opened


def migrate(connection: sqlite3.Connection, revision: str = "head") -> None:
    """Bring the tables to ``revision``, whole or not at all. Raises ``UnfitBooks``."""
    _, _, file = connection.execute("pragma database_list").fetchone()
    with patient(connection), as_sqlalchemy(connection) as opened:
        connection.execute("begin immediate")
        try:
            upgrade(opened, revision, file)
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")
