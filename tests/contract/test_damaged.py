"""Rows that are no values, met by what runs for ever: it says so, and goes on with all others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from axis.adapters.embedded_bus import EmbeddedBus
from axis.adapters.postgres_server import schema_of
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.core.replay import Act, Job, Kind, Stage
from axis.flows.commit import Committer
from axis.flows.relay import Relay
from axis.flows.replaying import Books, Replaying
from tests import postgres
from tests.contract.books import A, B, C, D, Scribe, document_of, ran
from tests.contract.recipes import Replayed
from tests.contract.test_relay import HandClock, Scene

pytestmark = pytest.mark.parametrize("closed", ["sqlite", "postgres"], indirect=True)

#: Bytes that are no text, in a column of text, whatever the database would say to it.
_CAST = "create cast (bytea as text) without function; {}; drop cast (bytea as text)"
_NO_TEXT = {"sqlite": "cast(x'ff' as text)", "postgres": r"'\xff'::bytea::text"}

Damage = Callable[[str], Awaitable[None]]


@pytest.fixture
def damage(request: pytest.FixtureRequest, where: tuple[str, str], tmp_path: Path) -> Damage:
    """Runs some SQL on the books, in which {} is no text."""
    kind = "postgres" if where[0] else "sqlite"

    async def work(sql: str) -> None:
        sql = sql.format(_NO_TEXT[kind])
        if kind == "postgres":
            url, run = where
            await postgres.execute(url, f"set search_path = {schema_of(run)}; {_CAST.format(sql)}")
            return
        connection = sqlite3.connect(tmp_path / "axis" / "books.sqlite")
        connection.execute(sql)
        connection.commit()
        connection.close()

    return work


@pytest.fixture
def scene(store: Replayed) -> Scene:
    return Scene(store)


@asynccontextmanager
async def relaying(scene: Scene) -> AsyncIterator[None]:
    """One that runs, for observers too."""
    made = Relay(scene.lanes, scene.publisher, EmbeddedBus(), scene.clock, "one", scene.publisher)
    running = asyncio.create_task(made.run())
    yield
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not look():
            await asyncio.sleep(0.01)


async def test_a_lane_that_cannot_be_read_keeps_no_other_waiting(scene: Scene, damage: Damage):
    await scene.send(1, to=[B])
    await scene.send(3, to=[C, D])
    await damage("update document set document_id = {} where seq = 1")
    others = {(code, 0): [1, 2, 3] for code in (C, D)}
    with structlog.testing.capture_logs() as logs:
        async with relaying(scene):
            await until(lambda: scene.read().applied == others)
            await until(lambda: any(log["event"] == "agency set aside" for log in logs))
    assert {log["agency"] for log in logs if log["event"] == "agency set aside"} == {B}


async def test_an_event_that_cannot_be_read_holds_observers_up_and_nobody_else(
    scene: Scene, damage: Damage
):
    await scene.send(3, to=[B, C])
    await damage("update event set actor = {} where seq = 2")
    with structlog.testing.capture_logs() as logs:
        async with relaying(scene):
            await until(lambda: any(log["event"] == "observers not told" for log in logs))
            await until(lambda: len(scene.read().applied) == 2)
    assert scene.publisher.events == []


async def _begun(store: Replayed, scribe: Scribe) -> Job:
    """A running job over three deliveries that are done."""
    accepts = [scribe.accept(f"{n}/UBND", sender=A) for n in range(3)]
    documents = [document_of(outcome) for outcome in await store.apply(accepts)]
    await store.apply([scribe.move(Step.DONE, *(Place(B, 0, n) for n in (1, 2, 3)))])
    plan = scribe.plan(*((d.seq, B) for d in documents), kind=Kind.GIVE_BACK, rate=1000)
    _, outcome = await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    return ran(outcome)


@pytest.mark.parametrize(
    "sql",
    [
        f"update delivery set transport = 9 where recipient = '{B}' and no = 2",
        "update document set sender = {} where seq = (select doc from delivery where no = 2)",
    ],
)
async def test_a_job_passes_over_a_row_that_is_no_delivery(
    store: Replayed, scribe: Scribe, damage: Damage, sql: str
):
    job = await _begun(store, scribe)
    await damage(sql)
    with structlog.testing.capture_logs() as logs:
        found = await _drive(store, job)
    assert (found.stage, found.cursor) == (Stage.FINISHED, 3)
    assert [log["no"] for log in logs if log["event"] == "damaged"] == [2]
    outcomes = await store.replays.outcomes(job.id)
    assert (outcomes.silent, outcomes.skipped) == (2, 1)


async def test_a_job_that_is_none_keeps_no_other_from_running(
    store: Replayed, scribe: Scribe, damage: Damage
):
    damaged = await _begun(store, scribe)
    await damage(f"update replay set told = 'no json' where id = '{damaged.id}'")
    accept = scribe.accept("other/UBND", to=[C])
    document = document_of((await store.apply([accept]))[0])
    await store.apply([scribe.move(Step.DONE, Place(C, 0, 1))])
    plan = scribe.plan((document.seq, C), kind=Kind.GIVE_BACK, rate=1000)
    _, outcome = await store.apply([plan, scribe.steer(plan.job.id, Act.RUN)])
    with structlog.testing.capture_logs() as logs:
        found = await _drive(store, ran(outcome))
    assert {log["job"] for log in logs if log["event"] == "damaged"} == {damaged.id}
    assert found.stage is Stage.FINISHED


async def _drive(store: Replayed, job: Job) -> Job:
    """Drive until a job has ended."""
    committer = Committer(store, lambda _: None)
    driving = Replaying(Books(store, store.replays, committer), HandClock(), "one")
    tasks = [asyncio.create_task(committer.run()), asyncio.create_task(driving.run())]
    try:
        async with asyncio.timeout(60):
            while True:
                found = await store.replays.job(job.id)
                assert found is not None
                assert not any(task.done() for task in tasks)
                if found.stage is not Stage.RUNNING:
                    break
                await asyncio.sleep(0.01)
        return found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
