"""Moves the write-ahead log into the database file, off the path of any request.

A checkpoint inside a commit makes that commit, and everybody behind it, wait for as long as the
disk likes. So commits never do it: a thread of its own copies what was committed while new groups
are appended. Emptying the log needs a moment without a writer; the writer does it itself between
two groups, when nobody writes or when the log has grown too long, and little is left to copy then.

A log that is copied whole already is never copied again beside the writer. In SQLite before 3.51.3
such a copy can miss that a commit begins the log anew meanwhile, and part of that commit is lost
(the "WAL-reset bug" of its documentation of WAL).
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Final, Protocol

import structlog

from axis.adapters.sqlite_file import Database, copy_log

log = structlog.get_logger()

#: From the first group to the copy that takes it and those behind it along. A page that many
#: groups changed is copied once, and two fsyncs a second disturb nobody.
COPY_AFTER_S: Final = 1.0
#: Without a group for so long nobody is in the way, and the log is emptied.
IDLE_S: Final = 2.0
#: A log this long is emptied even while groups are written: one of them waits some milliseconds.
#: Its file keeps its length then. To cut off so much takes longer than to copy what is left, and
#: what is written over is on the disk sooner than what makes a file longer.
WAL_BYTES_MAX: Final = 64 * 1024 * 1024


class Empty(Protocol):
    """``Turns.empty_log``."""

    def __call__(self, *, shorten: bool) -> bool: ...


class Checkpoints:
    """One background thread; ``written`` is all the writer has to do with it.

    ``empty`` (as ``Turns.empty_log``) has the writer empty the log, and says whether it could.
    """

    def __init__(self, database: Database, empty: Empty) -> None:
        self._database = database
        self._empty = empty
        self._written = threading.Event()
        #: Groups that were committed, and those before the last copy had ended.
        self._groups = self._copied = 0
        self._log_bytes = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="axis-checkpoints", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """A group was committed; called by one thread at a time."""
        self._groups += 1
        self._written.set()

    def close(self) -> None:
        """Stop the thread; idempotent."""
        self._closing.set()
        self._written.set()
        self._thread.join()

    def _run(self) -> None:
        connection = self._database.reader()
        try:
            left = False
            while not self._closing.is_set():
                written = self._written.wait(IDLE_S if left else None)
                if written and not self._closing.wait(COPY_AFTER_S):
                    self._written.clear()
                left = self.copy(connection, idle=not written)
        finally:
            connection.close()

    def copy(self, connection: sqlite3.Connection, *, idle: bool) -> bool:
        """Copy the log, and have it emptied where that is due; whether it may hold anything."""
        try:
            if not idle and self._copy(connection) < WAL_BYTES_MAX:
                return True
            # Once more for what came in meanwhile, so that the writer has next to nothing to do.
            if not idle:
                self._copy(connection)
            return not self._empty(shorten=idle)
        except (sqlite3.OperationalError, OSError) as error:
            # Nothing is lost while the log cannot be copied: it grows, and the next round tries
            # again. A disk without room is told by the writer.
            log.warning("log not copied", action="checkpoint.failed", error=str(error))
            return True

    def _copy(self, connection: sqlite3.Connection) -> int:
        """Copy what was committed since the last copy; the bytes that the log holds."""
        if self._groups != self._copied:
            self._log_bytes = copy_log(connection)
            self._copied = self._groups
        return self._log_bytes
