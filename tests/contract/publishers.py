"""Publishers under test, and records for them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from axis.adapters.kafka_publisher import KafkaPublisher, open_kafka_publisher
from axis.core.lifecycle import Transport
from axis.core.record import STATUSES, Observed, Record
from axis.ports import BusAway
from axis.settings import KafkaSettings
from schemas.bus import EVENTS_PARTITIONS, PARTITIONS, events_topic, inbox_topic
from tests.contract.books import CODES, NOON, A, B
from tests.contract.buses import SOON_S
from tests.kafka import Kafka

#: Packages that may travel inside the records of the tests, by digest.
PACKAGES: dict[str, bytes] = {}

_T = TypeVar("_T")


async def bodies(digests: Sequence[str]) -> Mapping[str, bytes]:
    return {digest: PACKAGES[digest] for digest in digests if digest in PACKAGES}


def prefix() -> str:
    """A name for the topics of one test on a Kafka that others use too."""
    return f"test-{secrets.token_hex(6)}."


def prepare(kafka: Kafka, start: str, codes: Iterable[str] = CODES) -> None:
    """Make topics on a cluster that cannot be asked for them."""
    if kafka.create_topic is not None:
        for code in codes:
            kafka.create_topic(inbox_topic(start, code), PARTITIONS)
        kafka.create_topic(events_topic(start), EVENTS_PARTITIONS)


@asynccontextmanager
async def publishing(settings: KafkaSettings, start: str) -> AsyncIterator[KafkaPublisher]:
    """A publisher over Kafka."""
    async with open_kafka_publisher(settings, start, "/axis/test", bodies) as publisher:
        yield publisher


async def until_taken(publisher: KafkaPublisher, records: Sequence[Record]) -> None:
    """Publish until the bus takes it, as a relay does."""
    async with asyncio.timeout(SOON_S):
        while True:
            try:
                await publisher.publish(records)
                return
            except BusAway:
                continue


class MemoryPublisher:
    """Keeps what it is given; ``away`` lets it fail, before or after it has kept it, and the topics
    of those who are ``deaf`` take nothing.
    """

    def __init__(self) -> None:
        self.topic: list[Record] = []
        self.events: list[Observed] = []
        self.away: list[str] = []
        self.deaf: set[str] = set()

    async def publish(self, records: Sequence[Record]) -> None:
        if not self.deaf.isdisjoint(record.recipient for record in records):
            raise BusAway("deaf")
        self._keep(self.topic, records)

    async def observe(self, events: Sequence[Observed]) -> None:
        self._keep(self.events, events)

    def _keep(self, topic: list[_T], told: Sequence[_T]) -> None:
        fault = self.away.pop(0) if self.away else ""
        if fault != "before":
            topic += told
        if fault:
            raise BusAway(fault)


def record(
    no: int = 1,
    package: bytes = b"",
    urgency: int = 0,
    *,
    to: str = B,
    transport: Transport = Transport.WAITING,
    attempt: int = 1,
) -> Record:
    """Number ``no`` of a lane; without its package one of 20 kB that nobody needs."""
    sha256 = hashlib.sha256(package).hexdigest() if package else "ab" * 32
    if package:
        PACKAGES[sha256] = package
    size = len(package) or 20_000
    document_id = f"{no}/QĐ-UBND"
    name = f"doc_{no}"
    return Record(to, urgency, no, transport, attempt, name, A, document_id, sha256, size, NOON)


def status(no: int = 1, to: str = B) -> Record:
    return Record(to, STATUSES, no)


def event(no: int = 1, kind: str = "done", *, to: str = B, code: str = "") -> Observed:
    """Event ``no`` of the books, about a document of A."""
    about = (f"doc_{no}", A, f"{no}/QĐ-UBND")
    return Observed(no, kind, *about, to, to or A, code, NOON + no)
