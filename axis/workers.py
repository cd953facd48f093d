"""Several processes behind one port: a parent that holds the socket, and workers that serve.

The parent opens no books and takes no request. All workers accept from the one socket that it
bound, so a connection goes to whoever is free, and one that waits is not lost with the worker that
dies; a dead one is replaced. A worker's stdin is a pipe from the parent (``axis.leash``), so that
it ends when the parent is killed. On SIGTERM all end at the same time, each when it has answered
what it accepted.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead

from axis.address import forget, leave, listening, url_of
from axis.api.metrics import SHARED_FOLDER
from axis.core.retry import Backoff
from axis.ending import asked_to_end, end_gently
from axis.leash import GRACE_S
from axis.settings import Settings

log = structlog.get_logger()

#: The option with which a worker is told of its socket.
SOCKET = "--socket"
#: Connections that wait to be taken while the loops are busy; the kernel's own bound is 4096.
BACKLOG = 2048
#: Seconds a worker may take to end: requests under way have five, the last group five more. Whoever
#: ends the parent waits for longer.
END_S_MAX = GRACE_S - 3.0
#: A worker that lived so long had started well.
STARTED_S = 10.0

_BACKOFF = Backoff(first_s=0.1, most_s=5.0)


class OneProcess(ValueError):
    """Several workers were asked for where one process writes."""


class NotStarted(RuntimeError):
    """A worker ended by itself before the workers listened; it has said why."""


def require_shared(settings: Settings) -> None:
    """Refuse several workers over SQLite. Raises ``OneProcess``."""
    if settings.workers > 1 and settings.database is None:
        raise OneProcess(
            f"{settings.workers} workers need PostgreSQL (AXIS_DATABASE): "
            "with SQLite one process writes."
        )


async def keep(settings: Settings) -> None:
    """Keep ``settings.workers`` workers until a signal; they read the same environment.

    Raises ``OneProcess``, ``OSError`` for an address in use, and ``NotStarted``.
    """
    require_shared(settings)
    stop = asyncio.Event()
    for number in asked_to_end():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with listening(settings) as listener, tempfile.TemporaryDirectory("-axis-metrics") as counted:
        listener.listen(BACKLOG)
        crew = _Crew(settings, listener, Path(counted))
        try:
            async with asyncio.TaskGroup() as tasks:
                kept = [tasks.create_task(crew.keep(n)) for n in range(1, settings.workers + 1)]
                await stop.wait()
                # A connection that nobody has taken yet is refused at once, and asks elsewhere.
                listener.close()
                for task in kept:
                    task.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            forget(settings)
    log.info("stopped", action="server.stopped")


class _Crew:
    """The workers of one parent."""

    def __init__(self, settings: Settings, listener: socket.socket, counted: Path) -> None:
        self._settings = settings
        self._url = url_of(settings, listener)
        self._descriptor = listener.fileno()
        self._counted = counted
        self._there: set[int] = set()
        #: All have listened once.
        self._begun = False

    async def keep(self, number: int) -> None:
        """Start a worker, and another whenever it ends; cancelling this ends it for good."""
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            started_s = loop.time()
            process = await self._start()
            try:
                assert process.stdout is not None
                # The one line it writes: that it listens. Its end is the end of the pipe.
                if await process.stdout.readline():
                    self._listens(number, process.pid)
                code = await process.wait()
            finally:
                await _end(process)
                mark_process_dead(process.pid, str(self._counted))  # type: ignore[no-untyped-call]
            log.warning("worker ended", action="worker.ended", number=number, code=code)
            if code > 0 and not self._begun:
                raise NotStarted(f"worker {number} ended before it listened (exit {code})")
            # Killed from outside is weather, and an end of its own never ends the others (the
            # database may be away). Either may repeat at each start: where memory is short, say.
            attempt = attempt + 1 if loop.time() - started_s < STARTED_S else 0
            if attempt:
                await asyncio.sleep(_BACKOFF.delay_s(attempt, random.random()))

    async def _start(self) -> asyncio.subprocess.Process:
        module = ("axis.leash", "axis.server", SOCKET, str(self._descriptor))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            env=self._env(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._descriptor,),
            # Ctrl-C reaches the parent alone.
            start_new_session=True,
        )

    def _env(self) -> Mapping[str, str]:
        # What each counts lies in files of one folder, so that any can tell the sums.
        return os.environ | {
            "AXIS_WORKERS": str(self._settings.workers),
            SHARED_FOLDER: str(self._counted),
        }

    def _listens(self, number: int, pid: int) -> None:
        log.info("worker listens", action="worker.listening", number=number, pid=pid)
        self._there.add(number)
        if not self._begun and len(self._there) == self._settings.workers:
            self._begun = True
            leave(self._settings, self._url)
            log.info(
                "listening",
                action="server.listening",
                url=self._url,
                workers=self._settings.workers,
            )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it, gently first. Only ever touches the process that was started here."""
    assert process.stdin is not None
    await end_gently(process, END_S_MAX)
    process.stdin.close()
