"""What PostgreSQL books promise beyond the contract: many processes, and a server that may go."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TypeVar

import asyncpg
import pytest
import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from axis.adapters.postgres_server import READERS, Driver, Patience, Server, failures_told
from axis.adapters.postgres_store import NoBooks, PostgresStore, open_store
from axis.cluster import Cluster
from axis.core.commands import Accepted, Command, Outcome
from axis.core.errors import Unavailable
from axis.core.lifecycle import Step
from axis.core.member_commands import Register
from axis.ports import Store
from tests import postgres
from tests.contract.books import (
    CODES,
    A,
    B,
    C,
    D,
    Scribe,
    agency,
    code_of,
    differences,
    document_of,
    numbers,
    one,
)

#: Impatient, so that tests need not wait; a busy machine still does a group in a tenth of it.
HASTY = Patience(statement_ms=10_000, lock_ms=2_000, idle_ms=700, held_ms=1_000)

T = TypeVar("T")
_Using = AbstractAsyncContextManager[Driver]

Open = Callable[[], Awaitable[PostgresStore]]


@pytest.fixture
async def open_it(postgres_url: str, postgres_run: str) -> AsyncIterator[Open]:
    """Opens the books once more, as another process would."""
    opened: list[PostgresStore] = []

    async def open_once_more() -> PostgresStore:
        opened.append(await open_store(postgres_url, postgres_run, patience=HASTY))
        return opened[-1]

    yield open_once_more
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_it: Open) -> PostgresStore:
    store = await open_it()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


@asynccontextmanager
async def _session(url: str, run: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the books that knows no time limits, as a person's."""
    connection = await asyncpg.connect(
        url, server_settings={"search_path": Server(url, run).schema}
    )
    try:
        yield connection
    finally:
        connection.terminate()


# ---- many processes ----------------------------------------------------------------------------


async def test_processes_take_turns_and_every_number_is_given_once(
    store: PostgresStore, open_it: Open, scribe: Scribe
):
    stores = [store, await open_it(), await open_it()]
    for turn in range(9):
        document = document_of(
            await one(stores[turn % 3], scribe.accept(f"{turn}/UBND", to=[B, C]))
        )
        assert document.seq == turn + 1
        assert [r.no for r in document.recipients] == [turn + 1] * 2
    for reader in stores:
        assert await numbers(reader, B) == list(range(1, 10))
    assert await differences(store) == []


async def repeated(store: Store, commands: Sequence[Command]) -> list[Outcome]:
    """Apply as callers do: a machine that stalls for a second loses its transaction, not more."""
    for _ in range(5):
        with suppress(Unavailable):
            return await store.apply(commands)
    return await store.apply(commands)


async def test_processes_that_are_sent_the_same_agree_on_one_document(
    store: PostgresStore, open_it: Open
):
    stores = [store, await open_it(), await open_it()]
    # Each process makes ids of its own; the first to commit gives the document its id.
    scribes = [Scribe() for _ in stores]
    for scribe, start in zip(scribes, (1, 1001, 2001), strict=True):
        scribe._numbers = iter(range(start, start + 999))  # type: ignore[assignment]

    async def send(store: Store, scribe: Scribe) -> list[str]:
        ids = []
        for group in range(10):
            commands = [scribe.accept(f"{group}.{i}/UBND", to=CODES[1:]) for i in range(5)]
            ids += [document_of(outcome).id for outcome in await repeated(store, commands)]
        return ids

    first, *others = await asyncio.gather(*map(send, stores, scribes))
    assert others == [first, first]
    assert await numbers(store, D) == list(range(1, 51))
    assert await differences(store) == []


async def test_a_lock_counts_in_every_process_at_once(
    store: PostgresStore, open_it: Open, scribe: Scribe
):
    other = await open_it()
    await other.apply([scribe.accept("1/UBND")])
    await store.apply([scribe.lock(B)])
    assert code_of(await one(other, scribe.accept("2/UBND"))) == "recipient.locked"
    await store.apply([scribe.lock(B, False)])
    assert document_of(await one(other, scribe.accept("2/UBND"))).recipients[0].no == 2
    new = agency("000.00.00.G22")
    await store.apply([Register(agency=new, audit=scribe.audit("register", new.code))])
    assert document_of(await one(other, scribe.accept("3/UBND", to=[new.code]))).seq > 0
    assert await differences(other) == []


