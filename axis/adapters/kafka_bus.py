"""The bus of the large form: Apache Kafka, written to and heard through aiokafka.

Notices go to the topic of their recipient, a partition for each lane (``schemas.bus``). One
idempotent producer keeps the order within a lane. While the brokers are away, ``publish`` gives up
within seconds, and what it had handed to the producer waits there: nothing more is added before
that is settled, so memory stays bounded; it may still be delivered when they are back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from axis.adapters.kafka_clients import KafkaClients, start, stop
from axis.adapters.kafka_ear import KafkaEar, topics_of
from axis.adapters.kafka_topics import KafkaTopics, WrongTopic
from axis.adapters.listeners import Listener, Topic
from axis.core.errors import Unavailable
from axis.core.lifecycle import Transport
from axis.core.notice import STATUSES, Notice
from axis.core.timetable import iso
from axis.ports import BusAway
from axis.settings import KafkaSettings
from schemas import bus

log = structlog.get_logger()

#: Seconds a publish may take, connecting and making topics included.
PUBLISH_S_MAX = 5.0
#: Seconds in which the topics of all agencies must be made; a cold broker takes two.
PREPARE_S_MAX = 30.0
#: Records for one partition from which a batch of their own pays: built without the producer's
#: bookkeeping for each record, at the price of a task for each batch.
OWN_BATCH_MIN = 8

_TOMBSTONES = {Transport.PARKED: bus.PARKED, Transport.WITHDRAWN: bus.WITHDRAWN}
#: Package bytes by digest, as ``axis.ports.Store.bodies`` gives them.
Bodies = Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]

_Lane = tuple[str, int]
_Records = list[tuple[bus.Headers, bytes]]


class KafkaBus:
    """Carries notices over Kafka (``axis.ports.Bus``). Made by ``open_kafka_bus``."""

    def __init__(self, settings: KafkaSettings, prefix: str, source: str, bodies: Bodies) -> None:
        self._prefix = prefix
        self._source = source
        self._bodies = bodies
        self._inline_bytes_max = settings.inline_bytes_max
        self._clients = KafkaClients(settings)
        self._topics = KafkaTopics(self._clients, prefix, settings.replication)
        #: Names this process to the others of its run, and to itself.
        self._origin = secrets.token_hex(8)
        self._ear = KafkaEar(self._clients, self._topics, prefix, self._origin)
        self._producer: AIOKafkaProducer | None = None
        #: Handed to the producer, and not answered yet.
        self._unsettled: set[asyncio.Future[object]] = set()
        #: One at a time: two would mix the order of a lane.
        self._turn = asyncio.Lock()

    def listen(self, recipient: str, *, statuses: bool) -> AbstractContextManager[Listener]:
        """Subscribe to one topic."""
        return self._ear.listen(Topic(recipient, statuses))

    async def run(self) -> None:
        """Hear for ever what other processes publish."""
        await self._ear.run()

    async def prepare(self, recipients: Iterable[str]) -> None:
        """Have topics for these agencies. Raises ``BusAway``."""
        try:
            async with asyncio.timeout(PREPARE_S_MAX):
                await self._topics.ensure(recipients)
        except (TimeoutError, KafkaError, OSError, WrongTopic) as error:
            raise BusAway(f"{self._clients.bootstrap}: {error!r}") from error

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Wake who waits here; return when all replicas in sync have the notices."""
        told = _wake(self._origin, notices)
        self._ear.wake(topics_of(told))
        try:
            async with asyncio.timeout(PUBLISH_S_MAX), self._turn:
                producer = await self._started()
                await self._settle()
                if not notices and not await producer.client.force_metadata_update():
                    raise BusAway(f"no broker of {self._clients.bootstrap} answers")
                await self._topics.ensure({notice.recipient for notice in notices})
                await self._send(producer, notices, told)
                await self._settle()
        except TimeoutError:
            raise BusAway(f"no answer from {self._clients.bootstrap}") from None
        except (KafkaError, OSError, WrongTopic) as error:
            # Whatever it failed of, a new producer and a look at the topics start clean.
            self._topics.forget()
            await self.close()
            raise BusAway(f"{self._clients.bootstrap}: {error!r}") from error

    async def close(self) -> None:
        """End the producer; what it still holds is given up after seconds."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop(producer)
        self._unsettled.clear()

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

    async def _settle(self) -> None:
        """Wait for the answers; raises the first failure. Cut off, what is open stays open."""
        if not self._unsettled:
            return
        done, _ = await asyncio.wait(self._unsettled)
        self._unsettled = set()
        failures = [failure for future in done if (failure := future.exception()) is not None]
        if failures:
            raise failures[0]

    async def _send(
        self, producer: AIOKafkaProducer, notices: Sequence[Notice], told: bus.Wake
    ) -> None:
        inside = await self._small_packages(notices)
        lanes: defaultdict[_Lane, _Records] = defaultdict(list)
        for notice in notices:
            topic = bus.inbox_topic(self._prefix, notice.recipient)
            record = bus.encode(self._message(notice, inside))
            lanes[topic, bus.partition(notice.urgency)].append(record)
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane, records in lanes.items():
                    if len(records) >= OWN_BATCH_MIN:
                        tasks.create_task(self._send_batches(producer, lane, records))
                    else:
                        await self._send_each(producer, lane, records)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        if notices:
            # When it arrives, what it speaks of is in the topics too, or is in the books anyway.
            lane = (bus.wake_topic(self._prefix), 0)
            await self._send_each(producer, lane, [([], bus.encode_wake(told))])

    async def _send_each(self, producer: AIOKafkaProducer, lane: _Lane, records: _Records) -> None:
        topic, partition = lane
        for headers, value in records:
            future = await producer.send(topic, value, partition=partition, headers=headers)
            self._unsettled.add(future)

    async def _send_batches(
        self, producer: AIOKafkaProducer, lane: _Lane, records: _Records
    ) -> None:
        topic, partition = lane
        batch = producer.create_batch()
        for headers, value in records:
            record = {"timestamp": None, "key": None, "value": value, "headers": headers}
            if batch.append(**record) is None:
                self._unsettled.add(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                assert batch.append(**record) is not None, "a record larger than a batch"
        self._unsettled.add(await producer.send_batch(batch, topic, partition=partition))

    async def _small_packages(self, notices: Sequence[Notice]) -> Mapping[str, bytes]:
        """The packages that travel inside their notices, by digest."""
        small = {
            notice.document.sha256
            for notice in notices
            if notice.document is not None and notice.document.size <= self._inline_bytes_max
        }
        if not small:
            return {}
        try:
            return await self._bodies(sorted(small))
        except Unavailable:
            # Their recipients take them where they take large ones.
            return {}

    def _message(self, notice: Notice, inside: Mapping[str, bytes]) -> bus.Message:
        place = f"{notice.recipient}.{notice.urgency}.{notice.no}"
        if notice.urgency == STATUSES:
            return bus.Message(type=bus.STATUS, id=place, source=self._source, no=notice.no)
        if not notice.delivery:
            return bus.Message(type=bus.HINT, id=place, source=self._source, no=notice.no)
        if notice.transport in _TOMBSTONES:
            return bus.Message(
                type=_TOMBSTONES[notice.transport],
                # Another event than the notice that this number was before.
                id=f"{notice.delivery}/{notice.transport.name.lower()}",
                source=self._source,
                no=notice.no,
                subject=notice.delivery,
            )
        return self._waiting(notice, inside)

    def _waiting(self, notice: Notice, inside: Mapping[str, bytes]) -> bus.Message:
        document = notice.document
        if document is None:
            return bus.Message(
                type=bus.WAITING,
                id=notice.delivery,
                source=self._source,
                no=notice.no,
                subject=notice.delivery,
                dataref=bus.dataref(notice.delivery),
            )
        package = inside.get(document.sha256, b"")
        return bus.Message(
            type=bus.WAITING,
            id=notice.delivery,
            source=self._source,
            no=notice.no,
            subject=notice.delivery,
            time=iso(document.occurred_at),
            sender=document.sender,
            document_id=document.document_id,
            sha256=document.sha256,
            size=document.size,
            package=package,
            dataref="" if package else bus.dataref(notice.delivery),
        )


def _wake(origin: str, notices: Iterable[Notice]) -> bus.Wake:
    topics = {(notice.recipient, notice.urgency == STATUSES) for notice in notices}
    inboxes = sorted(code for code, statuses in topics if not statuses)
    return bus.Wake(origin, inboxes, sorted(code for code, statuses in topics if statuses))


async def _no_bodies(_digests: Sequence[str]) -> Mapping[str, bytes]:
    return {}


@asynccontextmanager
async def open_kafka_bus(
    settings: KafkaSettings, prefix: str, source: str, bodies: Bodies = _no_bodies
) -> AsyncIterator[KafkaBus]:
    """A bus that connects when it is needed, and is closed behind the block.

    ``prefix`` begins the names of the run's topics; ``source`` names the books whose numbers it
    tells, so that readers see when a run of the same name has begun anew; ``bodies`` gives the
    packages that are small enough to travel.
    """
    opened = KafkaBus(settings, prefix, source, bodies)
    try:
        yield opened
    finally:
        await opened.close()
