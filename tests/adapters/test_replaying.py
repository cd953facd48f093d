"""Driving jobs over books in memory: lost answers, dead drivers, damaged bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
import structlog

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.document import Document, Place
from axis.core.lifecycle import Step
from axis.core.replay import Act, Job, Kind, Stage
from axis.core.timetable import MICROSECONDS
from axis.flows.commit import Committer
from axis.flows.replaying import LEASE_S, Books, Replaying
from tests.api.world import HandClock
from tests.contract.books import CODES, B, Scribe, agency, differences, document_of, ran

DOCUMENTS = 60


@dataclass
class Desk:
    """The books, and as many processes over them as a test wants."""

    clock: HandClock = field(default_factory=HandClock)
    books: MemoryBooks = field(default_factory=MemoryBooks)
    scribe: Scribe = field(default_factory=Scribe)
    faults: list[Literal["before", "after"] | None] = field(default_factory=list)

    @property
    def store(self) -> MemoryStore:
        return MemoryStore(self.books)

    async def begun(self, **how: Any) -> Job:
        """A running job over deliveries that are done."""
        await self.store.enrol([agency(code) for code in CODES], [], [])
        scribe = self.scribe
        accepts = [scribe.accept(f"{n}/UBND", body=b"%d" % n) for n in range(DOCUMENTS)]
        documents: list[Document] = [document_of(o) for o in await self.store.apply(accepts)]
        places = [Place(B, 0, n) for n in range(1, DOCUMENTS + 1)]
        await self.store.apply([scribe.move(Step.DONE, *places)])
        plan = scribe.plan(*((d.seq, B) for d in documents), kind=Kind.GIVE_BACK, **how)
        run = scribe.steer(plan.job.id, Act.RUN)
        _, outcome = await self.store.apply([plan, run])
        return ran(outcome)

    @asynccontextmanager
    async def process(self, owner: str, *, weather: bool = False) -> AsyncIterator[MemoryStore]:
        """One process that drives, until it is killed."""
        faults = self.faults if weather else []
        store = MemoryStore(self.books, lambda _: faults.pop(0) if faults else None)
        committer = Committer(store, lambda _: None)
        driving = Replaying(Books(store, store.replays, committer), self.clock, owner)
        tasks = [asyncio.create_task(committer.run()), asyncio.create_task(driving.run())]
        try:
            yield store
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def until(self, job: Job, look: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(20):
            while True:
                found = await self.store.replays.job(job.id)
                assert found is not None
                if look(found):
                    return found
                await asyncio.sleep(0.01)

    async def must_be_given_once(self, job: Job) -> None:
        found = await self.until(job, lambda job: job.stage is Stage.FINISHED)
        assert found.cursor == DOCUMENTS
        items = await self.store.replays.items(job.id, 0, 99)
        assert {(item.attempt, item.skipped) for item in items} == {(2, "")}
        given = [event.kind for event in self.books.events].count("given")
        assert given == DOCUMENTS
        assert await differences(self.store) == []


async def test_everything_is_handed_over_in_order():
    desk = Desk()
    job = await desk.begun(rate=1000)
    async with desk.process("one"):
        await desk.must_be_given_once(job)
    given = [event.doc for event in desk.books.events if event.kind == "given"]
    assert given == sorted(given)


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_page_of_unknown_outcome_is_not_handed_over_twice(
    fault: Literal["before", "after"],
):
    desk = Desk()
    job = await desk.begun(rate=100)
    # The lease is taken; of every second group after it nobody hears what became.
    desk.faults += [None, fault] * 3
    with structlog.testing.capture_logs():
        async with desk.process("one", weather=True):
            await desk.must_be_given_once(job)
    assert desk.faults == []


async def test_two_processes_hand_over_as_much_as_one():
    desk = Desk()
    job = await desk.begun(rate=100)
    async with desk.process("one"), desk.process("two"):
        await desk.must_be_given_once(job)
    found = await desk.store.replays.job(job.id)
    assert found is not None
    # Begun by the run, taken by one: the other found it driven.
    assert found.epoch == job.epoch + 1


async def test_a_job_whose_driver_is_gone_is_taken_when_its_lease_has_run_out():
    desk = Desk()
    job = await desk.begun(rate=10)
    async with desk.process("one"):
        left = await desk.until(job, lambda job: job.cursor > 0)
    assert left.owner == "one"
    desk.clock.at += int(LEASE_S * MICROSECONDS)
    # The rest at once, for the test's sake.
    desk.books.replaying.jobs[job.id] = replace(left, rate=1000)
    async with desk.process("two"):
        await desk.must_be_given_once(job)


async def test_what_is_damaged_is_passed_over_and_said():
    desk = Desk()
    job = await desk.begun(rate=1000)
    damaged = desk.books.documents[2]
    desk.books.packages[damaged.sha256] = b"other bytes"
    with structlog.testing.capture_logs() as logs:
        async with desk.process("one"):
            await desk.until(job, lambda job: job.stage is Stage.FINISHED)
    items = await desk.store.replays.items(job.id, 0, 99)
    assert [(i.no, i.skipped) for i in items if not i.attempt] == [(2, "package.damaged")]
    assert [log["delivery"] for log in logs if log["event"] == "damaged"] == [f"{damaged.id}.{B}"]


async def test_while_the_store_is_away_nothing_is_looked_for_and_then_it_goes_on():
    desk = Desk()
    job = await desk.begun(rate=1000)
    desk.faults += ["before", "before"]
    with structlog.testing.capture_logs() as logs:
        async with desk.process("one", weather=True):
            await desk.must_be_given_once(job)
    assert [log["action"] for log in logs].count("replay.failed") == 2
