"""The topics of Apache Kafka, written to through aiokafka (``Publisher`` and ``Observers`` of
``axis.lanes``).

Records go to the topic of their recipient, a partition for each lane, and events to that of the
observers (``schemas.bus``). One idempotent producer keeps the order within a partition. While the
brokers are away, writing gives up within seconds, and what was handed to the producer waits there:
nothing more is added before that is settled, so memory stays bounded; it may still be delivered
when they are back. What goes out slowly is waited for: it would be no shorter the next time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from axis.adapters.kafka_clients import KafkaClients, in_words, start, stop
from axis.adapters.kafka_messages import TOMBSTONES, message_of, message_to_observers
from axis.adapters.kafka_topics import KafkaTopics, WrongTopic
from axis.adapters.patience import Patience
from axis.core.errors import Unavailable
from axis.core.record import Observed, Record
from axis.ports import BusAway
from axis.settings import KafkaSettings
from schemas import bus

#: Seconds for which nothing may be acknowledged, connecting and making topics included; not those
#: of a whole part, which would be no shorter when it is repeated for being long.
PUBLISH_S_MAX = 5.0
#: Seconds in which the topics of all agencies must be made; a cold broker takes two.
PREPARE_S_MAX = 30.0
#: Package bytes that one part of the records may carry. The library sends a batch for each
#: partition of a broker in one request, which must go out within ``kafka_clients.REQUEST_MS_MAX``
#: or is sent anew for ever. For one lane that is 0.26 Mbit/s (1.1 where the largest packages
#: travel), and 10 for a part that is spread over as many lanes as it has batches.
INLINE_BYTES_MAX = 4 * 1024 * 1024
#: Records for one partition from which a batch of their own pays: built without the producer's
#: bookkeeping for each record, at the price of a task for each batch.
OWN_BATCH_MIN = 8

#: Package bytes by digest, as ``axis.ports.Store.bodies`` gives them.
Bodies = Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]

#: A topic and its partition.
_Place = tuple[str, int]
_Records = list[tuple[bus.Headers, bytes]]
_Lanes = Mapping[_Place, _Records]
#: What is wrong with the cluster, a topic, or a file with a password that is just being replaced
#: (half of it is no text).
_FAILURES = (KafkaError, OSError, WrongTopic, UnicodeDecodeError)


class KafkaPublisher:
    """Writes to the topics of one run. Made by ``open_kafka_publisher``."""

    def __init__(self, settings: KafkaSettings, prefix: str, source: str, bodies: Bodies) -> None:
        self._prefix = prefix
        self._source = source
        self._bodies = bodies
        self._inline_bytes_max = settings.inline_bytes_max
        self._events = settings.events
        self._clients = KafkaClients(settings)
        self._topics = KafkaTopics(self._clients, prefix, settings.replication)
        self._producer: AIOKafkaProducer | None = None
        #: Handed to the producer, and not answered yet.
        self._unsettled: set[asyncio.Future[object]] = set()
        #: One at a time: what one has left unsettled is the next one's to wait for.
        self._turn = asyncio.Lock()
        #: Of whoever writes, and of those who wait for their turn.
        self._patience = Patience()

    async def prepare(self, recipients: Iterable[str]) -> None:
        """Have topics for these agencies, and for observers if they are told.

        Raises ``BusAway``.
        """
        topics = {bus.inbox_topic(self._prefix, code) for code in recipients}
        if self._events:
            topics.add(bus.events_topic(self._prefix))
        try:
            async with asyncio.timeout(PREPARE_S_MAX):
                await self._topics.ensure(topics)
        except (TimeoutError, *_FAILURES) as error:
            raise BusAway(f"{self._clients.bootstrap}: {in_words(error)}") from error

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all replicas in sync have the records."""
        async with self._failures_told():
            if not records:
                async with self._patience.scope(PUBLISH_S_MAX):
                    await self._ask()
            for part in self._parts(records):
                async with self._patience.scope(PUBLISH_S_MAX):
                    # Not within the turn: while one part is acknowledged, another is encoded.
                    await self._send(await self._encoded(part))

    async def observe(self, events: Sequence[Observed]) -> None:
        """Return when all replicas in sync have the events."""
        place = (bus.events_topic(self._prefix), bus.EVENTS_PARTITION)
        messages = (message_to_observers(event, self._source) for event in events)
        records = [bus.encode(message) for message in messages]
        async with self._failures_told(), self._patience.scope(PUBLISH_S_MAX):
            await self._send({place: records}, in_order=True)

    @asynccontextmanager
    async def _failures_told(self) -> AsyncIterator[None]:
        """Whatever it failed of is ``BusAway``."""
        try:
            yield
        except TimeoutError:
            raise BusAway(f"no answer from {self._clients.bootstrap}") from None
        except _FAILURES as error:
            # Whatever it failed of, a new producer and a look at the topics start clean.
            self._topics.forget()
            await self.close()
            raise BusAway(f"{self._clients.bootstrap}: {in_words(error)}") from error

    async def close(self) -> None:
        """End the producer; what it still holds is given up after seconds."""
        producer, self._producer = self._producer, None
        self._unsettled = set()
        if producer is not None:
            await stop(producer)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._clients.producer()
            try:
                await start(producer)
            except BaseException:
                await stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def _ask(self) -> None:
        if self._turn.locked() and self._patience.moved_within(PUBLISH_S_MAX):
            # What is under way is being answered, and may take longer than anybody asks.
            return
        async with self._turn:
            producer = await self._started()
            if not await producer.client.force_metadata_update():
                raise BusAway(f"no broker of {self._clients.bootstrap} answers")

    def _parts(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """The records in parts whose packages may be held in memory at once."""
        begin = size = 0
        for number, record in enumerate(records):
            inside = record.size if record.size <= self._inline_bytes_max else 0
            if size + inside > INLINE_BYTES_MAX and number > begin:
                yield records[begin:number]
                begin, size = number, 0
            size += inside
        if begin < len(records):
            yield records[begin:] if begin else records

    def _await(self, future: asyncio.Future[object]) -> None:
        self._unsettled.add(future)
        future.add_done_callback(self._answered)

    def _answered(self, future: asyncio.Future[object]) -> None:
        # Looked at here, a failure is no news to the loop when nobody waits for it any more.
        if not future.cancelled() and future.exception() is None:
            self._patience.moved()

    async def _settle(self) -> None:
        """Wait for the answers; raises the first failure. Cut off, what is open stays open."""
        if not self._unsettled:
            return
        done, _ = await asyncio.wait(self._unsettled)
        self._unsettled = set()
        failures = [failure for future in done if (failure := future.exception()) is not None]
        if failures:
            raise failures[0]

    async def _encoded(self, records: Sequence[Record]) -> _Lanes:
        inside = await self._small_packages(records)
        lanes: defaultdict[tuple[str, int], _Records] = defaultdict(list)
        for record in records:
            encoded = bus.encode(message_of(record, self._source, inside))
            lanes[record.recipient, record.urgency].append(encoded)
        return {
            (bus.inbox_topic(self._prefix, recipient), bus.partition(urgency)): of_lane
            for (recipient, urgency), of_lane in lanes.items()
        }

    async def _send(self, lanes: _Lanes, *, in_order: bool = False) -> None:
        async with self._turn:
            producer = await self._started()
            await self._settle()
            await self._topics.ensure({topic for topic, _ in lanes})
            if in_order:
                await self._one_by_one(producer, lanes)
            else:
                await self._hand_over(producer, lanes)
            await self._settle()

    async def _one_by_one(self, producer: AIOKafkaProducer, lanes: _Lanes) -> None:
        """Each batch goes when the one before it is there.

        Of two under way the first may fail and the second arrive. Whoever reads a lane sees the
        gap; an observer, who drops what is not higher, would never have what was in it.
        """
        for place, records in lanes.items():
            for batch in _batches(producer, records):
                topic, partition = place
                self._await(await producer.send_batch(batch, topic, partition=partition))
                await self._settle()

    async def _hand_over(self, producer: AIOKafkaProducer, lanes: _Lanes) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for place, of_lane in lanes.items():
                    if len(of_lane) >= OWN_BATCH_MIN:
                        tasks.create_task(self._send_batches(producer, place, of_lane))
                    else:
                        await self._send_each(producer, place, of_lane)
        except ExceptionGroup as failures:
            first = failures.exceptions[0]
            if isinstance(first, AssertionError):
                # The library's word for a partition that is no more.
                raise WrongTopic(f"{first}") from None
            raise first from None

    async def _send_each(
        self, producer: AIOKafkaProducer, place: _Place, records: _Records
    ) -> None:
        topic, partition = place
        for headers, value in records:
            future = await producer.send(topic, value, partition=partition, headers=headers)
            self._await(future)

    async def _send_batches(
        self, producer: AIOKafkaProducer, place: _Place, records: _Records
    ) -> None:
        topic, partition = place
        for batch in _batches(producer, records):
            self._await(await producer.send_batch(batch, topic, partition=partition))

    async def _small_packages(self, records: Sequence[Record]) -> Mapping[str, bytes]:
        """The packages that travel inside their records, by digest."""
        small = {
            record.sha256
            for record in records
            if 0 < record.size <= self._inline_bytes_max and record.transport not in TOMBSTONES
        }
        if not small:
            return {}
        try:
            return await self._bodies(sorted(small))
        except Unavailable:
            # Their recipients take them where they take large ones.
            return {}


def _batches(producer: AIOKafkaProducer, records: _Records) -> Iterator[Any]:
    """Batches of the producer that hold the records, the last one filled as far as they go."""
    batch = producer.create_batch()
    for headers, value in records:
        record = {"timestamp": None, "key": None, "value": value, "headers": headers}
        if batch.append(**record) is None:
            yield batch
            batch = producer.create_batch()
            assert batch.append(**record) is not None, "a record larger than a batch"
    yield batch


async def _no_bodies(_digests: Sequence[str]) -> Mapping[str, bytes]:
    return {}


@asynccontextmanager
async def open_kafka_publisher(
    settings: KafkaSettings, prefix: str, source: str, bodies: Bodies = _no_bodies
) -> AsyncIterator[KafkaPublisher]:
    """A publisher that connects when it is needed, and is closed behind the block.

    ``prefix`` begins the names of the run's topics; ``source`` names the books whose numbers it
    tells, so that readers see when a run of the same name has begun anew; ``bodies`` gives the
    packages that are small enough to travel.
    """
    opened = KafkaPublisher(settings, prefix, source, bodies)
    try:
        yield opened
    finally:
        await opened.close()
