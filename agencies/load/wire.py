"""HTTP/1.1 to an axis on this machine, at the least cost: ready-made requests, kept connections.

What sends load must cost far less than what it measures, so requests are bytes made beforehand and
answers are parsed for no more than status, headers that are asked for, and length. Only loopback
addresses are spoken to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from agencies.load.impossible import Impossible

_HEAD_END = b"\r\n\r\n"


class Gone(Exception):
    """The connection ended before the answer was whole; what was asked may have been done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an axis listens on this machine."""

    host: str
    port: int


def place(url: str) -> Place:
    """The place that an address names; raises ``Impossible`` for one on another machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port
        ours = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        port, ours = None, False
    if parts.scheme != "http" or not ours or port is None:
        raise Impossible(
            f"{url} is not an axis on this machine; load goes to loopback alone: "
            "http://127.0.0.1:8095 would do"
        )
    return Place(host, port)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request; header names are written with ``-`` for ``_``."""
    return request_head(method, path, len(body), **headers) + body


def request_head(method: str, path: str, length: int, **headers: str) -> bytes:
    """The bytes of a request up to its body of ``length`` bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _HEAD_END


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer."""

    status: int
    #: Status line and headers.
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> str:
        """The value of a header, its name in lower case; empty when it is not there."""
        at = self.head.lower().find(b"\r\n" + name + b":")
        if at < 0:
            return ""
        start = at + len(name) + 3
        end = self.head.find(b"\r\n", start)
        return self.head[start : end if end >= 0 else None].strip().decode("latin-1")

    @property
    def problem(self) -> Mapping[str, Any]:
        """What a refusal says; empty where it says nothing."""
        try:
            problem = orjson.loads(self.body)
        except ValueError:
            return {}
        return problem if isinstance(problem, dict) else {}

    @property
    def told(self) -> str:
        """The same for people."""
        problem = self.problem
        if not problem:
            return f"{self.status}"
        return f"{self.status} {problem.get('code', '')}: {problem.get('detail', '')}"


class Connection(asyncio.Protocol):
    """One connection that asks one request after the other."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head = b""
        #: Bytes of the whole answer, once its head is there; none where it comes in chunks.
        self._whole: int | None = None
        self._answer: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None
        #: The answer is broken off at its first byte.
        self._breaking = False
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's is one without saying so.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone: whoever waits for an answer gets none."""
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Gone(str(exc or "closed by the server")))

    async def ask(self, *pieces: bytes) -> Reply:
        """Send one request, in one or more pieces; its answer. Raises ``Gone``."""
        if self.closed:
            raise Gone("closed by the server")
        assert self._transport is not None
        assert self._answer is None or self._answer.done(), "one request at a time"
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.writelines(pieces)
        return await self._answer

    async def break_off(self, *pieces: bytes) -> None:
        """Send one request and end the connection at the first byte of the answer, which nobody
        reads: what was asked has been done.
        """
        self._breaking = True
        try:
            await self.ask(*pieces)
        except Gone:
            return

    def give_up(self, *pieces: bytes) -> None:
        """Send the beginning of a request, and end the connection."""
        assert self._transport is not None
        self._transport.writelines(pieces)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer."""
        if self._breaking:
            assert self._transport is not None
            self._transport.abort()
            return
        self._buffer += data
        if not self._head and not self._read_head():
            return
        if self._whole is not None:
            if len(self._buffer) < self._whole:
                return
            body = bytes(self._buffer[len(self._head) + len(_HEAD_END) : self._whole])
        elif self._buffer.endswith(b"0\r\n\r\n"):
            body = _dechunk(bytes(self._buffer[len(self._head) + len(_HEAD_END) :]))
        else:
            return
        reply = Reply(int(self._head[9:12]), self._head, body)
        self._buffer.clear()
        self._head, self._whole = b"", None
        # Whoever asked may have given up meanwhile.
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(reply)

    def _read_head(self) -> bool:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return False
        self._head = bytes(self._buffer[:end])
        lower = self._head.lower()
        if b"transfer-encoding: chunked" not in lower:
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._whole = end + len(_HEAD_END) + length
        return True


def _dechunk(data: bytes) -> bytes:
    out, at = bytearray(), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end], 16)
        if not size:
            return bytes(out)
        out += data[end + 2 : end + 2 + size]
        at = end + 4 + size


async def connect(to: Place) -> Connection:
    """Open one connection; raises ``Gone`` when nobody listens."""
    loop = asyncio.get_running_loop()
    try:
        _, protocol = await loop.create_connection(Connection, to.host, to.port)
    except OSError as error:
        raise Gone(f"nobody listens at {to.host}:{to.port}") from error
    return protocol


class Pool:
    """Up to ``most`` connections to one place; who finds none free waits for one."""

    def __init__(self, to: Place, most: int) -> None:
        self._place = to
        self._places = asyncio.Semaphore(most)
        self._free: list[Connection] = []

    async def ask(self, *pieces: bytes) -> Reply:
        """Ask over a connection that is free; raises ``Gone``."""
        async with self._places:
            connection = self._take() or await connect(self._place)
            try:
                return await connection.ask(*pieces)
            except asyncio.CancelledError:
                # The answer is still to come, and is nobody's: the next would take it for its own.
                connection.close()
                raise
            finally:
                self._free.append(connection)

    async def break_off(self, *pieces: bytes) -> None:
        """Ask over a connection of its own, and end that before anybody reads the answer."""
        async with self._places:
            connection = await connect(self._place)
            try:
                await connection.break_off(*pieces)
            finally:
                connection.close()

    async def give_up(self, *pieces: bytes) -> None:
        """Send the beginning of a request over a connection of its own, and end that."""
        async with self._places:
            (await connect(self._place)).give_up(*pieces)

    def close(self) -> None:
        """Close all that are free."""
        for connection in self._free:
            connection.close()
        self._free.clear()

    def _take(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            if not connection.closed:
                return connection
        return None
