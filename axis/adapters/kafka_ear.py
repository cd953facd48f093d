"""The listening side of the Kafka bus: one consumer wakes the polls of this process.

It reads the one topic by which the processes of a run wake each other, and not those of the
agencies: 95 of these are 570 partitions, which cost their reader ten milliseconds a fetch, also
where there is nothing. It reads from the end, in no group, committing nothing, for what it reads is
a hint to look; each time it begins to hear it wakes everybody once, since it cannot know what came
before.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from contextlib import AbstractContextManager

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from axis.adapters.kafka_clients import KafkaClients, start, stop
from axis.adapters.kafka_topics import KafkaTopics, WrongTopic
from axis.adapters.listeners import Listener, Listeners, Topic
from axis.core.retry import Backoff
from schemas.bus import NotUnderstood, Wake, decode_wake, wake_topic

log = structlog.get_logger()

RECORDS_MAX = 500
#: Milliseconds of one look; it ends as soon as something comes.
LOOK_MS = 10_000
_BACKOFF = Backoff(first_s=0.1, most_s=2.0)


class KafkaEar:
    """Hears for the listeners of this process, which ``origin`` names, what others publish."""

    def __init__(
        self, clients: KafkaClients, topics: KafkaTopics, prefix: str, origin: str
    ) -> None:
        self._clients = clients
        self._topics = topics
        self._topic = wake_topic(prefix)
        self._origin = origin
        self._listeners = Listeners()

    def listen(self, topic: Topic) -> AbstractContextManager[Listener]:
        """Subscribe to one topic."""
        return self._listeners.listen(topic)

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake the listeners of this process."""
        for topic in topics:
            self._listeners.tell(topic)

    async def run(self) -> None:
        """Hear for ever; a broker that is away is tried again."""
        attempt = 0
        while True:
            consumer = self._clients.consumer()
            try:
                await start(consumer)
                await self._begin(consumer)
                attempt = 0
                while True:
                    found = await consumer.getmany(timeout_ms=LOOK_MS, max_records=RECORDS_MAX)
                    for records in found.values():
                        self._hear(records)
            except (KafkaError, OSError, TimeoutError, WrongTopic) as error:
                attempt += 1
                log.warning("bus not heard", action="bus.not_heard", why=str(error), tries=attempt)
            finally:
                await stop(consumer)
            await asyncio.sleep(_BACKOFF.delay_s(attempt, random.random()))

    async def _begin(self, consumer: AIOKafkaConsumer) -> None:
        """Hear from now on. Raises ``TimeoutError`` when the end of the topic is not found."""
        await self._topics.ensure(())
        consumer.assign([TopicPartition(self._topic, 0)])
        if not await consumer.seek_to_end():
            raise TimeoutError("the end of the topic was not found")
        self.wake(self._listeners.topics)

    def _hear(self, records: Iterable[ConsumerRecord]) -> None:
        for record in records:
            try:
                told = decode_wake(record.value)
            except NotUnderstood as error:
                log.warning("record not understood", action="bus.stranger", why=str(error))
                continue
            if told.origin != self._origin:
                self.wake(topics_of(told))


def topics_of(told: Wake) -> set[Topic]:
    """Whom it wakes."""
    inboxes = {Topic(code, statuses=False) for code in told.inboxes}
    return inboxes | {Topic(code, statuses=True) for code in told.statuses}
