"""The large form in bad weather: the broker goes, the database goes, and nobody starts the axis anew."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from axis.broker.jars import lacking
from axis.cluster import Cluster
from axis.settings import Settings
from schemas import bus
from tests import kafka, postgres
from tests.acceptance.correspondents import LANG_SON, OFFICE, Agency, eventually, until_ready
from tests.acceptance.senders import PAUSE_S, Senders, running, sending, set_up, told_by
from tests.adapters.kafka_reading import reading

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

RUN = "weather"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that this test may end."""
    made = Cluster(postgres.required(), fsync=False)
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[kafka.Broker]:
    """A Kafka that this test may end; it has run once, and is away."""
    if why := lacking():
        (pytest.fail if kafka.required() else pytest.skip)(why)
    own = kafka.Broker(tmp_path / "kafka")
    own.start()
    own.stop()
    try:
        yield own
    finally:
        own.stop()


@pytest.fixture
async def senders(tmp_path: Path) -> AsyncIterator[Senders]:
    async with sending(Settings(var=tmp_path, run=RUN)) as made:
        yield made


async def test_an_axis_accepts_while_kafka_is_away_and_catches_up_when_it_comes(
    tmp_path: Path,
    cluster: Cluster,
    broker: kafka.Broker,
    senders: Senders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Away at the start, there, killed, there again: one process through all of it."""
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", broker.bootstrap)
    settings = await set_up(tmp_path, cluster.url, RUN, monkeypatch)
    with running(settings, "axis") as axis:
        agency = Agency(senders, axis, settings.home)
        await senders.login(axis, (LANG_SON, OFFICE))
        assert (await agency.ready()) | {"waiting_commands": 0} == {
            "ready": False,
            "store": True,
            "bus": False,
            "waiting_commands": 0,
        }
        deliveries = (await agency.sent(1))["deliveries"]
        # Whoever asks is served, with or without Kafka.
        assert await agency.waiting() == deliveries

        broker.start()
        await until_ready(agency, ready=True, bus=True)
        deliveries += (await agency.sent(2))["deliveries"]
        await _in_topic(broker, settings, 2)

        broker.kill()
        await until_ready(agency, ready=False, store=True, bus=False)
        deliveries += (await agency.sent(3))["deliveries"]
        assert await agency.waiting() == deliveries

        broker.start()
        await until_ready(agency, ready=True, bus=True)
        deliveries += (await agency.sent(4))["deliveries"]
        await _in_topic(broker, settings, 4)
        assert await agency.waiting() == deliveries
        assert axis.end() == 0
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (4, 4)


async def _in_topic(broker: kafka.Broker, settings: Settings, no: int) -> None:
    """The recipient's topic has this number of its lane."""
    async with reading(broker.bootstrap, settings.topic_prefix, OFFICE) as reader:
        found = (await reader.reach(no, 0))[0]
    assert {message.type for message in found} == {bus.WAITING}


@pytest.mark.parametrize("workers", [1, 2])
async def test_without_its_database_an_axis_says_come_back_and_does_nothing_by_half(
    tmp_path: Path,
    cluster: Cluster,
    senders: Senders,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    settings = await set_up(tmp_path, cluster.url, RUN, monkeypatch)
    with running(settings, "axis", workers) as axis:
        agency = Agency(senders, axis, settings.home)
        await senders.login(axis, (LANG_SON, OFFICE))
        first = await agency.sent(1)

        cluster.end(signal.SIGQUIT)
        for answer in (
            await agency.post(2),
            # One that was accepted is looked for in the books.
            await agency.post(1),
            await senders.ask(axis, OFFICE, "GET", "/v1/inbox"),
            await agency.confirmed(first["deliveries"]),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "axis.store_away")
            assert int(answer.headers["retry-after"]) >= 1
        told = await agency.ready()
        assert (told["ready"], told["store"]) == (False, False)

        cluster.start()
        await until_ready(agency, ready=True, store=True)
        # The same requests, as they were.
        second = await agency.sent(2)
        repeated = await agency.post(1)
        assert (repeated.status_code, repeated.json()) == (200, first)
        assert await agency.waiting() == [*first["deliveries"], *second["deliveries"]]
        done = await agency.confirmed(first["deliveries"])
        assert done.status_code == 200, done.text
        assert await agency.waiting() == second["deliveries"]
        assert axis.end() == 0
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (2, 2)


async def test_a_database_that_goes_in_the_middle_of_a_crowd_loses_and_doubles_nothing(
    tmp_path: Path, cluster: Cluster, senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await set_up(tmp_path, cluster.url, RUN, monkeypatch)
    with running(settings, "a") as a, running(settings, "b") as b:
        await senders.login(a, (LANG_SON, OFFICE))
        crowd = _Crowd([Agency(senders, axis, settings.home) for axis in (a, b)])
        async with asyncio.TaskGroup() as group:
            for _ in range(CROWD):
                group.create_task(crowd.send())
            await eventually(crowd.sees(201), "the first receipts")
            await asyncio.to_thread(cluster.end, signal.SIGQUIT)
            await eventually(crowd.sees(503), "refusals")
            await asyncio.to_thread(cluster.start)
            await eventually(crowd.sees(201), "receipts again")
            crowd.over = True
        assert crowd.strange == []
        assert len(set(crowd.deliveries)) == len(crowd.deliveries)
        assert (a.end(), b.end()) == (0, 0)
    proof = told_by("audit")
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (len(crowd.deliveries),) * 2


#: Who sends at once; several commands are in one group then.
CROWD = 8


@dataclass
class _Crowd:
    """Letters sent one after the other, each until it has its receipt, to two axes in turn."""

    doors: list[Agency]
    deliveries: list[str] = field(default_factory=list)
    #: Answers that are neither a receipt nor a request to come back.
    strange: list[str] = field(default_factory=list)
    over: bool = False
    _seen: Counter[int] = field(default_factory=Counter)
    _number: int = 0

    async def send(self) -> None:
        while not self.over:
            self._number += 1
            number = self._number
            turn = number
            while not await self._posted(self.doors[turn % len(self.doors)], number):
                await asyncio.sleep(PAUSE_S)
                turn += 1

    async def _posted(self, door: Agency, number: int) -> bool:
        answer = await door.post(number)
        self._seen[answer.status_code] += 1
        if answer.status_code in (200, 201):
            self.deliveries += answer.json()["deliveries"]
            return True
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            self.strange.append(f"{answer.status_code} {answer.text}")
        return False

    def sees(self, status: int) -> Callable[[], Coroutine[Any, Any, bool]]:
        """Whether more such answers have come since."""
        before = self._seen[status]

        async def look() -> bool:
            return self._seen[status] >= before + CROWD

        return look
