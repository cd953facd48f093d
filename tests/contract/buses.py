"""Buses under test, and what tells of their notices."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from axis.adapters.kafka_bus import KafkaBus, open_kafka_bus
from axis.adapters.postgres_bus import PostgresBus
from axis.adapters.postgres_server import Server
from axis.core.notice import STATUSES, Notice
from axis.ports import Bus, Listener
from axis.settings import KafkaSettings
from schemas.bus import PARTITIONS, inbox_topic, wake_topic
from tests.contract.books import CODES, A
from tests.kafka import Kafka

#: What has not come by then will not come.
SOON_S = 30.0
#: A notice that was acknowledged is heard within milliseconds.
QUIET_S = 0.3


#: Packages that the buses of the tests may carry, by digest.
PACKAGES: dict[str, bytes] = {}


async def bodies(digests: Sequence[str]) -> Mapping[str, bytes]:
    return {digest: PACKAGES[digest] for digest in digests if digest in PACKAGES}


def prefix() -> str:
    """A name for the topics of one test on a Kafka that others use too."""
    return f"test-{secrets.token_hex(6)}."


def prepare(kafka: Kafka, start: str, codes: Iterable[str] = CODES) -> None:
    """Make topics on a cluster that cannot be asked for them."""
    if kafka.create_topic is not None:
        kafka.create_topic(wake_topic(start), 1)
        for code in codes:
            kafka.create_topic(inbox_topic(start, code), PARTITIONS)


@asynccontextmanager
async def running(settings: KafkaSettings, start: str) -> AsyncIterator[KafkaBus]:
    """A Kafka bus that hears, as in an axis."""
    async with (
        open_kafka_bus(settings, start, "/axis/test", bodies) as bus,
        asyncio.TaskGroup() as tasks,
    ):
        hearing = tasks.create_task(bus.run())
        yield bus
        hearing.cancel()


def document_notice(recipient: str, no: int = 1, urgency: int = 0) -> Notice:
    return Notice(recipient, urgency, no)


def status_notice(recipient: str, no: int = 1) -> Notice:
    return Notice(recipient, STATUSES, no)


async def quiet(*listeners: Listener) -> None:
    """Wait until these listeners are heard for and nothing more comes."""
    for listener in listeners:
        assert await listener.wait(SOON_S)
    for listener in listeners:
        while await listener.wait(QUIET_S):
            pass


@asynccontextmanager
async def on_postgres(url: str, run: str) -> AsyncIterator[Bus]:
    """A bus on PostgreSQL that hears."""
    server = Server(url, run)
    bus = PostgresBus(server)
    hearing = asyncio.create_task(bus.run())
    try:
        await listening(bus)
        yield bus
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
        await server.close()


async def listening(bus: Bus) -> None:
    """Wait until a bus that comes up by itself is there: then everybody is woken once."""
    with bus.listen(A, statuses=False) as listener:
        assert await listener.wait(SOON_S)


@asynccontextmanager
async def on_kafka(bootstrap: str, start: str) -> AsyncIterator[Bus]:
    """A bus on Kafka that hears."""
    async with running(KafkaSettings(bootstrap=bootstrap), start) as bus:
        await listening(bus)
        yield bus
