"""A small HTTP/1.1 load generator on loopback: ready-made requests, kept-open connections.

The generator must cost far less than what it measures, so requests are bytes made beforehand and
answers are parsed for no more than status and length. It sends to 127.0.0.1 only, a bounded
number of requests, and stops by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import uvloop

_T = TypeVar("_T")

HOST = "127.0.0.1"


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run the generator on the quickest loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request; header names are written with ``-`` for ``_``."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Result:
    """What one run saw. Latencies are seconds, in the order of completion."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.latencies_s) / self.seconds


class Connection(asyncio.Protocol):
    """One connection that asks one request after the other."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one without saying so.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed by the server"))

    async def ask(self, raw: bytes) -> tuple[int, bytes]:
        """Send one request; its status and body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        body = self._body(head)
        if body is None:
            return
        status = int(self._buffer[9:12])
        self._buffer.clear()
        assert self._answer is not None
        self._answer.set_result((status, body))

    def _body(self, head: int) -> bytes | None:
        lower = bytes(self._buffer[:head]).lower()
        start = head + 4
        if b"transfer-encoding: chunked" in lower:
            if not self._buffer.endswith(b"0\r\n\r\n"):
                return None
            return _dechunk(bytes(self._buffer[start:]))
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return bytes(self._buffer[start:]) if len(self._buffer) - start >= length else None


def _dechunk(data: bytes) -> bytes:
    out, at = bytearray(), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end], 16)
        if not size:
            return bytes(out)
        out += data[end + 2 : end + 2 + size]
        at = end + 4 + size


async def connect(port: int) -> Connection:
    """Open one connection to a local server."""
    _, protocol = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return protocol


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Result:
    """Ask all ``requests`` over ``connections`` connections, each as soon as it is free."""
    result = Result()
    ready = iter(requests)

    async def worker(connection: Connection) -> None:
        for raw in ready:
            start = time.perf_counter()
            status, _ = await connection.ask(raw)
            result.latencies_s.append(time.perf_counter() - start)
            result.statuses[status] = result.statuses.get(status, 0) + 1

    opened = [await connect(port) for _ in range(connections)]
    start = time.perf_counter()
    await asyncio.gather(*(worker(connection) for connection in opened))
    result.seconds = time.perf_counter() - start
    for connection in opened:
        connection.close()
    return result


async def open_loop(
    port: int,
    requests: Sequence[bytes],
    at_s: Sequence[float],
    connections: int,
    done: Callable[[int, float, bytes], None],
) -> Result:
    """Ask each request at its own time, whether or not the server keeps up.

    Latency counts from the intended start, so a stall shows in every request it delays.
    ``done`` gets the index, the intended start and the answer's body.
    """
    result = Result()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await connect(port))
    begin = time.perf_counter()

    async def one(index: int, raw: bytes, start: float) -> None:
        connection = await free.get()
        status, body = await connection.ask(raw)
        free.put_nowait(connection)
        result.latencies_s.append(time.perf_counter() - start)
        result.statuses[status] = result.statuses.get(status, 0) + 1
        done(index, start, body)

    async with asyncio.TaskGroup() as tasks:
        for index, (raw, at) in enumerate(zip(requests, at_s, strict=True)):
            await asyncio.sleep(max(0.0, begin + at - time.perf_counter()))
            tasks.create_task(one(index, raw, begin + at))
    result.seconds = time.perf_counter() - begin
    while not free.empty():
        free.get_nowait().close()
    return result
