"""The connection: answers are whole however they are cut, and only this machine is spoken to."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.load.impossible import Impossible
from agencies.load.wire import Connection, Gone, Place, Pool, connect, place, request
from tests.agencies.load.served import served

PLAIN = b"HTTP/1.1 200 OK\r\nAxis-Next: 0:7\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Wire(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def writelines(self, list_of_data: object) -> None:
        self.written += b"".join(list_of_data)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(
    answer=st.sampled_from((PLAIN, CHUNKED, EMPTY)), cuts=st.lists(st.integers(1, 80), max_size=6)
)
def test_an_answer_is_whole_however_it_is_cut(answer: bytes, cuts: list[int]) -> None:
    async def asked() -> None:
        connection, wire = Connection(), _Wire()
        connection.connection_made(wire)
        asking = asyncio.ensure_future(connection.ask(b"GET", b" it"))
        await asyncio.sleep(0)
        assert wire.written == b"GET it"
        edges = sorted({0, *(cut for cut in cuts if cut < len(answer)), len(answer)})
        for start, end in itertools.pairwise(edges):
            assert not asking.done()
            connection.data_received(answer[start:end])
        reply = await asking
        assert reply.status == int(answer[9:12])
        assert reply.body == (b"" if answer is EMPTY else b"hello")
        assert reply.header(b"axis-next") == ("0:7" if answer is PLAIN else "")

    asyncio.run(asked())


def test_a_request_has_its_length() -> None:
    raw = request("POST", "/v1/documents", b"abc", Content_Type="text/plain")
    assert raw.startswith(b"POST /v1/documents HTTP/1.1\r\n")
    assert b"\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc" in raw


@asynccontextmanager
async def serving(answer: bytes, requests: int) -> AsyncIterator[tuple[Place, list[bytes]]]:
    """A server that closes each connection after so many answers."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(requests):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)

    async with served(serve) as to:
        yield to, heard


async def test_a_connection_that_the_server_closed_is_replaced() -> None:
    async with serving(PLAIN, requests=1) as (to, heard):
        pool = Pool(to, 1)
        for _ in range(3):
            assert (await pool.ask(request("GET", "/"))).body == b"hello"
            await asyncio.sleep(0)
            while not pool._free[0].closed:  # The close is on its way.
                await asyncio.sleep(0)
        pool.close()
    assert len(heard) == 3


async def test_one_connection_asks_one_request_after_the_other() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    async with served(echo) as to:
        connection = await connect(to)
        bodies = [(await connection.ask(request("GET", f"/{n}"))).body for n in range(3)]
        connection.close()
    assert bodies == [b"/0", b"/1", b"/2"]


async def test_an_answer_that_is_cut_off_is_gone() -> None:
    async with serving(PLAIN[:-1], requests=1) as (to, _):
        connection = await connect(to)
        with pytest.raises(Gone):
            await connection.ask(request("GET", "/"))


async def test_nobody_there_is_gone() -> None:
    async with serving(PLAIN, requests=1) as (to, _):
        pass
    with pytest.raises(Gone, match="nobody listens"):
        await connect(to)


@pytest.mark.parametrize(
    "url",
    [
        "http://axis.example:8095",
        "http://10.0.0.7:8095",
        "https://127.0.0.1:8095",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://0.0.0.0:8095",
        "",
    ],
)
def test_load_goes_to_this_machine_alone(url: str) -> None:
    with pytest.raises(Impossible, match=r"http://127\.0\.0\.1:8095 would do"):
        place(url)


def test_an_address_of_this_machine_is_a_place() -> None:
    assert place("http://127.0.0.1:8095") == Place("127.0.0.1", 8095)
    assert place("http://[::1]:80/") == Place("::1", 80)
