"""A PostgreSQL server that answers, and will not serve yet or any more, or serves a little."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog

from axis.adapters.postgres_server import Driver, Patience, Server, schema_of
from axis.adapters.postgres_store import open_store
from axis.books import UnfitBooks
from axis.core.errors import Unavailable
from tests import postgres
from tests.contract.books import CODES, Scribe, agency, document_of, one


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


@dataclass(frozen=True, slots=True)
class Guest:
    """A user of the shared server, whose rights are a test's matter."""

    server: str
    name: str
    url: str

    async def may(self, sql: str) -> None:
        """Change the user; what is connected as that user is not any more."""
        sessions = f"pg_stat_activity where usename = '{self.name}'"
        ending = f"select pg_terminate_backend(pid, 10000) from {sessions}"
        await postgres.execute(self.server, f'alter role "{self.name}" {sql}')
        await postgres.execute(self.server, ending)


@pytest.fixture
def guest(postgres_url: str, postgres_run: str) -> Iterator[Guest]:
    parts = urlsplit(postgres_url)
    name = postgres_run.replace("-", "_")
    netloc = f"{name}:guest@{parts.netloc.rpartition('@')[2]}"
    made = Guest(postgres_url, name, urlunsplit(parts._replace(netloc=netloc)))
    made_by = f"create role {name} login password 'guest'"
    database = parts.path.lstrip("/")
    granted = f'grant create on database "{database}" to {name}'
    postgres.apart(postgres.execute(postgres_url, f"{made_by}; {granted}"))
    try:
        yield made
    finally:
        gone = f"drop owned by {name} cascade; drop role {name}"
        postgres.apart(postgres.execute(postgres_url, gone))


async def test_books_that_may_only_be_read_are_not_ready(
    guest: Guest, postgres_run: str, scribe: Scribe
):
    store = await open_store(guest.url, postgres_run)
    await store.enrol([agency(code) for code in CODES], [], [])
    await store.ready()
    # As on a standby, whose sessions say the same of themselves.
    await guest.may("set default_transaction_read_only = on")
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"axis\.store_away"):
            await store.apply([scribe.accept("1/UBND")])
        assert [row.code for row in await store.agencies()] == sorted(CODES)
        with pytest.raises(Unavailable, match=r"axis\.store_away"):
            await store.ready()
    # Nobody writes to an axis that is not ready: it finds out by itself.
    await postgres.execute(guest.server, f"alter role {guest.name} reset all")
    await store.ready()
    assert document_of(await one(store, scribe.accept("1/UBND"))).seq == 1
    await store.close()


async def test_books_held_by_whom_it_may_not_send_away_are_waited_for(
    guest: Guest, postgres_run: str, scribe: Scribe
):
    """An axis that may see a superuser's sessions has no rights over them."""
    await postgres.execute(guest.server, f"grant pg_read_all_stats to {guest.name}")
    store = await open_store(guest.url, postgres_run, patience=Patience(lock_ms=300, held_ms=100))
    await store.enrol([agency(code) for code in CODES], [], [])
    person = await asyncpg.connect(
        guest.server, server_settings={"search_path": schema_of(postgres_run)}
    )
    await person.execute("begin; select * from head for update")
    with structlog.testing.capture_logs() as logged:
        writing = asyncio.create_task(one(store, scribe.accept()))
        while not (logged or writing.done()):
            await asyncio.sleep(0)
        await person.execute("commit")
        assert document_of(await writing).seq == 1
    await person.close()
    await store.close()


async def test_who_writes_has_a_connection_though_others_take_all_that_are_left(
    guest: Guest, postgres_run: str, scribe: Scribe
):
    await guest.may("connection limit 4")
    store = await open_store(guest.url, postgres_run)
    others = await _all_that_are_left(guest.url)
    await store.enrol([agency(code) for code in CODES], [], [])
    assert document_of(await one(store, scribe.accept("1/UBND"))).seq == 1
    # An axis that cannot read is not ready.
    with pytest.raises(Unavailable, match=r"axis\.store_away"):
        await store.ready()
    for other in others:
        await other.close()
    await store.close()


async def _all_that_are_left(url: str) -> list[Driver]:
    """Every connection that the server still gives away."""
    taken: list[Driver] = []
    while True:
        try:
            taken.append(await asyncpg.connect(url))
        except asyncpg.TooManyConnectionsError:
            return taken
