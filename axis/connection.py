"""One connection of a client: what it may send, how slowly, and who learns that it has ended.

uvicorn reads and writes HTTP/1.1; this bounds it. Here is what a client can do before any route is
asked, and nothing of it costs a request that arrives whole a timer or a copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from axis.api.door import ADDRESS_BYTES_MAX
from axis.api.problems import answer
from axis.core.errors import AxisError, rejected
from axis.one_write import OneWrite

#: Bytes that may come without a head, a piece of a body or an end coming of them. The door refuses
#: heads above 24 KiB with better words; this stops one that never ends, whose pieces are joined
#: anew at each read, and trailers and chunk sizes that never end.
HEAD_BYTES_MAX = 32 * 1024
#: A client that owes something (the head of its first request, the rest of any) sends at least
#: ``RATE_MIN`` bytes a second in one of two such windows, or is done with after twenty seconds.
#: Two, because after the process stood still the first has passed before anything can be read.
WINDOW_S = 10.0
#: Bytes a second, both ways: less than a telephone line carries.
RATE_MIN = 4 * 1024
#: Seconds in which a client that is written to must take ``RATE_MIN`` bytes each; or the rest, once
#: its connection is being closed.
TAKE_S = 60.0
#: Requests of one connection that wait behind another before reading pauses. As long as reading
#: goes on, a client that leaves is noticed at once, and what it asked for is not done for nobody.
WAITING_MAX = 8
#: Seconds for a client to read why it was refused: closed at once, a connection that still brings
#: bytes is reset, and the answer lost.
LINGER_S = 2.0


class Connection(OneWrite):
    """uvicorn's protocol with bounds, for the app of an axis."""

    #: Bytes since the last head, piece of a body or end of a message.
    _unheard = 0
    #: Whether a body is being read: a head is complete, and what belongs to it is not.
    _in_body = False
    #: The request that is being answered, or was last.
    _running: RequestResponseCycle | None = None
    #: Runs while the client owes something; bytes since it was set, and windows that were too slow.
    _owing: asyncio.TimerHandle | None = None
    _window_bytes = 0
    _slow_windows = 0
    #: Runs while the client does not take what is written; bytes that it had not taken then.
    _taking: asyncio.TimerHandle | None = None
    _untaken_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._owe()

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle()
        self._tell_gone()
        super().connection_lost(exc)
        self._stop_taking()

    def data_received(self, data: bytes) -> None:
        # None once the connection has ended, or was refused and only lingers.
        if self.parser is None:
            return
        self._unheard += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data, offer.args[0])
        except httptools.HttpParserError as error:
            self._malformed(error)
        if (self._in_body or self._unheard) and self.parser is not None:
            self._wait_for_more(len(data))

    # What the parser finds

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            # It is read once more without the offer (``_decline``).
            return
        super().on_headers_complete()
        # What follows a body is not what a proxy in front looked at, or set: it goes nowhere.
        self.headers = []
        self._unheard = 0
        self._in_body = True
        self._unset_keepalive_if_required()
        if 0 < len(self.pipeline) < WAITING_MAX:
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        self._unheard = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._in_body:
            return
        self._unheard = 0
        self._in_body = False
        if self._owing is not None:
            self._settle()
        super().on_message_complete()
        if self.transport.is_closing():
            # What was waited for (``lingers``) has come.
            self.transport.close()

    def _decline(self, data: bytes, offset: int) -> None:
        """Read a request that offers to upgrade as what it is without the offer: RFC 9110 section
        7.8 lets a server ignore it. The parser takes everything behind such a head (``offset``)
        for the other protocol, so the body would be lost, or be read as the next request.
        """
        rest = memoryview(data)
        while True:
            if self.parser.get_method() == b"CONNECT":
                self._refuse(rejected("request.unserved", what="CONNECT"))
                return
            head = b"".join(self._plain_head())
            rest = rest[offset:]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(head)
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                offset = offer.args[0]
            except httptools.HttpParserError as error:
                self._malformed(error)
                return
            else:
                return

    def _plain_head(self) -> Iterator[bytes]:
        version = self.parser.get_http_version().encode()
        yield b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                kept = b", ".join(token for token in tokens if token.lower() != b"upgrade")
                yield b"connection: %b\r\n" % kept
            elif name != b"upgrade":
                yield b"%b: %b\r\n" % (name, value)
        yield b"\r\n"

    # What the client owes

    def _owe(self) -> None:
        self._window_bytes = self._slow_windows = 0
        self._owing = self.loop.call_later(WINDOW_S, self._look)

    def _settle(self) -> None:
        if self._owing is not None:
            self._owing.cancel()
            self._owing = None

    def _wait_for_more(self, size: int) -> None:
        """A read of ``size`` bytes has left a message incomplete."""
        if self._unheard > HEAD_BYTES_MAX:
            too_large = rejected("request.head_too_large", limit=HEAD_BYTES_MAX)
            self._refuse(self._too_long() or too_large)
            return
        if self._owing is None:
            self._owe()
        self._window_bytes += size

    def _look(self) -> None:
        """A window is over."""
        enough = self._window_bytes >= RATE_MIN * WINDOW_S
        self._slow_windows = 0 if enough or self._holds_up() else self._slow_windows + 1
        self._window_bytes = 0
        if self._slow_windows < 2:
            self._owing = self.loop.call_later(WINDOW_S, self._look)
            return
        self._owing = None
        if self._in_body:
            self._refuse(rejected("request.slow"))
        else:
            # Nothing, or part of a head: nobody can be said to wait for an answer.
            self.transport.close()

    def _holds_up(self) -> bool:
        """Whether it is the axis that nothing is read, or that other answers are waited for."""
        answering = not self._in_body and not self._is_idle()
        return self.flow.read_paused or bool(self.pipeline) or answering

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    # What the client takes

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_taking()

    def lingers(self) -> bool:
        if not self._in_body or self.parser is None:
            return False
        self.flow.resume_reading()
        return True

    def closing(self) -> None:
        self._await_taking()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            # Whoever takes what is left has it by then; nobody else holds up the end.
            self._stop_taking()
            self._taking = self.loop.call_later(LINGER_S, self.transport.abort)

    def _await_taking(self) -> None:
        if self._taking is None:
            self._untaken_bytes = self.transport.get_write_buffer_size()
            self._taking = self.loop.call_later(TAKE_S, self._look_what_was_taken)

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _look_what_was_taken(self) -> None:
        left = self.transport.get_write_buffer_size()
        if self._untaken_bytes - left < RATE_MIN * TAKE_S:
            # Closed, it would wait until all is taken.
            self.transport.abort()
            return
        self._untaken_bytes = left
        self._taking = self.loop.call_later(TAKE_S, self._look_what_was_taken)

    # How it ends

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _tell_gone(self) -> None:
        """Tell whoever answers, and whoever waits to, that there is nobody to answer."""
        for cycle in (self._running, *(queued for queued, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def _malformed(self, error: httptools.HttpParserError) -> None:
        # Of an address above 64 KiB the library makes a fault of its own.
        reason = str(error) or "it cannot be read"
        self._refuse(self._too_long() or rejected("request.malformed", reason=reason))

    def _too_long(self) -> AxisError | None:
        """What is wrong with the address of the head that is being read, if it is its length."""
        # There is none before the first request has begun.
        if self._in_body or len(self.url or b"") <= ADDRESS_BYTES_MAX:
            return None
        return rejected("request.address_too_long", limit=ADDRESS_BYTES_MAX)

    def _refuse(self, error: AxisError) -> None:
        """Read nothing more and close, with an answer where no other is due before it."""
        if self._in_body:
            due = not self.cycle.response_started and not self.pipeline
        else:
            due = self._is_idle()
        self.parser = None  # type: ignore[assignment]
        self._settle()
        self._tell_gone()
        if not due or self.transport.is_closing():
            self.transport.close()
            return
        status, headers, body = answer(error)
        headers += [*self.server_state.default_headers, (b"content-length", b"%d" % len(body))]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)
