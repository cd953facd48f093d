"""Examine packages on every core: helper processes beside the loop, and the loop itself.

Signature checks are most of the work of an intake, and only processes scale them. A package that
comes alone is examined on the loop, where it is done soonest; those that come with it in the same
turn go to helpers. What finds them all busy waits for the first of them, or for the loop, which
takes one in each of its turns and so helps as far as it has nothing else to do. A package that ends
its helper (a fault of a parser, say) is refused and costs the axis a process, not its life.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

import structlog

from axis.adapters.examiner import INLINE_BYTES_MAX, InlineExaminer
from schemas.examined import Examined, heard

log = structlog.get_logger()

#: Packages that one helper has at a time: ten milliseconds of its work.
AT_A_TIME: Final = 64
#: Seconds a helper may take to end when its socket is closed: one package takes a second at most.
END_S: Final = 5.0


class HelperDied(RuntimeError):
    """A helper process ended while it examined this package."""


class ExaminerPool:
    """``axis.ports.Examiner`` over helpers; made by ``examiner_pool``."""

    def __init__(self, here: InlineExaminer, helpers: list[_Helper]) -> None:
        self._here = here
        self._helpers = helpers
        #: Nothing was examined here in this turn of the loop.
        self._idle = True
        #: Packages for which no helper had room: each is told who examines it, None for the loop.
        self._waiting: deque[asyncio.Future[_Helper | None]] = deque()

    async def examine(self, raw: bytes, *, alone: bool = True) -> Examined:
        if alone and self._idle and len(raw) <= INLINE_BYTES_MAX:
            self._idle = False
            asyncio.get_running_loop().call_soon(self._rest)
            return await self._here.examine(raw)
        helper = min(self._helpers, key=lambda helper: helper.busy)
        if helper.busy >= AT_A_TIME and len(raw) <= INLINE_BYTES_MAX:
            free = await self._turn()
            if free is None:
                return await self._here.examine(raw)
            helper = free
        try:
            return await helper.ask(raw)
        finally:
            self._next(helper)

    def _rest(self) -> None:
        self._idle = True

    async def _turn(self) -> _Helper | None:
        """Wait until a helper has room, or the loop a moment."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[_Helper | None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._take)
        self._waiting.append(turn)
        return await turn

    def _take(self) -> None:
        """Examine one here, and another in the next turn of the loop."""
        self._next(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._take)

    def _next(self, examiner: _Helper | None) -> None:
        """Let ``examiner`` have the one that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(examiner)
                return


@asynccontextmanager
async def examiner_pool(helpers: int) -> AsyncIterator[ExaminerPool]:
    """A pool of ``helpers`` processes (at least one), which end with the context."""
    started = [_Helper() for _ in range(helpers)]
    try:
        for helper in started:
            await helper.start()
        yield ExaminerPool(InlineExaminer(), started)
    finally:
        for helper in started:
            helper.close()
        for helper in started:
            await asyncio.to_thread(helper.end)


class _Helper:
    """One helper process; a dead one is replaced when it is next asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: _Line | None = None
        self._starting = asyncio.Lock()

    @property
    def busy(self) -> int:
        """Packages asked for and not answered."""
        return 0 if self._line is None else len(self._line.waiting)

    async def ask(self, raw: bytes) -> Examined:
        """What examining ``raw`` finds. Raises ``HelperDied`` for the one that ended a helper."""
        while True:
            line = self._line
            if line is None:
                await self._restart()
                continue
            found = await line.ask(raw)
            if found is not None:
                return found

    async def _restart(self) -> None:
        async with self._starting:
            if self._line is None:
                await asyncio.to_thread(self.end)
                await self.start()

    async def start(self) -> None:
        """Start the process."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "axis.adapters.examiner_helper"]
            # asyncio would watch the process as well: the socket tells of its end.
            self._process = subprocess.Popen(command, stdin=theirs.fileno())  # noqa: ASYNC220, S603
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        _, self._line = await loop.create_unix_connection(lambda: _Line(self._ended), sock=ours)

    def _ended(self) -> None:
        self._line = None
        log.warning("helper died", action="examiner.died")

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


class _Line(asyncio.Protocol):
    """The socket to one helper: packages go out, what was found comes back in the same order."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self.waiting: deque[asyncio.Future[Examined | None]] = deque()
        self._outgoing: list[bytes] = []
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one without saying so.
        self._transport = cast("asyncio.WriteTransport", transport)

    async def ask(self, raw: bytes) -> Examined | None:
        """What was found; None when the helper died before it came to this package."""
        assert self._transport is not None
        future: asyncio.Future[Examined | None] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        if not self._outgoing:
            # What is asked for in this turn goes out in one call, and wakes the helper once.
            asyncio.get_running_loop().call_soon(self._send)
        self._outgoing += (len(raw).to_bytes(4, "big"), raw)
        return await future

    def _send(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(outgoing)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:4], "big")):
            found = heard(buffer[4:end])
            del buffer[:end]
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(found)

    def connection_lost(self, _: Exception | None) -> None:
        if not self._closing:
            self._ended()
        # The first is the one it was at, if it was sent; the others were not looked at.
        sent = len(self.waiting) > len(self._outgoing) // 2
        for index, future in enumerate(self.waiting):
            if future.done():
                continue
            if (index == 0 and sent) or self._closing:
                future.set_exception(HelperDied("the process that examined the package ended"))
            else:
                future.set_result(None)
        self.waiting.clear()

    def close(self) -> None:
        """Close the socket, which ends the helper."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
