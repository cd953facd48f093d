"""Buses under test, and what tells of their notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from axis.adapters.postgres_bus import PostgresBus
from axis.adapters.postgres_server import Server
from axis.core.topic import Topic
from axis.ports import Bus, Listener
from tests.contract.books import A

#: What has not come by then will not come.
SOON_S = 30.0
#: A notice that was handed on is heard within milliseconds.
QUIET_S = 0.3


def inbox_of(recipient: str) -> Topic:
    return Topic(recipient, statuses=False)


def stream_of(recipient: str) -> Topic:
    return Topic(recipient, statuses=True)


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
