"""What the bus on PostgreSQL promises beyond the contract: told with the group, heard again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from agencies.world import make_world
from axis.adapters import postgres_bus
from axis.adapters.postgres_bus import PostgresBus
from axis.adapters.postgres_server import PATIENCE, Patience, Server
from axis.adapters.postgres_store import PostgresStore, open_store
from axis.api.running import Axis
from axis.bootstrap import build
from axis.cli.setup import enrol
from axis.core.commands import ById
from axis.core.member_commands import Revoke, Revoked
from axis.core.trust import Certificate
from axis.flows.members import DIRECTORY
from axis.ports import Bus, BusAway
from axis.settings import Settings
from tests import postgres
from tests.contract.books import CODES, A, B, C, Scribe, agency, document_of, one
from tests.contract.buses import SOON_S, listening
from tests.contract.test_bus_between_processes import NEVER_S


class Process:
    """A store and a bus as one process has them."""

    def __init__(self, run: str, server: Server, bus: PostgresBus, store: PostgresStore) -> None:
        self.run = run
        self.server = server
        self.bus = bus
        self.store = store


@asynccontextmanager
async def process(url: str, run: str, patience: Patience = PATIENCE) -> AsyncIterator[Process]:
    server = Server(url, run, patience)
    bus = PostgresBus(server, store_tells=True)
    store = await open_store(url, run, tell=bus.tell)
    hearing = asyncio.create_task(bus.run())
    try:
        await listening(bus)
        yield Process(run, server, bus, store)
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
        await store.close()
        await server.close()


@pytest.fixture
async def here(postgres_url: str, postgres_run: str) -> AsyncIterator[Process]:
    async with process(postgres_url, postgres_run) as made:
        await made.store.enrol([agency(code) for code in CODES], [], [])
        yield made


@pytest.fixture
async def there(here: Process, postgres_url: str, postgres_run: str) -> AsyncIterator[Process]:
    async with process(postgres_url, postgres_run) as made:
        yield made


async def test_a_group_tells_the_other_processes_by_itself(
    here: Process, there: Process, scribe: Scribe
):
    with (
        there.bus.listen(B, statuses=False) as documents,
        there.bus.listen(A, statuses=True) as statuses,
        there.bus.listen(C, statuses=False) as other,
    ):
        document = document_of(await one(here.store, scribe.accept(to=[B])))
        assert await documents.wait(SOON_S)
        await one(here.store, scribe.say(ById(document.id, B), "01"))
        assert await statuses.wait(SOON_S)
        assert not await other.wait(NEVER_S)
        assert not await documents.wait(0)


async def test_what_is_refused_is_not_told(here: Process, there: Process, scribe: Scribe):
    with (
        there.bus.listen(B, statuses=False) as refused,
        there.bus.listen(C, statuses=False) as later,
    ):
        await one(here.store, scribe.accept(to=[B]))
        assert await refused.wait(SOON_S)
        await one(here.store, scribe.accept(to=[B], body=b"other"))
        await one(here.store, scribe.accept())
        await one(here.store, scribe.accept("2/UBND", to=[C]))
        assert await later.wait(SOON_S)
        assert not await refused.wait(0)


async def test_what_changes_the_directory_is_told_as_that(
    here: Process, there: Process, scribe: Scribe
):
    trusted = Certificate(agency=A, fingerprint="aa", not_before=1, not_after=2)
    await here.store.enrol([], [trusted], [])
    with there.bus.listen(DIRECTORY, statuses=False) as listener:
        await one(here.store, scribe.lock(B))
        assert await listener.wait(SOON_S)
        audit = scribe.audit("revoke", A)
        revoked = Revoked((replace(trusted, revoked_at=audit.now),), 1)
        assert await one(here.store, Revoke(agency=A, audit=audit)) == revoked
        assert await listener.wait(SOON_S)


async def test_a_process_does_not_hear_itself(here: Process, there: Process, scribe: Scribe):
    with here.bus.listen(B, statuses=False) as own, there.bus.listen(B, statuses=False) as other:
        await one(here.store, scribe.accept(to=[B]))
        assert await other.wait(SOON_S)
        # Its relay wakes it through publish, sooner than any server could.
        assert not await own.wait(NEVER_S)


async def test_a_bus_that_was_cut_off_hears_again(
    here: Process,
    there: Process,
    postgres_url: str,
    scribe: Scribe,
    monkeypatch: pytest.MonkeyPatch,
):
    # The end of a connection is told: nobody waits until it is asked for.
    monkeypatch.setattr(postgres_bus, "HEARTBEAT_S", 100 * SOON_S)
    with there.bus.listen(B, statuses=False) as listener:
        # Let it wait anew, with that in mind.
        await one(here.store, scribe.accept("1/UBND", to=[B]))
        assert await listener.wait(SOON_S)
        with structlog.testing.capture_logs():
            await postgres.execute(
                postgres_url,
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'axis'",
            )
            # Something may have been missed meanwhile: whoever listens looks.
            assert await listener.wait(SOON_S)
        await one(here.store, scribe.accept("2/UBND", to=[B]))
        assert await listener.wait(SOON_S)


async def test_a_connection_that_is_gone_without_a_sign_is_made_anew(
    here: Process, postgres_url: str, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres_bus, "HEARTBEAT_S", 0.1)
    run = here.run
    async with process(postgres_url, run, Patience(answer_s=1.0)) as there:
        with there.bus.listen(B, statuses=False) as listener:
            silent = there.bus._listening
            assert silent is not None
            silent._transport.pause_reading()
            with structlog.testing.capture_logs():
                assert await listener.wait(SOON_S)
            assert silent.is_closed()
            await one(here.store, scribe.accept(to=[B]))
            assert await listener.wait(SOON_S)


async def test_a_message_of_nobodys_wakes_everybody_and_ends_nothing(
    here: Process, there: Process, postgres_url: str, scribe: Scribe
):
    """Whoever may use the database may notify its channels, and an axis may be of another age."""
    strange = ("", "hello", "7", "[1, 2]", "[1, 2, 3]", '{"a": 1}', "[1, [[]], []]", "[" * 7000)
    with there.bus.listen(B, statuses=False) as listener:
        for message in strange:
            with structlog.testing.capture_logs() as logged:
                notify = f"select pg_notify('{there.server.schema}', '{message}')"
                await postgres.execute(postgres_url, notify)
                assert await listener.wait(SOON_S)
            assert {line["action"] for line in logged} == {"bus.strange"}
        await one(here.store, scribe.accept(to=[B]))
        assert await listener.wait(SOON_S)


async def test_a_bus_that_is_not_there_says_so():
    server = Server("postgresql://axis@127.0.0.1:1/axis")
    bus: Bus = PostgresBus(server)
    with pytest.raises(BusAway):
        await bus.publish(())
    hearing = asyncio.create_task(bus.run())  # type: ignore[attr-defined]
    with structlog.testing.capture_logs() as logged:
        while not any(line["action"] == "bus.away" for line in logged):
            await asyncio.sleep(0)
    hearing.cancel()
    await server.close()


# ---- whole axes --------------------------------------------------------------------------------


@pytest.fixture
async def settings(
    tmp_path: Path, postgres_url: str, postgres_run: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.setenv("AXIS_DATABASE", postgres_url)
    made = Settings(var=tmp_path, run=postgres_run)
    await enrol(made, make_world(made.home))
    return made


async def _until(axis: Axis, code: str, *, locked: bool) -> None:
    """Wait for a directory that says so; whoever registers or locks is told at once."""
    async with asyncio.timeout(SOON_S):
        while True:
            known = axis.members.directory.agency_of(code)
            if known is not None and known.locked is locked:
                return
            await asyncio.sleep(0)


async def test_what_one_axis_changes_in_the_directory_another_follows(settings: Settings):
    new = "000.00.00.H99"
    async with build(settings) as one_axis, build(settings) as other:
        await listening(other.bus)
        await one_axis.members.register(agency(new), "op", "asked to")
        await _until(other, new, locked=False)
        await other.members.lock(new, True, "op", "asked to")
        await _until(one_axis, new, locked=True)
        assert (await one_axis.readiness()).ready
        assert (await other.readiness()).ready


def test_settings_show_where_the_books_are_and_never_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("AXIS_DATABASE", "postgresql://axis:geheim@db.example:5433/docs")
    settings = Settings(var=tmp_path)
    assert settings.books == "PostgreSQL at db.example, database docs"
    assert "geheim" not in repr(settings) + settings.model_dump_json()
    monkeypatch.setenv("AXIS_DATABASE", "mysql://axis:geheim@db.example/docs")
    with pytest.raises(ValueError, match="must be postgresql://") as caught:
        Settings()
    assert "geheim" not in str(caught.value)
    monkeypatch.setenv("AXIS_DATABASE", "")
    assert Settings(var=tmp_path).books == f"{tmp_path}/axis/"
