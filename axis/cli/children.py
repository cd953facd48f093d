"""Child processes: started, kept alive, heard, and ended, whatever becomes of the parent.

A child's stdin is a pipe from the parent, and its end is the child's (``axis.leash``,
``agencies.__main__``); a child has a session of its own, so that Ctrl-C reaches the parent alone.
A child that is killed is started again; one that keeps ending by itself has something to say, and
its last words are in ``<home>/run/<name>.log``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agencies.address import left_address
from agencies.brokers import Brokers
from agencies.world import World
from axis.adapters.sqlite_file import InUse
from axis.cli.setup import enrol
from axis.core.retry import Backoff
from axis.ending import asked_to_end, end_gently
from axis.leash import GRACE_S
from axis.settings import Settings

#: Seconds a child may take to end: as long as one whose parent has died (``axis.leash``).
STOP_S_MAX = GRACE_S
#: Ends by itself, one after the other, after which a child is given up.
ENDS_MAX = 5
#: A child that lived so long had started well; its end is the first of a new series.
STARTED_S = 10.0
#: Lines of a log shown when its process is given up.
LAST_WORDS = 15
#: An axis whose parent was killed sees it at once, and takes so long to end at the most.
IN_USE_S_MAX = 8.0
#: How often a file or a lock is looked at that nobody tells us of.
LOOK_S = 0.02
#: A line of progress has 100 bytes.
LINE_BYTES_MAX = 64 * 1024

T = TypeVar("T")

_BACKOFF = Backoff(first_s=0.1, most_s=1.0)


class GivenUp(Exception):
    """A child ends whenever it is started; the message names it and quotes its log."""


def ignore(_child: Child, _message: Mapping[str, Any]) -> None:
    """Hear nothing of what a child says."""


@dataclass
class Child:
    """One child process. ``heard`` is called with every JSON line it writes to stdout."""

    name: str
    argv: Sequence[str]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    heard: Callable[[Child, Mapping[str, Any]], None] = ignore
    #: Times it had to be started again.
    restarts: int = 0
    _process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        """Where its stderr goes."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def tell(self, message: Mapping[str, Any]) -> None:
        """Write it one JSON line; a child that has just died will not miss it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def keep(self) -> None:
        """Start it, and again whenever it ends; cancelling this ends it for good.

        Raises ``GivenUp``.
        """
        loop = asyncio.get_running_loop()
        ends = attempt = 0
        try:
            while True:
                started_s = loop.time()
                process = await self._start()
                await self._listen(process)
                code = await process.wait()
                soon = loop.time() - started_s < STARTED_S
                # Killed from outside is weather; an end of its own is a fault.
                own = code >= 0
                ends = ends + 1 if own and soon else int(own)
                if ends >= ENDS_MAX:
                    raise GivenUp(self._last_words(code))
                self.restarts += 1
                # Either may repeat at each start: where memory is short, say.
                attempt = attempt + 1 if soon else int(own)
                if attempt:
                    await asyncio.sleep(_BACKOFF.delay_s(attempt, random.random()))
        finally:
            await self._end()

    async def _start(self) -> asyncio.subprocess.Process:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.argv,
                env={**os.environ, **self.env},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LINE_BYTES_MAX,
            )
        self._process = process
        (self.folder / f"{self.name}.pid").write_text(f"{process.pid}\n", encoding="ascii")
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    self.heard(self, message)

    async def _end(self) -> None:
        """End it, gently first. Only ever touches the process that was started here."""
        process = self._process
        if process is None:
            return
        await end_gently(process, STOP_S_MAX)
        assert process.stdin is not None
        process.stdin.close()
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log, for where that is cleared away."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-LAST_WORDS:])

    def standing(self) -> str:
        """Whether it runs, how often it was started again, and the end of its log."""
        state = "is being started" if self.pid is None else f"is process {self.pid}"
        told = f"{self.name} {state}, restarts: {self.restarts}"
        words = self.last_words()
        return f"{told}; {self.log} says:\n{words}" if words else told

    def _last_words(self, code: int) -> str:
        words = self.last_words()
        return f"The process '{self.name}' ends by itself (exit {code}). {self.log} says:\n{words}"


def run_folder(settings: Settings) -> Path:
    """Where logs, locks and process ids of a run's children are."""
    return settings.home / "run"


def axis_child(settings: Settings) -> Child:
    """The axis of a run as a child process."""
    return Child("axis", _leashed("axis.server"), run_folder(settings), _env(settings))


def relay_child(settings: Settings) -> Child:
    """A relay of a run, apart from its axis, as a child process."""
    argv = _leashed("axis", "relay", "--run", settings.run)
    return Child("relay", argv, run_folder(settings), _env(settings))


def _leashed(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "axis.leash", *arguments]


def _env(settings: Settings) -> Mapping[str, str]:
    """What an axis of these settings reads."""
    env = {
        "AXIS_VAR": str(settings.var),
        "AXIS_RUN": settings.run,
        "AXIS_HOST": settings.host,
        "AXIS_PORT": str(settings.port),
        "AXIS_URL": settings.url,
        "AXIS_WORKERS": str(settings.workers),
        "AXIS_RELAY": settings.relay,
        "AXIS_HISTORY": str(settings.history).lower(),
        "AXIS_SIMULATION": str(settings.simulation).lower(),
    }
    if settings.database is not None:
        env["AXIS_DATABASE"] = settings.database.get_secret_value()
    if settings.kafka.bootstrap:
        env["AXIS_KAFKA_BOOTSTRAP"] = settings.kafka.bootstrap
        env["AXIS_KAFKA_SECURITY"] = settings.kafka.security
        env["AXIS_KAFKA_EVENTS"] = str(settings.kafka.events).lower()
    return env


def agencies_child(
    settings: Settings,
    name: str,
    arguments: Sequence[str],
    heard: Callable[[Child, Mapping[str, Any]], None] = ignore,
    brokers: Brokers | None = None,
) -> Child:
    """A share of a run's agencies as a child process; with ``brokers`` they read their topics."""
    argv = [sys.executable, "-m", "agencies", "--home", str(settings.home), *arguments]
    if brokers is not None:
        argv += ["--kafka", brokers.as_json()]
    return Child(name, argv, run_folder(settings), heard=heard)


async def enrol_soon(settings: Settings, world: World) -> None:
    """Fill the directory of a run, as soon as an axis that lost its parent lets go of the books.

    Raises ``InUse`` when it does not: then it is somebody else's.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + IN_USE_S_MAX
    while True:
        try:
            await enrol(settings, world)
            return
        except InUse:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(LOOK_S)


async def address(settings: Settings, child: Child) -> str:
    """Wait until the child's axis listens; its address."""
    while True:
        left = left_address(settings.axis_dir)
        if left is not None and left.pid == child.pid:
            return left.url
        await asyncio.sleep(LOOK_S)


class Interrupted(Exception):
    """A signal asked to end; everything that was started has been ended."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that keeps children; a signal cancels it, so that it can end them. A second
    one does not cut that off.

    Raises ``Interrupted``, and of a task group that failed the first failure itself.
    """
    before = {number: signal.getsignal(number) for number in asked_to_end()}

    async def listening() -> T:
        task = asyncio.current_task()
        assert task is not None

        def end() -> None:
            if not task.cancelling():
                task.cancel()

        for number in before:
            asyncio.get_running_loop().add_signal_handler(number, end)
        return await main

    try:
        return asyncio.run(listening())
    except asyncio.CancelledError:
        raise Interrupted from None
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        # The loop has left the system's own; whoever called may have others.
        for number, handler in before.items():
            signal.signal(number, handler)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
