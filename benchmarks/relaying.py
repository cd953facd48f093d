"""How fast a relay publishes, against a bare producer and consumer of the same records.

``python -m benchmarks.relaying [DOCUMENTS]`` starts a Kafka broker and a PostgreSQL server (with
fsync), fills the books, and prints records a second of interleaved pairs, counted until a consumer
has read them all. The bare side sends batches of the records encoded beforehand, lane by lane, with
the producer's settings of the axis. Consumer, producer and relay share one process.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from axis.adapters.kafka_clients import KafkaClients
from axis.adapters.kafka_publisher import open_kafka_publisher
from axis.adapters.postgres_bus import PostgresBus
from axis.adapters.postgres_server import Server
from axis.adapters.postgres_store import PostgresStore, open_store
from axis.adapters.system_clock import SystemClock
from axis.broker import jars, keeper
from axis.cluster import Cluster
from axis.core.commands import Audit, Redrive
from axis.flows.relay import Relay
from axis.settings import KafkaSettings
from benchmarks.store import AT, CODES, accepts, agency
from benchmarks.table import Spread
from schemas.bus import PARTITIONS, STATUSES_PARTITION, Headers, inbox_topic
from tests import postgres

DOCUMENTS, FILLING, PAIRS = 10_000, 128, 7
#: Seconds one run may take.
RUN_S_MAX = 120.0

_Sent = dict[tuple[str, int], list[tuple[Headers, bytes]]]


class Reader:
    """One consumer of all topics."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        lanes = range(PARTITIONS)
        places = [TopicPartition(inbox_topic("", code), lane) for code in CODES for lane in lanes]
        self._consumer.assign(places)
        await self._consumer.seek_to_end()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def read(self, count: int) -> _Sent:
        """Read so many records of lanes."""
        found: _Sent = defaultdict(list)
        seen = 0
        async with asyncio.timeout(RUN_S_MAX):
            while seen < count:
                for place, records in (await self._consumer.getmany(timeout_ms=1000)).items():
                    if place.partition != STATUSES_PARTITION:
                        seen += len(records)
                        found[place.topic, place.partition] += [
                            (list(record.headers), record.value) for record in records
                        ]
        return found


async def _bare(producer: AIOKafkaProducer, sent: _Sent) -> None:
    """Send records encoded beforehand, each lane in batches."""
    answers = []
    for (topic, partition), records in sent.items():
        batch = producer.create_batch()
        for headers, value in records:
            record = {"timestamp": None, "key": None, "value": value, "headers": headers}
            if batch.append(**record) is None:
                answers.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(**record)
        answers.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*answers)


async def _again(store: PostgresStore) -> None:
    """Have everything published once more."""
    audit = Audit(actor="benchmark", act="redrive", target="all", why="measured", now=AT)
    commands = [Redrive(recipient=code, urgency=None, no=1, audit=audit) for code in CODES]
    await store.apply(commands)


async def measure(url: str, bootstrap: str, documents: int) -> list[tuple[float, float]]:
    """Records a second of the bare side and of the relay, pair by pair."""
    settings = KafkaSettings(bootstrap=bootstrap)
    store = await open_store(url, "relaying")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        await store.enrol([agency(code) for code in CODES], [], [])
        for first in range(0, documents, FILLING):
            await store.apply(accepts(first, FILLING))
        publisher = await stack.enter_async_context(open_kafka_publisher(settings, "", "/axis"))
        await publisher.prepare(CODES)
        server = Server(url, "relaying")
        stack.push_async_callback(server.close)
        relay = Relay(store.lanes, publisher, PostgresBus(server), SystemClock(), "benchmark")
        await relay.beat()
        reader = await stack.enter_async_context(Reader(bootstrap))
        producer = KafkaClients(settings).producer()
        await producer.start()
        stack.push_async_callback(producer.stop)

        async def relayed(count: int) -> _Sent:
            relay.look_at(CODES)
            reading = asyncio.create_task(reader.read(count))
            while relay.due:
                await asyncio.gather(relay.page(), relay.page())
            return await reading

        queues = sum(queue.waiting for queue in await store.queues())
        sent = await relayed(queues)
        pairs = []
        for _ in range(PAIRS):
            begun = time.perf_counter()
            await asyncio.gather(_bare(producer, sent), reader.read(queues))
            between = time.perf_counter()
            await _again(store)
            again = time.perf_counter()
            await relayed(queues)
            pairs.append((queues / (between - begun), queues / (time.perf_counter() - again)))
        return pairs


def main() -> None:
    """Measure on servers of its own."""
    documents = int(sys.argv[1]) if sys.argv[1:] else DOCUMENTS
    jars.install()
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        with (
            tempfile.TemporaryDirectory() as folder,
            keeper.kept(Path(folder) / "kafka") as broker,
        ):
            pairs = uvloop.run(measure(cluster.url, broker.bootstrap, documents))
    finally:
        cluster.remove()
    bare, ours = (Spread.of(rates) for rates in zip(*pairs, strict=True))
    ratio = Spread.of([our / other for other, our in pairs])
    sys.stdout.write(
        f"| | records a second |\n|---|---|\n| bare producer and consumer | {bare.show()} |\n"
        f"| relay and the same consumer | {ours.show()} |\n\n"
        f"**The relay does {ratio.show(2)} of the bare rate.** Promised: 0.5.\n"
    )


if __name__ == "__main__":
    main()
