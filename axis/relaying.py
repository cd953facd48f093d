"""Put a relay together: beside an API process, or as a process of its own.

With ``axis.bootstrap`` the only module that names adapters.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from axis.adapters.signer import load_signer
from axis.adapters.system_clock import SystemClock
from axis.flows.relay import Relay
from axis.lanes import Lanes, Publisher
from axis.ports import Bus, Clock, Signer, Store
from axis.settings import Settings

SIGNER_KEY = "signer.pem"


class NothingToRelay(ValueError):
    """The settings leave nothing to do for a relay of its own; the message says why."""


@dataclass(frozen=True, slots=True)
class Relaying:
    """A relay, and what it works with."""

    relay: Relay
    lanes: Lanes
    publisher: Publisher


async def prepare_bus(settings: Settings, agencies: Iterable[str]) -> bool:
    """The bus's admin step: have what it needs for these agencies, and for observers where they are
    told; True when there was any.

    A relay also does it by itself, when an agency is first written to; beforehand it costs nobody's
    time. Raises ``BusAway``.
    """
    if not settings.kafka.bootstrap:
        return False
    from axis.adapters.kafka_publisher import open_kafka_publisher

    async with open_kafka_publisher(settings.kafka, settings.topic_prefix, "") as publisher:
        await publisher.prepare(agencies)
    return True


def lease_owner() -> str:
    """A name for this process that no other ever has."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"


async def relay_beside(
    settings: Settings,
    store: Store,
    lanes: Lanes,
    bus: Bus,
    clock: Clock,
    signer: Signer,
    stack: AsyncExitStack,
) -> Relaying:
    """A relay on parts that are there already; whoever asks runs it."""
    # Not above: a laptop's axis starts without the libraries of a server's.
    from axis.adapters.kafka_publisher import open_kafka_publisher

    # The axis's key is as old as its books, and signs the same thing in the same bits.
    books = hashlib.sha256(signer.sign(b"books", "source").encode()).hexdigest()[:12]
    source = f"/axis/{settings.run}/{books}"
    publisher = await stack.enter_async_context(
        open_kafka_publisher(settings.kafka, settings.topic_prefix, source, store.bodies)
    )
    observers = None
    if settings.kafka.events:
        # A producer of their own: of one that waits for a topic nothing else could be sent.
        observers = await stack.enter_async_context(
            open_kafka_publisher(settings.kafka, settings.topic_prefix, source)
        )
    relay = Relay(lanes, publisher, bus, clock, lease_owner(), observers)
    return Relaying(relay, lanes, publisher)


def require_apart(settings: Settings) -> None:
    """Refuse a relay of its own where it could do nothing. Raises ``NothingToRelay``."""
    if settings.database is None:
        raise NothingToRelay(
            "axis relay needs PostgreSQL (AXIS_DATABASE): with SQLite the process that writes "
            "relays too."
        )
    if not settings.kafka.bootstrap:
        raise NothingToRelay("axis relay needs Kafka (AXIS_KAFKA_BOOTSTRAP) to publish to.")


@asynccontextmanager
async def relaying(settings: Settings) -> AsyncIterator[Relaying]:
    """A process that only relays: its whole life, as ``bootstrap.build`` is that of an axis.

    Raises ``NothingToRelay``, ``Unavailable`` when the database does not answer, and
    ``postgres_store.NoBooks`` where ``axis init`` was not there yet.
    """
    require_apart(settings)
    from axis.adapters import postgres_store
    from axis.adapters.postgres_bus import PostgresBus
    from axis.adapters.postgres_server import Server

    assert settings.database is not None
    key = settings.axis_dir / SIGNER_KEY
    if not key.exists():
        raise NothingToRelay(f"{key} is missing; `axis init` sets an axis up")
    signer = load_signer(key)
    async with AsyncExitStack() as stack:
        url = settings.database.get_secret_value()
        server = Server(url, settings.run)
        stack.push_async_callback(server.close)
        bus = PostgresBus(server)
        store = await postgres_store.open_store(url, settings.run, upgrade=False)
        stack.push_async_callback(store.close)
        made = await relay_beside(settings, store, store.lanes, bus, SystemClock(), signer, stack)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(bus.run()), tasks.create_task(made.relay.run())]
            try:
                yield made
            finally:
                for task in running:
                    task.cancel()
