"""What a topic has announced to an agency: whoever plays a day takes it when it is told of it.

A lost notice costs time and no document (``schemas.bus``): who waits in vain looks by itself.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from agencies.ways import LOOK_AGAIN_S
from schemas.bus import Message


@dataclass
class Announced:
    """The topic of one agency (``agencies.topics.Hearer``)."""

    _told: set[str] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def anew(self) -> None:
        """Reading begins, anywhere: what came before is in the inbox."""
        self._news.set()

    def hear(self, _lane: int, record: Message) -> None:
        """Take note of a record; those of the status stream name no delivery."""
        if record.subject:
            self._told.add(record.subject)
            self._news.set()

    async def wait(self, deliveries: set[str]) -> None:
        """Return when all of these were announced, or when none has been for ``LOOK_AGAIN_S``."""
        with suppress(TimeoutError):
            while not self._told >= deliveries:
                self._news.clear()
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._news.wait()
        # All that is sent before the next stretch is among these, or has come twice.
        self._told.clear()
