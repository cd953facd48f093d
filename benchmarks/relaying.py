"""How fast a relay publishes, against a bare producer and consumer of the same records.

Over a Kafka broker and a PostgreSQL server (with fsync) whose books are filled before; records a
second of interleaved pairs, counted until a consumer has read them all. The bare side sends batches
of the records encoded beforehand, lane by lane, with the producer's settings of the axis. Consumer,
producer and relay share one process.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Self

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from axis.adapters.kafka_clients import KafkaClients
from axis.adapters.kafka_publisher import open_kafka_publisher
from axis.adapters.postgres_bus import PostgresBus
from axis.adapters.postgres_server import Server
from axis.adapters.postgres_store import PostgresStore, open_store
from axis.adapters.system_clock import SystemClock
from axis.core.commands import Audit, Redrive
from axis.flows.relay import Relay
from axis.settings import KafkaSettings
from benchmarks import large
from benchmarks.scale import Scale
from benchmarks.store import AT, CODES, accepts, agency
from benchmarks.table import Aim, Pair, Row, Run, Side
from schemas.bus import PARTITIONS, STATUSES_PARTITION, Headers, inbox_topic

DOCUMENTS, FILLING = 10_000, 128
#: Seconds one run may take.
RUN_S_MAX = 120.0
#: What a broker gathers for a consumer of everything, and for how long at most.
FETCH_BYTES_MIN, GATHER_MS_MAX = 1024 * 1024, 100

_Sent = dict[tuple[str, int], list[tuple[Headers, bytes]]]


class Reader:
    """One consumer of the topics of some agencies.

    The broker answers it with what there is, or, told to gather, with many records at once: a fetch
    of 570 partitions costs either side milliseconds of CPU whatever is in it.
    """

    def __init__(self, bootstrap: str, codes: Iterable[str], *, gather: bool = False) -> None:
        self._codes = tuple(codes)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=GATHER_MS_MAX,
            fetch_min_bytes=FETCH_BYTES_MIN if gather else 1,
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        lanes = range(PARTITIONS)
        topics = [inbox_topic("", code) for code in self._codes]
        places = [TopicPartition(topic, lane) for topic in topics for lane in lanes]
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

    async def arrivals(self, count: int) -> list[tuple[str, float]]:
        """The package's id of so many different deliveries, and when each was read first."""
        found: dict[bytes, float] = {}
        while len(found) < count:
            for place, records in (await self._consumer.getmany(timeout_ms=1000)).items():
                if place.partition != STATUSES_PARTITION:
                    at = time.perf_counter()
                    for record in records:
                        found.setdefault(dict(record.headers)["ce_subject"], at)
        return [(delivery.decode().partition(".")[0], at) for delivery, at in found.items()]


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


async def _measure(
    url: str, bootstrap: str, documents: int, times: int
) -> tuple[list[Run], list[Run]]:
    """The runs of the relay and of the bare side, pair by pair; CPU is that of this process."""
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
        reader = await stack.enter_async_context(Reader(bootstrap, CODES))
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
        ours: list[Run] = []
        other: list[Run] = []
        for number in range(times):
            for side in ("relay", "bare")[:: -1 if number % 2 else 1]:
                if side == "relay":
                    await _again(store)
                begun, cpu = time.perf_counter(), time.process_time()
                if side == "relay":
                    await relayed(queues)
                else:
                    await asyncio.gather(_bare(producer, sent), reader.read(queues))
                took, spent = time.perf_counter() - begun, time.process_time() - cpu
                runs = ours if side == "relay" else other
                runs.append(Run(queues / took, spent / queues * 1e6))
        return ours, other


def row(scale: Scale) -> Row:
    """Measure on servers of its own."""
    out = Row("the relay, against a bare aiokafka producer of the same records", counts="records")
    with large.servers() as here:
        ours, other = uvloop.run(
            _measure(here.database, here.bootstrap, scale.of(DOCUMENTS, FILLING), scale.pairs)
        )
    pair = Pair("lane by lane", Side.of("relay", ours), Side.of("bare producer", other))
    out.pairs.append(pair)
    assert pair.ratio is not None
    out.aims.append(Aim("relay, of a bare producer", pair.ratio.median, "", 0.5))
    out.remarks.append(
        "The bare side sends batches encoded beforehand with the producer's settings of the axis. "
        "Consumer, producer and relay share one process, whose CPU is told."
    )
    return out
