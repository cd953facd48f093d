"""One consumer for the topics of all agencies of a process.

It is assigned their partitions by hand, is in no group, commits nothing and begins at the end:
how far each agency has come stands in its journal, and what came before is in its inbox. So
nothing hangs on Kafka's offsets, nor on how long a broker keeps what it has. A topic that cannot be
read is one that is missing: its agency looks into its inbox by itself, and no other waits for it.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from agencies.brokers import Brokers
from agencies.ways import LOOK_AGAIN_S, Told
from axis.core.retry import Backoff
from schemas.bus import PARTITIONS, NotUnderstood, decode, inbox_topic, recipient_of

log = structlog.get_logger()

RECORDS_MAX = 1000
#: Milliseconds of one look; it ends as soon as something comes.
LOOK_MS = 1_000
#: Between two fetches: one of 570 partitions costs ten milliseconds of CPU, so records that come
#: one by one are better fetched a few at a time.
GATHER_S = 0.1
#: Milliseconds one request may take, and between two tries of the library, which logs each.
REQUEST_MS_MAX, RETRY_MS = 4_000, 250
#: Milliseconds for which a broker may hold a fetch that finds nothing.
HOLD_MS_MAX = 2_000
#: Seconds a consumer may take to end while its broker is away.
STOP_S_MAX = 2.0
_BACKOFF = Backoff(first_s=0.1, most_s=2.0)
_NUMBERS = frozenset(range(PARTITIONS))


def _consumer(brokers: Brokers) -> AIOKafkaConsumer:
    """In no group; it opens nothing yet."""
    how: dict[str, Any] = {"security_protocol": brokers.security}
    if brokers.security.endswith("SSL"):
        context = ssl.create_default_context(cafile=brokers.ca_file)
        if brokers.cert_file is not None:
            context.load_cert_chain(brokers.cert_file, brokers.key_file)
        how["ssl_context"] = context
    if brokers.security.startswith("SASL"):
        assert brokers.password_file is not None
        how["sasl_mechanism"] = brokers.sasl_mechanism
        how["sasl_plain_username"] = brokers.username
        # Read for every connection, so that a changed one is taken up and none lies in a setting.
        how["sasl_plain_password"] = Path(brokers.password_file).read_text("utf-8").strip()
    return AIOKafkaConsumer(
        bootstrap_servers=brokers.bootstrap.split(","),
        client_id="agencies",
        enable_auto_commit=False,
        auto_offset_reset="latest",
        fetch_max_wait_ms=HOLD_MS_MAX,
        request_timeout_ms=REQUEST_MS_MAX,
        retry_backoff_ms=RETRY_MS,
        **how,
    )


class NotAllThere(Exception):
    """Topics of some agencies were missing when reading began, and some may be there now."""


class Topics:
    """Reads for the agencies of ``told``, by code, what is said to them."""

    def __init__(self, brokers: Brokers, told: Mapping[str, Told]) -> None:
        self._brokers = brokers
        self._told = {inbox_topic(brokers.prefix, code): one for code, one in told.items()}

    async def run(self) -> None:
        """Read for ever; brokers that are away are tried again."""
        attempt = 0
        while True:
            consumer = None
            try:
                consumer = _consumer(self._brokers)
                await consumer.start()
                missing = await self._begin(consumer)
                attempt = 0
                await self._read(consumer, missing)
            except NotAllThere:
                log.info("topics came", action="topics.came")
            except (KafkaError, OSError, TimeoutError, UnicodeDecodeError) as error:
                # A file with a password may just be being replaced.
                attempt += 1
                log.warning("topics away", action="topics.away", why=str(error), tries=attempt)
            finally:
                if consumer is not None:
                    await _stop(consumer)
            if attempt:
                await asyncio.sleep(_BACKOFF.delay_s(attempt, random.random()))

    async def _begin(self, consumer: AIOKafkaConsumer) -> bool:
        """Read from now on; whether topics are missing. Raises ``TimeoutError``."""
        there = await self._sound(consumer)
        # Before anybody looks: what comes from now on is heard, what was there is looked for.
        while there and (found := await _at_their_ends(consumer, there)) != there:
            if not found:
                raise TimeoutError("the ends of the topics were not found")
            there = found
        log.info("topics read", action="topics.read", count=len(there), of=len(self._told))
        for one in self._told.values():
            one.anew()
        return len(there) < len(self._told)

    async def _sound(self, consumer: AIOKafkaConsumer) -> set[str]:
        """The topics that can be read: all their partitions are there, and each has a leader.

        Only the library's own client tells of leaders.
        """
        cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001
        return {
            topic
            for topic in cluster.topics() & self._told.keys()
            if cluster.partitions_for_topic(topic) == _NUMBERS
            and cluster.available_partitions_for_topic(topic) == _NUMBERS
        }

    async def _read(self, consumer: AIOKafkaConsumer, missing: bool) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        assigned = {partition.topic for partition in consumer.assignment()}
        while True:
            if missing and loop.time() > begun_s + LOOK_AGAIN_S:
                if await self._sound(consumer) - assigned:
                    raise NotAllThere
                begun_s = loop.time()
            if not assigned:
                await asyncio.sleep(LOOK_MS / 1000)
                continue
            found = await consumer.getmany(timeout_ms=LOOK_MS, max_records=RECORDS_MAX)
            for partition, records in found.items():
                self._hear(partition, records)
            await asyncio.sleep(GATHER_S if found else 0)

    def _hear(self, partition: TopicPartition, records: Iterable[ConsumerRecord]) -> None:
        told = self._told[partition.topic]
        for record in records:
            try:
                message = decode(record.headers, record.value)
            except NotUnderstood as error:
                log.warning(
                    "record not understood",
                    action="topics.stranger",
                    agency=recipient_of(self._brokers.prefix, partition.topic),
                    why=str(error),
                )
                continue
            told.hear(partition.partition, message)


async def _at_their_ends(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> set[str]:
    """Read these topics from their ends; those whose ends were found in time."""
    places = {topic: [TopicPartition(topic, number) for number in _NUMBERS] for topic in topics}
    consumer.assign([place for of_topic in places.values() for place in of_topic])
    # All are asked for in one request of each broker, and waited for side by side.
    found = await asyncio.gather(*(consumer.seek_to_end(*of) for of in places.values()))
    return {topic for topic, at_end in zip(places, found, strict=True) if at_end}


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await consumer.stop()
    except (TimeoutError, KafkaError):
        return
