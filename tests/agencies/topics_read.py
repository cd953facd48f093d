"""Agencies' topics while they are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from agencies.brokers import Brokers
from agencies.topics import Topics
from agencies.ways import Told


@asynccontextmanager
async def reading_topics(brokers: Brokers, told: Mapping[str, Told]) -> AsyncIterator[None]:
    """One consumer reads for these agencies, as in a process of theirs."""
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Topics(brokers, told).run())
        yield
        reading.cancel()
