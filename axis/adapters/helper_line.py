"""The axis's end of one helper: the process, the socket to it, and the memory they share."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TypeVar, cast

import structlog

from axis.adapters.arena import Arena
from axis.adapters.helper import ANSWER, EXAMINE, JOB, NOWHERE, SIGN
from axis.core.retry import Backoff
from schemas.examined import Examined, heard

log = structlog.get_logger()

_T = TypeVar("_T")

#: How often a helper that is asked for something is looked at, in seconds. One that has begun and
#: answered nothing from one look to the next hangs: a package takes a second at most.
LOOK_S: Final = 10.0
#: Seconds a helper may take to end when its socket is closed: one package takes a second at most.
END_S: Final = 5.0
#: Starts that came to nothing, one after the other, before the next has to wait.
STARTS_MAX: Final = 2
#: How long: a start takes most of a second of a core.
PAUSE: Final = Backoff(first_s=2.0, most_s=60.0)


class HelperDied(RuntimeError):
    """A helper process ended while it examined this package."""


class Helper:
    """One helper process; a dead one is replaced when it is next asked. ``key`` is the axis's."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._starting = asyncio.Lock()
        #: Starts after which nothing was begun, and when to try again (the loop's time).
        self._failed = 0
        self._again_s = 0.0

    @property
    def able(self) -> bool:
        """Whether it is there, or may be started."""
        return self._line is not None or asyncio.get_running_loop().time() >= self._again_s

    @property
    def busy(self) -> int:
        """Packages asked for and not answered."""
        return 0 if self._line is None else len(self._line.examining)

    async def examine(self, raw: bytes) -> Examined | None:
        """What examining ``raw`` finds; None when no process began it. Raises ``HelperDied`` for
        the one that ended a helper.
        """
        line = self._line or await self.started()
        return None if line is None else await line.examine(raw)

    async def sign(self, text: bytes) -> bytes | None:
        """The axis's signature of ``text``; None when the helper has ended."""
        return None if self._line is None else await self._line.sign(text)

    async def started(self) -> Line | None:
        """Its line, with a process that is started where there is none; None where none can be."""
        async with self._starting:
            if self._line is None and self.able:
                await asyncio.to_thread(self.end)
                try:
                    await self._start()
                except OSError as error:
                    # No process, memory or descriptor is to be had.
                    self._ended(0, str(error))
            return self._line

    async def _start(self) -> None:
        with ExitStack() as undo:
            arena = Arena.new()
            undo.callback(arena.close)
            ours, theirs = socket.socketpair()
            undo.callback(ours.close)
            # A socket that is empty takes so little at once.
            ours.sendall(self._key)
            with theirs:
                command = [sys.executable, "-m", "axis.adapters.helper", str(arena.fd)]
                # asyncio would watch the process as well: the socket tells of its end. Ctrl-C
                # reaches this process alone, also while that one still loads its libraries.
                self._process = subprocess.Popen(  # noqa: ASYNC220, S603
                    command, stdin=theirs.fileno(), pass_fds=[arena.fd], start_new_session=True
                )
            undo.pop_all()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        line = Line(arena, self._ended, self._hung)
        await loop.create_unix_connection(lambda: line, sock=ours)
        self._line = line

    def _hung(self) -> None:
        """The process is there, and does nothing."""
        assert self._process is not None
        log.warning("helper hangs", action="helper.hung", pid=self._process.pid)
        self._process.kill()

    def _ended(self, begun: int, why: str = "") -> None:
        """The process is gone, or there was none; it had begun so many examinations."""
        self._line = None
        self._failed = 0 if begun else self._failed + 1
        if self._failed >= STARTS_MAX:
            pause_s = PAUSE.delay_s(self._failed - STARTS_MAX + 1, random.random())
            self._again_s = asyncio.get_running_loop().time() + pause_s
        log.warning("helper died", action="helper.died", why=why, starts_failed=self._failed)

    def close(self) -> None:
        """Let the process end; idempotent."""
        if self._line is not None:
            self._line.close()

    def end(self) -> None:
        """Wait until it has ended."""
        if self._process is not None:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Line(asyncio.Protocol):
    """What goes to a helper and comes back, each kind in order. None is the answer to what it did
    not come to before it ended.
    """

    def __init__(
        self, arena: Arena, ended: Callable[[int], None], hung: Callable[[], None]
    ) -> None:
        self._arena = arena
        self._ended = ended
        self._hung = hung
        self.look_s = LOOK_S
        self._next_look: asyncio.TimerHandle | None = None
        #: How far the helper was at the last look: what it had begun, and times it had answered.
        self._seen: tuple[int, int] | None = None
        self._heard = 0
        #: Who waits for each package, and whether it lies in the arena.
        self.examining: deque[tuple[asyncio.Future[Examined | None], bool]] = deque()
        self._signing: deque[asyncio.Future[bytes | None]] = deque()
        self._examined = 0
        self._outgoing: list[bytes] = []
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one without saying so.
        self._transport = cast("asyncio.WriteTransport", transport)

    def examine(self, raw: bytes) -> asyncio.Future[Examined | None]:
        """Ask what examining ``raw`` finds."""
        future: asyncio.Future[Examined | None] = asyncio.get_running_loop().create_future()
        where = self._arena.put(raw)
        self.examining.append((future, where is not None))
        if where is None:
            self._send(JOB.pack(EXAMINE, NOWHERE, len(raw)), raw)
        else:
            self._send(JOB.pack(EXAMINE, where, len(raw)))
        return future

    def sign(self, text: bytes) -> asyncio.Future[bytes | None]:
        """Ask for the signature of ``text``."""
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._signing.append(future)
        self._send(JOB.pack(SIGN, NOWHERE, len(text)), text)
        return future

    def _send(self, *pieces: bytes) -> None:
        if not self._outgoing:
            # What is asked for in this turn goes out in one call, and wakes the helper once.
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing += pieces
        if self._next_look is None:
            self._look_later()

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._next_look = loop.call_later(self.look_s, self._look)

    def _look(self) -> None:
        """Look whether what is asked for gets on. It takes two looks to tell that it does not: the
        first may be late, because this process was stopped.
        """
        self._next_look = None
        before, self._seen = self._seen, None
        if self.examining or self._signing:
            self._seen = self._arena.begun, self._heard
            if self._seen == before:
                self._hung()
            else:
                self._look_later()

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(outgoing))

    def data_received(self, data: bytes) -> None:
        buffer, start = self._buffer, 0
        buffer += data
        self._heard += 1
        while len(buffer) >= (at := start + ANSWER.size):
            kind, size = ANSWER.unpack_from(buffer, start)
            if len(buffer) < (start := at + size):
                start = at - ANSWER.size
                break
            answer = bytes(buffer[at:start])
            if kind == SIGN:
                _answer(self._signing.popleft(), answer)
            else:
                future, kept = self.examining.popleft()
                self._examined += 1
                if kept:
                    self._arena.give_back()
                try:
                    found = heard(answer)
                except (ValueError, TypeError):
                    # Who says so is no helper of this axis, and ends with this line.
                    if not future.done():
                        future.set_exception(HelperDied("the answer was no examination"))
                    raise
                _answer(future, found)
        del buffer[:start]

    def connection_lost(self, _: Exception | None) -> None:
        begun = self._arena.begun
        self._arena.close()
        if self._next_look is not None:
            self._next_look.cancel()
        if not self._closing:
            self._ended(begun)
        # One was begun and not answered, if any: that which ended it is not tried again.
        begun -= self._examined
        for index, (future, _kept) in enumerate(self.examining):
            if future.done():
                continue
            if index == begun - 1 or self._closing:
                future.set_exception(HelperDied("the process that examined the package ended"))
            else:
                future.set_result(None)
        for signing in self._signing:
            _answer(signing, None)

    def close(self) -> None:
        """Close the socket, which ends the helper."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()


def _answer(future: asyncio.Future[_T], answer: _T) -> None:
    if not future.done():
        future.set_result(answer)
