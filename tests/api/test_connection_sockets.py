"""The same connections over real sockets, on the loop that an axis runs on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from axis import connection as bounds
from axis.api.wire import send_bytes
from axis.connection import Connection

DEADLINE_S = 20
GET = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def on_uvloop(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())


@asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[tuple[Client, asyncio.Event]]:
    """A client of ``app``, and what happens when the axis has ended the connection."""
    config = uvicorn.Config(app, interface="asgi3", proxy_headers=False, log_config=None)
    ended = asyncio.Event()

    class Watched(Connection):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            ended.set()

    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Watched(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield (reader, writer), ended
    finally:
        writer.close()
        server.close()
        for task in state.tasks:
            task.cancel()
        await asyncio.sleep(0)


async def _answer(_scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    await send_bytes(send, 200, [], body)


def test_whoever_sends_too_much_reads_why() -> None:
    async def test() -> None:
        async with connected(_answer) as ((reader, writer), _):
            writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000_000)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 431 ")
            assert json.loads(body)["code"] == "request.head_too_large"

    on_uvloop(test)


async def _refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer what the head alone tells, as a door does that needs a token."""
    await send_bytes(send, 401, [], b"who are you?")


@pytest.mark.parametrize(
    "head", [b"POST / HTTP/1.1\r\nConnection: close\r\n", b"POST / HTTP/1.0\r\n"]
)
def test_whoever_still_sends_reads_the_answer_though_it_is_the_last(head: bytes) -> None:
    async def test() -> None:
        async with connected(_refuse) as ((reader, writer), ended):
            writer.write(head + b"Content-Length: 20000000\r\n\r\n")
            # The answer and its end come at once; some clients look for it only when all is sent.
            answered = await reader.read()
            for _ in range(20):
                assert not ended.is_set()
                writer.write(b"x" * 1_000_000)
                await writer.drain()
            await ended.wait()
            assert answered.startswith(b"HTTP/1.1 401 ")
            assert answered.endswith(b"who are you?")

    on_uvloop(test)


def test_whoever_sends_on_after_the_last_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "TAKE_S", 0.05)

    async def test() -> None:
        async with connected(_refuse) as ((reader, writer), ended):
            writer.write(b"POST / HTTP/1.0\r\nContent-Length: 20000000\r\n\r\nx")
            await reader.read()
            await ended.wait()

    on_uvloop(test)


def test_an_offer_to_upgrade_keeps_its_body_and_its_connection() -> None:
    async def test() -> None:
        async with connected(_answer) as ((reader, writer), _):
            offer = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
            head = b"POST / HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (offer, len(GET))
            for pieces in ([head + GET], [head, GET], [head + GET[:5], GET[5:]]):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(len(GET)) == GET

    on_uvloop(test)


def test_whoever_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "TAKE_S", 0.05)

    async def much(_scope: Scope, _receive: Receive, send: Send) -> None:
        length = [(b"content-length", b"64000000")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
        await send({"type": "http.response.body"})

    async def test() -> None:
        async with connected(much) as ((_, writer), ended):
            writer.write(GET)
            await ended.wait()

    on_uvloop(test)


@pytest.mark.parametrize("behind", [b"", GET, GET + GET[:9]])
def test_a_request_ends_with_its_client_whatever_waits_behind_it(behind: bytes) -> None:
    async def test() -> None:
        begun, left = asyncio.Event(), asyncio.Event()

        async def waits(_scope: Scope, receive: Receive, _send: Send) -> None:
            begun.set()
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()

        async with connected(waits) as ((_, writer), _):
            writer.write(GET)
            await begun.wait()
            writer.write(behind)
            await writer.drain()
            writer.close()
            await left.wait()

    on_uvloop(test)
