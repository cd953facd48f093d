"""Whose turn it is to write: groups, the directory, the emptying of the log, one at a time.

A group is decided and written on the event loop, and made durable in a thread. Deciding and
writing is a run of short calls, each of which gives the interpreter's lock away: in a thread
beside a busy loop each would wait milliseconds to have it back. Only what waits for the disk, or
for somebody else's lock, is worth a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Final, ParamSpec, TypeVar

from axis.adapters.sqlite_file import empty_log, failures_told, is_busy, lightly, patient
from axis.adapters.sqlite_writer import Group, Writer
from axis.core.commands import Accept, Command
from axis.core.directory import Agency, Client
from axis.core.job_commands import Plan
from axis.core.trust import Certificate

#: A group with more bytes is written in the thread: copying them takes milliseconds.
HERE_BYTES_MAX: Final = 2 * 1024 * 1024
#: What an item of a plan counts for: some twenty thousand are written in 50 ms.
ITEM_BYTES: Final = 1024

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Turns:
    """One writer and one thread. ``written`` is called behind each group, in that thread."""

    def __init__(self, writer: Writer, connection: sqlite3.Connection) -> None:
        self.written: Callable[[], None] = lambda: None
        self._writer = writer
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "axis-writer")
        #: Held for a whole turn. A group's begins on the loop and ends in the thread.
        self._turn = Lock()
        #: What will take a turn in the thread. A group that began now would hold the turn that they
        #: wait for, and end behind them: so it goes behind them whole.
        self._queued: set[object] = set()

    async def apply(self, commands: Sequence[Command]) -> Group:
        """Write a group; durable when this returns. Raises ``Unavailable``."""
        group = self._begun(commands)
        if group is None:
            return await self._own_turn(partial(self._whole, commands))
        await self._in_thread(self._finish, group)
        return group

    def _begun(self, commands: Sequence[Command]) -> Group | None:
        """A group that is ready to be committed; None where making one would block the loop."""
        size = sum([_size(command) for command in commands])
        if self._queued or size > HERE_BYTES_MAX or not self._turn.acquire(blocking=False):
            return None
        try:
            return self._writer.begin(commands, self._thread.submit)
        except BaseException as error:
            self._turn.release()
            if is_busy(error):
                return None
            with failures_told():
                raise

    def _finish(self, group: Group) -> None:
        try:
            with failures_told():
                self._writer.commit(group)
        finally:
            self._turn.release()
        self.written()

    def _whole(self, commands: Sequence[Command]) -> Group:
        with failures_told(), patient(self._connection):
            group = self._writer.begin(commands)
            self._writer.commit(group)
        self.written()
        return group

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        """Set up the directory, as ``axis.ports.Store`` has it."""

        def job() -> None:
            with failures_told(), patient(self._connection):
                self._writer.enrol(agencies, certificates, clients)

        await self._own_turn(job)

    async def write(self, work: Callable[[sqlite3.Connection], _R]) -> _R:
        """Run ``work`` as a transaction of its own. Raises ``Unavailable``.

        It is on the disk when the next group is: for what may be as it was before after a crash.
        """

        def job() -> _R:
            with failures_told(), patient(self._connection):
                return lightly(self._connection, work)

        return await self._own_turn(job)

    def empty_log(self, *, shorten: bool) -> bool:
        """Empty the write-ahead log; whether it could be. Not for the loop: it waits."""
        with self._turn:
            return empty_log(self._connection, shorten=shorten)

    async def _own_turn(self, work: Callable[[], _R]) -> _R:
        """Do ``work`` in the thread, as a turn of its own."""
        queued = object()

        def job() -> _R:
            with self._turn:
                return work()

        self._queued.add(queued)
        future = self._thread.submit(job)
        # Not in the job: one whose caller is cancelled while it waits never runs.
        future.add_done_callback(lambda _: self._queued.discard(queued))
        return await asyncio.wrap_future(future)

    async def _in_thread(
        self, work: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for the turn under way; no other may follow."""
        self._thread.shutdown()


def _size(command: Command) -> int:
    """What writing a command takes, as bytes of a package."""
    if isinstance(command, Accept):
        return len(command.body)
    return len(command.items) * ITEM_BYTES if isinstance(command, Plan) else 0
