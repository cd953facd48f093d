"""The contract of ``axis.lanes.Publisher``: in memory, and over Kafka as a foreign reader sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from axis.core.record import Record
from axis.lanes import Publisher
from axis.settings import KafkaSettings
from schemas.bus import partition
from tests.adapters.kafka_reading import reading
from tests.contract.books import A, B
from tests.contract.publishers import MemoryPublisher, prefix, prepare, publishing, record, status
from tests.kafka import Kafka

#: The numbers of an agency's partitions, once there are so many records.
Read = Callable[[str, int], Awaitable[dict[int, list[int]]]]


@dataclass(frozen=True, slots=True)
class Road:
    publisher: Publisher
    read: Read


@pytest.fixture(params=["memory", "kafka"])
async def road(request: pytest.FixtureRequest) -> AsyncIterator[Road]:
    if request.param == "memory":
        memory = MemoryPublisher()

        async def kept(code: str, count: int) -> dict[int, list[int]]:
            mine = [r for r in memory.topic if r.recipient == code]
            assert len(mine) == count
            return {n: [r.no for r in mine if partition(r.urgency) == n] for n in range(6)}

        yield Road(memory, kept)
        return
    kafka: Kafka = request.getfixturevalue("kafka")
    start = prefix()
    prepare(kafka, start)

    async def found(code: str, count: int) -> dict[int, list[int]]:
        async with reading(kafka.bootstrap, start, code) as reader:
            messages = await reader.read(count)
        return {number: [m.no for m in messages[number]] for number in messages}

    async with publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher:
        yield Road(publisher, found)


async def test_what_is_published_is_there_in_order(road: Road):
    await road.publisher.publish([record(n) for n in range(1, 6)])
    await road.publisher.publish([record(6)])
    assert (await road.read(B, 6))[0] == [1, 2, 3, 4, 5, 6]


async def test_every_lane_is_apart_and_statuses_too(road: Road):
    told = [record(10 + urgency, urgency=urgency) for urgency in range(5)]
    await road.publisher.publish([*told, status(77), record(3, to=A)])
    assert await road.read(B, 6) == {0: [10], 1: [11], 2: [12], 3: [13], 4: [14], 5: [77]}
    assert (await road.read(A, 1))[0] == [3]


async def test_lanes_may_be_mixed_and_each_keeps_its_order(road: Road):
    mixed: list[Record] = []
    for no in range(1, 200):
        mixed += [record(no, urgency=no % 2 * 4), record(no, to=A)]
    await road.publisher.publish(mixed)
    found = await road.read(B, 199)
    assert (found[4], found[0]) == ([*range(1, 200, 2)], [*range(2, 200, 2)])
    assert (await road.read(A, 199))[0] == [*range(1, 200)]


async def test_the_same_again_is_there_again(road: Road):
    await road.publisher.publish([record(1), record(2)])
    await road.publisher.publish([record(1), record(2), record(3)])
    assert (await road.read(B, 5))[0] == [1, 2, 1, 2, 3]


async def test_calls_for_different_lanes_may_be_under_way_together(road: Road):
    async with asyncio.TaskGroup() as tasks:
        for urgency in range(5):
            numbers = range(1, 60)
            tasks.create_task(road.publisher.publish([record(n, urgency=urgency) for n in numbers]))
    found = await road.read(B, 5 * 59)
    assert [found[urgency] for urgency in range(5)] == [[*range(1, 60)]] * 5


async def test_no_record_asks_whether_the_bus_is_there(road: Road):
    await road.publisher.publish(())
