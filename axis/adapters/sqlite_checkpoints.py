"""Moves the write-ahead log into the database file, off the path of any request.

A checkpoint inside a commit makes that commit, and everybody behind it, wait for as long as the
disk likes. So commits never do it: a thread of its own copies what was committed while new groups
are appended, and empties the log when nobody writes or when it has grown too long.
"""

from __future__ import annotations

import threading
from typing import Final

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from axis.adapters.sqlite_file import Database

log = structlog.get_logger()

#: From the first group to the copy that takes it and those behind it along. A page that many
#: groups changed is copied once, and two fsyncs a second disturb nobody.
COPY_AFTER_S: Final = 1.0
#: Without a group for so long nobody is in the way, and the log is emptied.
IDLE_S: Final = 2.0
#: A log this long is emptied even while groups are written: one of them waits some milliseconds.
WAL_BYTES_MAX: Final = 128 * 1024 * 1024


class Checkpoints:
    """One background thread; ``written`` is all the writer has to do with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="axis-checkpoints", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """A group was committed."""
        self._written.set()

    def close(self) -> None:
        """Stop the thread; idempotent."""
        self._closing.set()
        self._written.set()
        self._thread.join()

    def _run(self) -> None:
        connection = self._database.checkpointer()
        try:
            full = False
            while not self._closing.is_set():
                written = self._written.wait(IDLE_S if full else None)
                if written and not self._closing.wait(COPY_AFTER_S):
                    self._written.clear()
                full = self._copy(connection, empty=not written)
        finally:
            connection.close()

    def _copy(self, connection: Connection, *, empty: bool) -> bool:
        """Copy the log, and empty it where that is due; whether anything may be left in it."""
        try:
            connection.exec_driver_sql("pragma wal_checkpoint(passive)").fetchall()
            if not empty and self._database.wal_bytes() < WAL_BYTES_MAX:
                return True
            # The writer waits for this one; little is left to copy, and a reader who is in the
            # middle of something is not waited for.
            ((busy, _, _),) = connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
            return bool(busy)
        except (OperationalError, OSError) as error:
            # Nothing is lost while the log cannot be copied: it grows, and the next round tries
            # again. A disk without room is told by the writer.
            log.warning("log not copied", action="checkpoint.failed", exc_info=error)
            return True
