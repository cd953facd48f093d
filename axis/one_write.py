"""Send the head of a response together with its body, in one system call.

uvicorn writes the two one after the other, and each write is a call and a wakeup of whoever waits
at the other end: a tenth of what a busy axis does for a request.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol over a transport that holds a head back until its body comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is a Transport without saying so.
        plain, loop = cast("asyncio.Transport", transport), asyncio.get_running_loop()
        holding = _Holding(plain, loop, self)
        super().connection_made(cast("asyncio.Transport", holding))

    def lingers(self) -> bool:
        """Whether the client sends on though all is answered. A connection that is closed then is
        reset, and the answer lost; so only what is written ends, until it is closed once more.
        """
        return False

    def closing(self) -> None:
        """The transport was told to close, by whomever; it first sends what was written."""


class _Holding:
    """A transport; a head waits for what follows it, but no longer than this turn of the loop."""

    __slots__ = ("_ended", "_head", "_loop", "_protocol", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        protocol: OneWrite,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._protocol = protocol
        self._head = b""
        self._ended = False

    def write(self, data: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        self._flush()
        if self._transport.is_closing():
            return
        if not self._ended and self._protocol.lingers():
            self._ended = True
            self._transport.write_eof()
        else:
            self._transport.close()
        self._protocol.closing()

    def is_closing(self) -> bool:
        return self._ended or self._transport.is_closing()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