async def test_a_change_by_hand_is_seen(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    await one(store, scribe.accept("1/UBND"))
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("update agency set locked = true where code = $1", B)
    assert code_of(await one(store, scribe.accept("2/UBND"))) == "recipient.locked"


async def test_a_process_that_stops_in_the_middle_holds_nobody_up(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    stopped = Server(postgres_url, postgres_run, HASTY)
    async with _closing(stopped), stopped.writing() as driver:
        await driver.execute("begin; select 1 from head for update")
        # It says no more. The next one waits until the server has ended its session.
        assert document_of(await one(store, scribe.accept())).seq == 1
        assert driver.is_closed()


@asynccontextmanager
async def _closing(server: Server) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await server.close()


async def test_whoever_keeps_the_books_locked_is_sent_away(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("begin; select * from head for update")
        with structlog.testing.capture_logs() as logged:
            assert document_of(await one(store, scribe.accept())).seq == 1
        assert person.is_closed()
    assert [line["sessions_ended"] for line in logged if line["action"] == "store.held"] == [1]


async def test_whoever_waits_for_the_books_too_is_not_sent_away(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    held = "begin; select * from head for update"
    async with (
        _session(postgres_url, postgres_run) as person,
        _session(postgres_url, postgres_run) as another,
    ):
        await person.execute(held)
        waiting = asyncio.create_task(another.execute(held))
        await _blocked(person)
        with structlog.testing.capture_logs() as logged:
            writing = asyncio.create_task(one(store, scribe.accept()))
            await waiting
            await another.execute("rollback")
            assert document_of(await writing).seq == 1
        assert person.is_closed()
    assert [line["sessions_ended"] for line in logged if line["action"] == "store.held"] == [1]


async def test_whoever_has_the_books_no_longer_than_may_be_is_not_sent_away(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    asks = Patience(lock_ms=100, held_ms=600_000)
    other = await open_store(postgres_url, postgres_run, patience=asks)
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("begin; select * from head for update")
        with structlog.testing.capture_logs() as logged, pytest.raises(Unavailable):
            await other.apply([scribe.accept()])
        await person.execute("commit")
    await other.close()
    assert [line["sessions_ended"] for line in logged if line["action"] == "store.held"] == [0, 0]


async def test_whoever_only_reads_is_left_alone(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("begin isolation level repeatable read; select * from head")
        async with _session(postgres_url, postgres_run) as another:
            await another.execute("begin; select * from head for update")
            await one(store, scribe.accept())
        assert await person.fetchval("select seq from head") == 0


# ---- a server that goes ------------------------------------------------------------------------


async def _end_sessions(url: str) -> None:
    await postgres.execute(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'axis'",
    )


async def test_lost_connections_are_made_again(
    store: PostgresStore, postgres_url: str, scribe: Scribe
):
    first = document_of(await one(store, scribe.accept("1/UBND")))
    assert await store.document(first.id) == first
    await _end_sessions(postgres_url)
    assert await _answered(lambda: store.document(first.id)) == first
    second = scribe.accept("2/UBND")
    assert document_of(await _answered(lambda: one(store, second))).seq == 2


async def test_a_connection_lost_while_nobody_uses_it_costs_no_request(
    postgres_url: str, postgres_run: str
):
    server = Server(postgres_url, postgres_run)
    async with _closing(server):
        async with server.writing() as driver:
            pass
        pid = driver.get_server_pid()
        await postgres.execute(postgres_url, f"select pg_terminate_backend({pid})")
        while not driver.is_closed():
            await asyncio.sleep(0)
        async with server.writing() as another:
            assert await another.fetchval("select 1") == 1


async def _answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask as callers do: again, when the store was away. Each lost connection may tell once."""
    for _ in range(READERS + 1):
        with suppress(Unavailable):
            return await ask()
    return await ask()


async def test_a_group_that_is_cut_off_is_unknown_and_can_be_repeated(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    command = scribe.accept()
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("begin; select * from head for update")
        cut = asyncio.create_task(one(store, command))
        await _blocked(person)
        await _end_sessions(postgres_url)
        with pytest.raises(Unavailable):
            await cut
    assert document_of(await one(store, command)).seq == 1
    assert await differences(store) == []


async def _blocked(person: asyncpg.Connection) -> None:
    """Wait until somebody waits for a lock."""
    while not await person.fetchval("select count(*) from pg_locks where not granted"):
        await asyncio.sleep(0)


async def test_a_group_that_is_given_up_leaves_a_store_that_works(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    async with _session(postgres_url, postgres_run) as person:
        await person.execute("begin; select * from head for update")
        given_up = asyncio.create_task(one(store, scribe.accept("1/UBND")))
        await _blocked(person)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert document_of(await one(store, scribe.accept("2/UBND"))).seq == 1


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster(postgres.required())
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_what_was_accepted_outlives_the_server(
    cluster: Cluster, scribe: Scribe, number: signal.Signals
):
    store = await open_store(cluster.url)
    await store.enrol([agency(code) for code in CODES], [], [])
    accepted: list[str] = []

    async def send() -> None:
        for group in range(9):
            commands = [scribe.accept(f"{group}.{n}/UBND", to=CODES[1:]) for n in range(5)]
            outcomes = await store.apply(commands)
            accepted.extend(document_of(outcome).id for outcome in outcomes)
            if group == 3:
                cluster.end(number)

    with pytest.raises(Unavailable):
        await send()
    with pytest.raises(Unavailable):
        await store.client(A)
    cluster.start()
    assert len(accepted) == 20
    for doc_id in accepted:
        document = await store.document(doc_id)
        assert document is not None
        assert await store.body(document.sha256)
    await one(store, scribe.accept("after"))
    assert await differences(store) == []
    await store.close()


# ---- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (asyncpg.DiskFullError("no room"), "axis.disk_full"),
        (asyncpg.InternalServerError("could not write init file"), "axis.disk_full"),
        (asyncpg.AdminShutdownError("going"), "axis.store_away"),
        (asyncpg.CannotConnectNowError("coming"), "axis.store_away"),
        (asyncpg.QueryCanceledError("too long"), "axis.store_away"),
        (asyncpg.LockNotAvailableError("held"), "axis.store_away"),
        (asyncpg.IdleInTransactionSessionTimeoutError("slept"), "axis.store_away"),
        (asyncpg.TooManyConnectionsError("full"), "axis.store_away"),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), "axis.store_away"),
        (asyncpg.ConnectionDoesNotExistError("cut"), "axis.store_away"),
        (asyncpg.InterfaceError("connection is closed"), "axis.store_away"),
        (RuntimeError("unable to perform operation; the handler is closed"), "axis.store_away"),
        (TimeoutError(), "axis.store_away"),
        (ConnectionRefusedError(), "axis.store_away"),
        (PoolTimeoutError("busy"), "axis.store_away"),
        (asyncpg.InternalClientError("an answer of no state"), "axis.store_away"),
        (asyncpg.InsufficientPrivilegeError("denied"), "axis.store_away"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_what_the_world_does_is_told_as_unavailable(error: Exception, code: str):
    with pytest.raises(Unavailable, match=code), failures_told():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("our bug"),
        asyncpg.UndefinedTableError("our bug"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        RuntimeError("our bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_bugs_pass_as_they_are(error: Exception):
    with pytest.raises(type(error)), failures_told():
        raise error


class _Starting(Server):
    """A server that is replaying its log after a crash: it answers, and takes nobody in yet."""

    async def connect(self, *_: object, **__: object) -> Driver:
        raise asyncpg.CannotConnectNowError("the database system is starting up")


@pytest.mark.parametrize("use", [Server.writing, Server.reading, Server.recounting])
async def test_a_server_that_is_starting_is_away(use: Callable[[Server], _Using]):
    """The engine tells of what the driver raises while it connects in words of its own."""
    server = _Starting("postgresql://axis@nowhere/axis")
    with pytest.raises(Unavailable, match=r"axis\.store_away"):
        async with use(server):
            pass


async def test_books_are_not_brought_up_to_date_while_the_server_is_starting():
    with pytest.raises(Unavailable, match=r"axis\.store_away"):
        async with _Starting("postgresql://axis@nowhere/axis").migrating():
            pass


async def test_no_log_and_no_error_holds_the_password():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://axis:geheim@127.0.0.1:{port}/axis"
        with structlog.testing.capture_logs() as logged, pytest.raises(Unavailable) as caught:
            await open_store(url)
    causes = [caught.value, caught.value.__cause__]
    assert logged
    assert "geheim" not in repr(logged) + "".join(f"{cause!r}{cause}" for cause in causes)


async def test_books_that_are_not_there_are_not_made_by_looking(
    postgres_url: str, postgres_run: str
):
    with pytest.raises(NoBooks, match="axis_test"):
        await open_store(postgres_url, postgres_run, upgrade=False)


# ---- transactions ------------------------------------------------------------------------------


async def test_connections_are_as_promised(postgres_url: str, postgres_run: str):
    server = Server(postgres_url, postgres_run)
    async with _closing(server), server.writing() as driver:
        for name, value in {
            "synchronous_commit": "on",
            "transaction_isolation": "read committed",
            "statement_timeout": "20s",
            "lock_timeout": "6s",
            "idle_in_transaction_session_timeout": "3s",
            "plan_cache_mode": "force_generic_plan",
        }.items():
            assert await driver.fetchval(f"show {name}") == value


async def test_a_refused_package_leaves_no_bytes(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    await one(store, scribe.accept(to=[B]))
    assert code_of(await one(store, scribe.accept(to=[B], body=b"other"))) == "document.conflict"
    async with _session(postgres_url, postgres_run) as person:
        assert await person.fetchval("select count(*) from content") == 1


async def test_connections_that_read_stay(
    store: PostgresStore, postgres_url: str, postgres_run: str
):
    async def storm() -> set[int]:
        await asyncio.gather(*(store.inbox(code, {}, 9) for code in CODES for _ in range(9)))
        found = await person.fetch(
            "select pid from pg_stat_activity where application_name = 'axis'"
        )
        return {row[0] for row in found}

    async with _session(postgres_url, postgres_run) as person:
        first = await storm()
        assert await storm() == first


async def test_no_transaction_stays_open(
    store: PostgresStore, postgres_url: str, postgres_run: str, scribe: Scribe
):
    await one(store, scribe.accept())
    assert await one(store, scribe.accept()) == Accepted(
        (await store.documents_named(A, "1/UBND", 0, 99))[0], repeated=True
    )
    await one(store, scribe.move(Step.DONE))
    await asyncio.gather(*(store.inbox(code, {}, 9) for code in CODES for _ in range(5)))
    items = store.history()
    await anext(items)
    await items.aclose()
    async with _session(postgres_url, postgres_run) as person:
        states = await person.fetch(
            "select distinct state from pg_stat_activity where application_name = 'axis'"
        )
    assert [row[0] for row in states] == ["idle"]
