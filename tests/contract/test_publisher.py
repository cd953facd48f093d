"""The contracts of ``axis.lanes.Publisher`` and ``Observers``: in memory, and over Kafka as a
foreign reader sees it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from axis.core.record import Record
from axis.lanes import Observers, Publisher
from axis.settings import KafkaSettings
from schemas.bus import partition
from tests.adapters.kafka_reading import observing, reading
from tests.contract.books import A, B
from tests.contract.publishers import (
    MemoryPublisher,
    event,
    prefix,
    prepare,
    publishing,
    record,
    status,
)
from tests.kafka import Kafka

#: The numbers of an agency's partitions, once there are so many records.
Read = Callable[[str, int], Awaitable[dict[int, list[int]]]]
#: The numbers of the events, once there are so many.
Seen = Callable[[int], Awaitable[list[int]]]


@dataclass(frozen=True, slots=True)
class Road:
    publisher: Publisher
    read: Read
    observers: Observers
    seen: Seen


@pytest.fixture(params=["memory", "kafka"])
async def road(request: pytest.FixtureRequest) -> AsyncIterator[Road]:
    if request.param == "memory":
        memory = MemoryPublisher()

        async def kept(code: str, count: int) -> dict[int, list[int]]:
            mine = [r for r in memory.topic if r.recipient == code]
            assert len(mine) == count
            return {n: [r.no for r in mine if partition(r.urgency) == n] for n in range(6)}

        async def told(count: int) -> list[int]:
            assert len(memory.events) == count
            return [event.no for event in memory.events]

        yield Road(memory, kept, memory, told)
        return
    kafka: Kafka = request.getfixturevalue("kafka")
    start = prefix()
    prepare(kafka, start)

    async def found(code: str, count: int) -> dict[int, list[int]]:
        async with reading(kafka.bootstrap, start, code) as reader:
            messages = await reader.read(count)
        return {number: [m.no for m in messages[number]] for number in messages}

    async def seen(count: int) -> list[int]:
        async with observing(kafka.bootstrap, start) as reader:
            return [message.no for message in (await reader.read(count))[0]]

    async with publishing(KafkaSettings(bootstrap=kafka.bootstrap), start) as publisher:
        yield Road(publisher, found, publisher, seen)


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


async def test_events_are_there_in_order_over_pages_small_and_large(road: Road):
    no = 0
    for size in (1, 3, 1000, 7, 8, 1):
        await road.observers.observe([event(n) for n in range(no + 1, no + size + 1)])
        no += size
    assert await road.seen(no) == [*range(1, no + 1)]


async def test_the_same_events_again_are_there_again_and_in_no_lane(road: Road):
    await road.observers.observe([event(1), event(2)])
    await road.publisher.publish([record(1)])
    await road.observers.observe([event(1), event(2), event(3)])
    assert await road.seen(5) == [1, 2, 1, 2, 3]
    assert (await road.read(B, 1))[0] == [1]
