"""An agency that is told over Kafka: its topic instead of long polls.

Small packages come inside their message; for all others, after a gap, at the start and every now
and then (what was lost at the end of a topic leaves no gap) the inbox is read over REST. Positions
are committed when what was read has been remembered and confirmed, so that a killed process reads
it again and drops it by its journal. While no broker answers, long polls do the same as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from agencies.client import Package
from agencies.lanes import Lanes, Next
from schemas.bus import STATUSES_PARTITION, Message, NotUnderstood, decode, inbox_topic

log = structlog.get_logger()

#: Milliseconds a broker may hold a fetch back when there is nothing: 95 agencies ask all the time.
FETCH_MS = 5_000
RECORDS_MAX = 500
#: Seconds a client may take to end, or to begin: it is tried again with the next poll.
STOP_S_MAX, START_S_MAX = 2.0, 5.0
#: A topic that was made after its agency began is found within this time.
METADATA_MS = 10_000


class Source(Protocol):
    """Where an agency's packages come from (``agencies.client.Client`` over REST)."""

    async def packages(
        self, after: str, wait_s: float, occurred_at: str | None
    ) -> tuple[list[Package], str]:
        """A page of waiting packages and the cursor behind it; empty when none came in time.

        Asking for the next page says that the last one has been dealt with.
        """
        ...


@dataclass(frozen=True, slots=True)
class Topics:
    """Which brokers, and what the names of the run's topics begin with."""

    bootstrap: str
    prefix: str


class TopicInbox:
    """The packages of one agency by its topic, with ``rest`` for what that does not carry."""

    def __init__(self, code: str, rest: Source, topics: Topics) -> None:
        self._code = code
        self._rest = rest
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None
        self._lanes = Lanes()
        self._source = ""
        #: The inbox is to be read to its end.
        self._behind = True
        self._looked_s = 0.0
        self._uncommitted = False

    async def packages(
        self, after: str, wait_s: float, occurred_at: str | None
    ) -> tuple[list[Package], str]:
        """A page of waiting packages; see ``Source``."""
        loop = asyncio.get_running_loop()
        consumer = await self._started()
        if consumer is None:
            return await self._rest.packages(after, wait_s, occurred_at)
        if not self._behind:
            page = await self._read(consumer, wait_s)
            if loop.time() - self._looked_s >= wait_s:
                self._behind = True
            if page or not self._behind:
                return page, ""
        page, following = await self._rest.packages(after, 0.0, occurred_at)
        for package in page:
            self._lanes.seen(int(package.told["urgency"]), int(package.told["no"]))
        if not page:
            self._behind, self._looked_s = False, loop.time()
            self._lanes.caught_up()
        return page, following

    async def _read(self, consumer: AIOKafkaConsumer, wait_s: float) -> list[Package]:
        """What the topic brings in time. Whoever asks has dealt with all that came before."""
        try:
            if self._uncommitted:
                await consumer.commit()
                self._uncommitted = False
            found = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=RECORDS_MAX)
        except (KafkaError, OSError) as error:
            log.warning("topic not read", action="topic.away", agency=self._code, why=str(error))
            await self.close()
            self._behind = True
            return []
        self._uncommitted = self._uncommitted or bool(found)
        page: list[Package] = []
        for partition in sorted(found, key=lambda one: one.partition, reverse=True):
            page += self._lane(partition.partition, found[partition])
        return page

    def _lane(self, urgency: int, records: Iterable[ConsumerRecord]) -> list[Package]:
        page: list[Package] = []
        for record in records:
            try:
                message = decode(record.headers, record.value)
            except NotUnderstood as error:
                # Put there by somebody else; should it hide one of ours, the inbox has that.
                log.warning("record not understood", action="topic.stranger", why=str(error))
                self._behind = True
                continue
            if self._source not in ("", message.source):
                # Other books, with numbers of their own.
                self._lanes, self._behind = Lanes(), True
            self._source = message.source
            match self._lanes.read(urgency, message):
                case Next.TAKE:
                    page.append(_package(message))
                case Next.LOOK:
                    self._behind = True
                case Next.DROP:
                    pass
        return page

    async def _started(self) -> AIOKafkaConsumer | None:
        """The consumer, or None while no broker answers."""
        if self._consumer is not None:
            return self._consumer
        topic = inbox_topic(self._topics.prefix, self._code)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._topics.bootstrap,
            client_id=self._code,
            # Only to keep positions under: partitions are assigned by hand, one process reads them.
            group_id=topic,
            enable_auto_commit=False,
            # What came before an agency first read its topic is in its inbox.
            auto_offset_reset="latest",
            fetch_max_wait_ms=FETCH_MS,
            metadata_max_age_ms=METADATA_MS,
        )
        partitions = [TopicPartition(topic, number) for number in range(STATUSES_PARTITION)]
        try:
            async with asyncio.timeout(START_S_MAX):
                await consumer.start()
                consumer.assign(partitions)
                for partition in partitions:
                    # Before the inbox is read: what comes after that is then in the topic.
                    await consumer.position(partition)
        except (KafkaError, OSError, TimeoutError):
            await _end(consumer)
            return None
        except BaseException:
            await _end(consumer)
            raise
        self._consumer, self._behind = consumer, True
        return consumer

    async def close(self) -> None:
        """Leave the topic; what was read and not dealt with is read again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _end(consumer)


def _package(message: Message) -> Package:
    """What the inbox would say of it, as far as an endpoint asks."""
    told = {
        "id": message.subject,
        "sender": message.sender,
        "document_id": message.document_id,
        "sha256": message.sha256,
        "occurred_at": message.time,
        "attempt": 1,
    }
    return Package(told, message.package)


async def _end(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await consumer.stop()
    except (TimeoutError, KafkaError):
        return
