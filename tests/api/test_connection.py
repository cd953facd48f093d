"""What a client may do to a connection before any route is asked: protocol and loop, no sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from axis import connection as bounds
from axis.api.door import ADDRESS_BYTES_MAX
from axis.api.wire import send_bytes
from axis.connection import Connection
from tests.vietnamese import english_in

#: Nothing here takes long; a test that waits in vain fails instead of hanging.
DEADLINE_S = 20
GET = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
#: What Java's HttpClient offers with every request over http, and what a browser offers.
OFFERS = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
    "websocket": b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "two lines": b"connection: close-not\r\nCONNECTION: upgrade\r\nupgrade: h2c\r\n",
}


def post(body: bytes, more: bytes = b"") -> bytes:
    return b"POST /a?b=c HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (
        more,
        len(body),
        body,
    )


class Wire:
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        self.written = b""
        self.reading = True
        self.unsent = 0
        self.ended = asyncio.Event()
        self.closed = asyncio.Event()
        self.aborted = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, data: tuple[bytes, ...]) -> None:
        self.written += b"".join(data)

    def write_eof(self) -> None:
        self.ended.set()

    def close(self) -> None:
        self.closed.set()

    def abort(self) -> None:
        self.aborted.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def get_extra_info(self, _name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Line:
    """A connection, and what reaches its app."""

    def __init__(self) -> None:
        #: Scope and body of each request that came whole.
        self.asked: list[tuple[Scope, bytes]] = []
        self.gone = 0
        #: An answer waits for it; what is asked is answered at once unless a test clears it.
        self.answers = asyncio.Event()
        self.answers.set()
        self.wire = Wire()
        config = uvicorn.Config(
            self._app, interface="asgi3", proxy_headers=False, lifespan="off", log_config=None
        )
        self.protocol = Connection(config, ServerState(), {})
        self.protocol.connection_made(cast("asyncio.Transport", self.wire))

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.asked.append((scope, body))
        if not self.answers.is_set():
            waiting = [asyncio.create_task(one) for one in (self.answers.wait(), _left(receive))]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            self.gone += not self.answers.is_set()
            for task in waiting:
                task.cancel()
        await send_bytes(send, 200, [], b"answer")

    async def send(self, *pieces: bytes) -> None:
        """Have each piece come by itself, and all be done that can be."""
        for piece in pieces:
            self.protocol.data_received(piece)
            await self.settled()

    async def until_asked(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.asked) < count:
                await self.settled()

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of the problem object that was written, which has to be all there is."""
        head, _, body = self.wire.written.partition(b"\r\n\r\n")
        assert b"content-type: application/problem+json" in head
        assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
        assert b"connection: close" in head
        problem = json.loads(body)
        assert head.startswith(b"HTTP/1.1 %d " % problem["status"])
        return problem["status"], problem["code"]


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    yield made
    made.protocol.connection_lost(None)
    await made.settled()
    assert not made.protocol.tasks


async def soon(happened: asyncio.Event) -> None:
    async with asyncio.timeout(DEADLINE_S):
        await happened.wait()


def _whole(data: bytes) -> list[bytes]:
    return [data]


def _pieces(data: bytes) -> list[bytes]:
    return [data[at : at + 7] for at in range(0, len(data), 7)]


def _bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("cut", [_whole, _pieces, _bytes])
async def test_an_offer_to_upgrade_is_a_plain_request(
    line: Line, offer: bytes, cut: Callable[[bytes], list[bytes]]
) -> None:
    # A body that reads as a request: it must be nobody's request.
    await line.send(*cut(post(GET, offer) + post(b"", offer) + GET + post(b"last", offer)))
    assert [body for _, body in line.asked] == [GET, b"", b"", b"last"]
    assert [scope["path"] for scope, _ in line.asked] == ["/a", "/a", "/next", "/a"]
    assert line.asked[0][0]["query_string"] == b"b=c"
    headers = dict(line.asked[0][0]["headers"])
    assert headers[b"host"] == b"x"
    assert b"upgrade" not in headers
    assert b"upgrade" not in headers[b"connection"].lower()
    assert line.wire.written.count(b"HTTP/1.1 200 OK") == 4


