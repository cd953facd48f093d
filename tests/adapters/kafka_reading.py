"""What a foreign reader finds on the topics of a Kafka bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.bus import (
    EVENTS_PARTITIONS,
    PARTITIONS,
    Message,
    decode,
    events_topic,
    inbox_topic,
)
from tests.contract.buses import SOON_S
from tests.described import faults


class Reader:
    """Reads a topic from its beginning."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: int) -> None:
        self._consumer = consumer
        self.found: dict[int, list[Message]] = {number: [] for number in range(partitions)}

    async def read(self, count: int) -> dict[int, list[Message]]:
        """The messages by partition, once there are ``count`` in all."""
        return await self._until(lambda: sum(map(len, self.found.values())) >= count)

    async def reach(self, no: int, *partitions: int) -> dict[int, list[Message]]:
        """The messages by partition, once these partitions have come to a number."""
        return await self._until(
            lambda: all(no in [m.no for m in self.found[number]] for number in partitions)
        )

    async def quiet(self) -> None:
        """Read on until nothing more comes."""
        known = -1
        while sum(map(len, self.found.values())) > known:
            known = sum(map(len, self.found.values()))
            await self._look()

    async def _look(self) -> None:
        for partition, records in (await self._consumer.getmany(timeout_ms=500)).items():
            for record in records:
                assert faults(record.headers, record.value) == []
            self.found[partition.partition] += [
                decode(record.headers, record.value) for record in records
            ]

    async def _until(self, done: Callable[[], bool]) -> dict[int, list[Message]]:
        async with asyncio.timeout(SOON_S):
            while not done():
                await self._look()
        return self.found


def reading(bootstrap: str, start: str, code: str) -> AbstractAsyncContextManager[Reader]:
    """An agency's topic."""
    return _reading(bootstrap, inbox_topic(start, code), PARTITIONS)


def observing(bootstrap: str, start: str) -> AbstractAsyncContextManager[Reader]:
    """The observers' topic."""
    return _reading(bootstrap, events_topic(start), EVENTS_PARTITIONS)


@asynccontextmanager
async def _reading(bootstrap: str, topic: str, partitions: int) -> AsyncIterator[Reader]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        yield Reader(consumer, partitions)
    finally:
        await consumer.stop()
