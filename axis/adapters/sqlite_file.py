"""One SQLite database file: who may open it, how connections are set up, what its errors mean."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from axis.core.errors import Unavailable, unavailable

log = structlog.get_logger()

#: Page cache of the writer: the hot ends of every index of a year's books.
WRITER_CACHE_KIB: Final = 48 * 1024
#: Page cache of every other connection.
READER_CACHE_KIB: Final = 8 * 1024
#: How long a statement waits for a lock. The axis itself holds nobody up; a person with the
#: ``sqlite3`` shell may.
BUSY_MS: Final = 10_000
#: How long the writer waits for readers when it empties the log.
EMPTY_BUSY_MS: Final = 20

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class InUse(RuntimeError):
    """Another process has these books open: SQLite books have one writer."""


@contextmanager
def failures_told() -> Iterator[None]:
    """Raise ``Unavailable`` where the disk or SQLite fails; our own bugs pass as they are."""
    try:
        yield
    except OperationalError as error:
        full = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise _away(error, full) from error
    except OSError as error:
        raise _away(error, error.errno in _NO_ROOM) from error


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
    """Connections to one file. Each is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # AUTOCOMMIT: the driver begins nothing by itself, BEGIN and COMMIT are said aloud.
        self._engine: Engine = create_engine(
            f"sqlite:///{path}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "cached_statements": 256},
        )

    def wal_bytes(self) -> int:
        """The size of the write-ahead log."""
        return self.path.with_name(self.path.name + "-wal").stat().st_size

    def writer(self) -> Connection:
        """A connection whose COMMIT returns when the log is on the disk (promise 1)."""
        connection = self._connect(WRITER_CACHE_KIB)
        connection.exec_driver_sql("pragma journal_mode = wal")
        connection.exec_driver_sql("pragma synchronous = full")
        # Checkpoints inside a commit are pauses of 100 ms and more: see ``Checkpoints``.
        connection.exec_driver_sql("pragma wal_autocheckpoint = 0")
        # Some systems build SQLite to overwrite what is deleted; nothing here is deleted.
        connection.exec_driver_sql("pragma secure_delete = off")
        return connection

    def reader(self) -> Connection:
        """A connection that cannot write."""
        connection = self._connect(READER_CACHE_KIB)
        connection.exec_driver_sql("pragma query_only = on")
        return connection

    def _connect(self, cache_kib: int) -> Connection:
        connection = self._engine.connect()
        connection.exec_driver_sql(f"pragma busy_timeout = {BUSY_MS}")
        connection.exec_driver_sql(f"pragma cache_size = -{cache_kib}")
        connection.exec_driver_sql("pragma temp_store = memory")
        return connection


def empty_log(connection: Connection) -> bool:
    """Empty the write-ahead log from the writer's own connection; False when a reader needs it."""
    connection.exec_driver_sql(f"pragma busy_timeout = {EMPTY_BUSY_MS}")
    try:
        ((busy, _, _),) = connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    finally:
        connection.exec_driver_sql(f"pragma busy_timeout = {BUSY_MS}")
    return not busy


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what SQLAlchemy has no word for."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to ``revision``, whole or not at all."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    connection.exec_driver_sql("begin immediate")
    try:
        command.upgrade(config, revision)
    except BaseException:
        connection.exec_driver_sql("rollback")
        raise
    connection.exec_driver_sql("commit")