async def test_the_body_of_an_offer_may_come_later_or_in_chunks(line: Line) -> None:
    head, body = post(GET, OFFERS["h2c"])[: -len(GET)], GET
    await line.send(head)
    assert line.asked == []
    await line.send(body, GET)
    head = b"POST /a HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % OFFERS["h2c"]
    await line.send(head, b"3\r\nabc\r\n", b"0\r\n\r\n")
    assert [body for _, body in line.asked] == [GET, b"", b"abc"]


async def test_many_offers_in_one_read_are_answered_one_by_one(line: Line) -> None:
    await line.send(GET.replace(b"Host", OFFERS["h2c"] + b"Host") * 2000)
    await line.until_asked(2000)
    assert line.wire.written.count(b"HTTP/1.1 200 OK") == 2000


async def test_a_tunnel_is_refused(line: Line) -> None:
    await line.send(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + GET, GET)
    assert line.refusal == (501, "request.unserved")
    assert line.asked == []


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: "])
async def test_a_head_without_end_is_refused(line: Line, start: bytes) -> None:
    await line.send(start)
    for _ in range(bounds.HEAD_BYTES_MAX // 1000):
        await line.send(
            b"a" * 1000 if start.endswith((b"/", b": ")) else b"a:%b\r\n" % (b"b" * 996)
        )
    assert line.wire.written == b""
    await line.send(b"a" * 1000, GET)
    assert line.refusal == (
        (414, "request.address_too_long")
        if start.endswith(b"/")
        else (431, "request.head_too_large")
    )
    assert line.wire.ended.is_set()
    assert line.asked == []


@pytest.mark.parametrize("tail", [b"5;", b"5\r\nhello\r\n0\r\n", b"5\r\nhello\r\n0\r\nX: "])
async def test_what_frames_a_body_has_an_end_too(line: Line, tail: bytes) -> None:
    await line.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + tail)
    for _ in range(bounds.HEAD_BYTES_MAX // 1000 + 1):
        await line.send(b"a:%b\r\n" % (b"b" * 996) if tail.endswith(b"0\r\n") else b"a" * 1000)
    assert line.refusal == (431, "request.head_too_large")
    assert (line.asked, line.gone) == ([], 1)


async def test_what_is_long_but_ends_is_taken(line: Line) -> None:
    body = b"x" * 300_000
    long = b"X: %b\r\n" % (b"a" * 20_000)
    await line.send(post(body, long) + GET * 1000 + GET[:-10], GET[-10:])
    await line.until_asked(1002)
    await line.send(*[post(body)[at : at + 1000] for at in range(0, len(post(body)), 1000)])
    assert line.asked[-1][1] == body


@pytest.mark.parametrize("some", [b"", b"GET / HTTP/1.1\r\nHost:", post(b"")])
async def test_a_connection_that_owes_a_head_is_closed(
    monkeypatch: pytest.MonkeyPatch, some: bytes
) -> None:
    monkeypatch.setattr(bounds, "WINDOW_S", 0.001)
    line = Line()
    # An idle one that has been answered is uvicorn's to close; half a head behind that is not.
    await line.send(some, *([b"GET"] if some.endswith(b"\r\n\r\n") else []))
    await soon(line.wire.closed)
    assert b"408" not in line.wire.written
    line.protocol.connection_lost(None)


async def test_whoever_sends_whole_requests_is_not_timed(line: Line) -> None:
    await line.send(post(b"body"))
    assert line.protocol._owing is None
    assert line.protocol.timeout_keep_alive_task is not None
    line.answers.clear()
    await line.send(GET)
    assert line.protocol._owing is None
    assert line.protocol.timeout_keep_alive_task is None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is made now waits for little."""
    monkeypatch.setattr(bounds, "WINDOW_S", 0.01)
    monkeypatch.setattr(bounds, "LINGER_S", 0.001)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("rest", [b"", b"x" * 30])
async def test_a_body_that_comes_no_further_is_refused(line: Line, rest: bytes) -> None:
    await line.send(post(b"x" * 1000)[:-900])
    # Thirty bytes in a hundredth of a second are 3,000 in one: too slow.
    await line.send(rest)
    await soon(line.wire.ended)
    assert line.refusal == (408, "request.slow")
    await line.settled()
    assert (line.asked, line.gone) == ([], 1)
    await soon(line.wire.closed)


async def test_a_body_that_comes_slowly_enough_is_taken(
    monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    monkeypatch.setattr(bounds, "RATE_MIN", 1)
    await line.send(post(b"x" * 1000)[:-900])
    for _ in range(5):
        await line.send(b"x" * 100)
        line.protocol._look()
    await line.send(b"x" * 400)
    assert [len(body) for _, body in line.asked] == [1000]


async def test_nobody_is_blamed_for_what_the_axis_holds_up(line: Line) -> None:
    line.answers.clear()
    await line.send(GET, post(b"x" * 1000)[:-10])
    for _ in range(5):
        line.protocol._look()
    assert not line.wire.closed.is_set()
    line.answers.set()
    await line.settled()
    await line.send(b"x" * 10)
    assert [len(body) for _, body in line.asked] == [0, 1000]


async def test_whoever_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    monkeypatch.setattr(bounds, "TAKE_S", 0.001)
    line.wire.unsent = 1_000_000
    line.protocol.pause_writing()
    await soon(line.wire.aborted)


async def test_whoever_takes_it_slowly_is_left_alone(line: Line) -> None:
    line.wire.unsent = 1_000_000
    line.protocol.pause_writing()
    for _ in range(3):
        line.wire.unsent -= 300_000
        line.protocol._look_what_was_taken()
    assert not line.wire.aborted.is_set()
    line.protocol.resume_writing()
    assert line.protocol._taking is None


def _idle(line: Line) -> None:
    line.protocol.timeout_keep_alive_handler()


def _stopping(line: Line) -> None:
    line.protocol.shutdown()


def _quiet(_: Line) -> None:
    """Nothing else ends it."""


@pytest.mark.parametrize(
    ("request_", "end"),
    [
        (GET, _idle),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), _quiet),
        (GET + b"nonsense\r\n\r\n", _quiet),
        (GET, _stopping),
    ],
    ids=["idle", "asked to close", "refused", "at the end"],
)
@pytest.mark.parametrize("taken", [False, True])
async def test_whoever_does_not_take_the_rest_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, request_: bytes, end: Callable[[Line], None], taken: bool
) -> None:
    monkeypatch.setattr(bounds, "TAKE_S", 3600 if end is _stopping else 0.001)
    monkeypatch.setattr(bounds, "LINGER_S", 0.001)
    line = Line()
    # So little that writing does not pause.
    line.wire.unsent = 30_000
    await line.send(request_)
    # What the request itself ends may be over by now: a millisecond is soon gone.
    assert end is _quiet or not line.wire.aborted.is_set()
    end(line)
    await soon(line.wire.closed)
    if not taken:
        await soon(line.wire.aborted)
    line.protocol.connection_lost(None)
    assert line.protocol._taking is None
    await line.settled()


async def test_a_connection_that_is_closed_is_watched_to_its_last_byte(line: Line) -> None:
    line.wire.unsent = 300_000
    line.protocol.pause_writing()
    line.protocol.shutdown()
    line.wire.unsent = 10_000
    line.protocol.resume_writing()
    assert line.protocol._taking is not None


class Curt(Line):
    """It answers before the body has come."""

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_bytes(send, 401, [], b"who are you?")


async def test_the_end_waits_for_nobody_who_still_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LINGER_S", 0.001)
    line = Curt()
    await line.send(post(b"x" * 1000, b"Connection: close\r\n")[:-900])
    assert line.wire.ended.is_set()
    assert not line.wire.closed.is_set()
    line.protocol.shutdown()
    await soon(line.wire.closed)
    line.protocol.connection_lost(None)


async def test_what_follows_a_body_is_not_a_header(line: Line) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    await line.send(head, b"3\r\nabc\r\n0\r\n", b"Authorization: Bearer x\r\n\r\n")
    ((scope, body),) = line.asked
    assert body == b"abc"
    assert [name for name, _ in scope["headers"]] == [b"host", b"transfer-encoding"]


async def test_whoever_waits_learns_that_the_client_has_gone() -> None:
    line = Line()
    line.answers.clear()
    await line.send(GET, GET, GET)
    assert len(line.asked) == 1
    # It could not be noticed otherwise.
    assert line.wire.reading
    queued = [cycle for cycle, _ in line.protocol.pipeline]
    line.protocol.connection_lost(None)
    await line.settled()
    assert (line.gone, len(line.asked)) == (1, 1)
    assert [cycle.disconnected for cycle in queued] == [True, True]


async def test_only_so_many_requests_wait(line: Line) -> None:
    line.answers.clear()
    await line.send(*[GET] * (bounds.WAITING_MAX + 1))
    assert not line.wire.reading
    line.answers.set()
    await line.settled()
    assert line.wire.reading
    assert len(line.asked) == bounds.WAITING_MAX + 1


@pytest.mark.parametrize("odd", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nA : b\r\n\r\n"])
async def test_what_is_not_http_is_told_so(line: Line, odd: bytes) -> None:
    await line.send(odd, GET)
    assert line.refusal == (400, "request.malformed")
    assert line.asked == []


FRAMED_WRONGLY = {
    "negative": b"Content-Length: -1",
    "no number": b"Content-Length: 5x",
    "beyond any number": b"Content-Length: 99999999999999999999999",
    "two": b"Content-Length: 5\r\nContent-Length: 6",
    "both": b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    "both, the other first": b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    "not chunked": b"Transfer-Encoding: gzip",
    "not chunked last": b"Transfer-Encoding: chunked, gzip",
}


@pytest.mark.parametrize("framing", FRAMED_WRONGLY.values(), ids=FRAMED_WRONGLY)
async def test_a_body_that_is_framed_wrongly_is_told_so(line: Line, framing: bytes) -> None:
    await line.send(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing, GET)
    assert line.refusal == (400, "request.malformed")
    assert line.asked == []
    told = json.loads(line.wire.written.partition(b"\r\n\r\n")[2])
    assert english_in(told["detail_vi"]) == []


@pytest.mark.parametrize("length", [ADDRESS_BYTES_MAX + 1, 66_000, 200_000])
@pytest.mark.parametrize("piece", [16 * 1024, 256 * 1024])
async def test_an_address_is_too_long_in_however_many_pieces_it_comes(
    line: Line, length: int, piece: int
) -> None:
    head = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * (length - 1))
    await line.send(*[head[at : at + piece] for at in range(0, len(head), piece)])
    if length < bounds.HEAD_BYTES_MAX:
        # It can be read: the door says what is wrong with it.
        assert len(line.asked) == 1
    else:
        assert (line.asked, line.refusal) == ([], (414, "request.address_too_long"))


async def test_no_answer_is_taken_for_that_to_another_request(line: Line) -> None:
    line.answers.clear()
    await line.send(GET, b"nonsense\r\n\r\n")
    assert line.wire.closed.is_set()
    await line.settled()
    assert (line.wire.written, line.gone) == (b"", 1)


async def test_an_answer_and_a_refusal_of_the_rest_are_not_both_given(line: Line) -> None:
    async def early(_scope: Any, _receive: Receive, send: Send) -> None:
        await send_bytes(send, 413, [], b"too large")

    line.protocol.app = cast("Any", early)
    await line.send(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"odd\r\n"
    )
    assert line.wire.written.count(b"HTTP/1.1 ") == 1
    assert line.wire.closed.is_set()
