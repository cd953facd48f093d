"""The listening side of the Kafka bus: one consumer wakes the polls of this process.

It reads the partitions that somebody here waits for, and those somebody waited for before, since
polls come and go: from their end, in no group, committing nothing, for what it reads is a hint to
look. Each time it begins to hear (it has connected, or somebody waits for one more topic) it wakes
everybody once, since it cannot know what came before.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from axis.adapters.kafka_clients import KafkaClients, stop
from axis.adapters.kafka_topics import KafkaTopics, WrongTopic
from axis.adapters.listeners import Listener, Listeners, Topic
from axis.core.retry import Backoff
from schemas.bus import PARTITIONS, STATUSES_PARTITION, inbox_topic, recipient_of

log = structlog.get_logger()

#: Records of one look; nothing is done with them, so many are cheap.
RECORDS_MAX = 5_000
#: Milliseconds of one look; it ends as soon as something comes.
LOOK_MS = 1_000
#: Polls that begin together, as when a process of agencies starts, are one change.
GATHER_S = 0.005
_BACKOFF = Backoff(first_s=0.1, most_s=2.0)


class KafkaEar:
    """Hears the topics of one run for the listeners of this process."""

    def __init__(self, clients: KafkaClients, topics: KafkaTopics, prefix: str) -> None:
        self._clients = clients
        self._topics = topics
        self._prefix = prefix
        self._listeners = Listeners()
        self._heard: frozenset[Topic] = frozenset()
        #: Somebody waits for a topic that is not heard.
        self._more = asyncio.Event()

    @contextmanager
    def listen(self, topic: Topic) -> Iterator[Listener]:
        """Subscribe to one topic."""
        with self._listeners.listen(topic) as listener:
            if topic not in self._heard:
                self._more.set()
            yield listener

    async def run(self) -> None:
        """Hear for ever, from the first listener on; a broker that is away is tried again."""
        attempt = 0
        while True:
            await self._more.wait()
            consumer = self._clients.consumer()
            try:
                await consumer.start()
                await self._hear(consumer)
            except (KafkaError, OSError, TimeoutError, WrongTopic) as error:
                attempt = 1 if self._heard else attempt + 1
                log.warning("bus not heard", action="bus.not_heard", why=str(error), tries=attempt)
            finally:
                self._heard = frozenset()
                await stop(consumer)
            if self._listeners.topics:
                self._more.set()
            await asyncio.sleep(_BACKOFF.delay_s(attempt, random.random()))

    async def _hear(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            if self._more.is_set():
                await asyncio.sleep(GATHER_S)
                self._more.clear()
                await self._assign(consumer)
            look = asyncio.ensure_future(
                consumer.getmany(timeout_ms=LOOK_MS, max_records=RECORDS_MAX)
            )
            more = asyncio.ensure_future(self._more.wait())
            try:
                await asyncio.wait({look, more}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                more.cancel()
                # Cut off while it waits, it has taken nothing yet.
                look.cancel()
                await asyncio.wait({look})
            if not look.cancelled():
                for partition in look.result():
                    self._tell(partition)

    def _tell(self, partition: TopicPartition) -> None:
        recipient = recipient_of(self._prefix, partition.topic)
        self._listeners.tell(Topic(recipient, partition.partition == STATUSES_PARTITION))

    async def _assign(self, consumer: AIOKafkaConsumer) -> None:
        """Hear also what is newly waited for. Raises ``TimeoutError`` when an end is not found."""
        wanted = self._heard | self._listeners.topics
        if wanted == self._heard:
            return
        await self._topics.ensure({topic.recipient for topic in wanted})
        consumer.assign([partition for topic in wanted for partition in self._partitions(topic)])
        if not await consumer.seek_to_end():
            raise TimeoutError("the ends of the topics were not found")
        self._heard = frozenset(wanted)
        for topic in wanted:
            self._listeners.tell(topic)

    def _partitions(self, topic: Topic) -> list[TopicPartition]:
        name = inbox_topic(self._prefix, topic.recipient)
        numbers = [STATUSES_PARTITION] if topic.statuses else range(PARTITIONS - 1)
        return [TopicPartition(name, number) for number in numbers]
