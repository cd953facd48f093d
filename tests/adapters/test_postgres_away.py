"""A PostgreSQL server that answers, and will not serve yet or any more."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from axis.adapters.postgres_server import Server
from axis.adapters.postgres_store import open_store
from axis.books import UnfitBooks
from axis.core.errors import Unavailable


@asynccontextmanager
async def refusing(sqlstate: str) -> AsyncIterator[Server]:
    """The books on a server that greets everybody with this."""
    fields = f"SFATAL\0VFATAL\0C{sqlstate}\0Mnot now\0\0".encode()
    told = b"E" + struct.pack(">i", 4 + len(fields)) + fields

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = struct.unpack(">i", await reader.readexactly(4))[0]
        await reader.readexactly(size - 4)
        writer.write(told)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        server = Server(f"postgresql://axis@127.0.0.1:{port}/axis?sslmode=disable")
        try:
            yield server
        finally:
            await server.close()


@pytest.mark.parametrize(
    "sqlstate",
    [
        pytest.param("57P03", id="it comes up, or recovers"),
        pytest.param("53300", id="it has too many clients"),
        pytest.param("3D000", id="the database is not there yet"),
    ],
)
async def test_a_server_that_will_not_serve_now_is_away(sqlstate: str):
    async with refusing(sqlstate) as server:
        for held in (server.writing, server.reading, server.recounting, server.migrating):
            with pytest.raises(Unavailable, match=r"axis\.store_away"):
                async with held():
                    raise AssertionError("it was not greeted")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("sslmode=nonsense", "sslmode"),
        ("port=abc", "abc"),
        ("options=-cfoo.bar", "foo.bar requires a value"),
        ("unknown_thing=1", "unknown_thing"),
    ],
)
async def test_an_address_that_nobody_understands_is_told_in_a_sentence(
    postgres_url: str, postgres_run: str, said: str, why: str
):
    mark = "&" if "?" in postgres_url else "?"
    with pytest.raises(UnfitBooks, match=f"as AXIS_DATABASE says: .*{why}"):
        await open_store(f"{postgres_url}{mark}{said}", postgres_run)
