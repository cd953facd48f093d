"""Who waits for which topic in this process: what every bus wakes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Topic(NamedTuple):
    """What waits for ``recipient``, or its statuses."""

    recipient: str
    statuses: bool


class Listener:
    """One subscription (``axis.ports.Listener``)."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something came."""
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for what came after the last ``wait``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Listeners:
    """The subscriptions of this process, by topic."""

    def __init__(self) -> None:
        self._topics: dict[Topic, set[Listener]] = {}

    @property
    def topics(self) -> set[Topic]:
        """Every topic that somebody waits for."""
        return set(self._topics)

    @contextmanager
    def listen(self, topic: Topic) -> Iterator[Listener]:
        """Subscribe to one topic; leaving unsubscribes."""
        listener = Listener()
        self._topics.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._topics[topic].discard(listener)
            if not self._topics[topic]:
                del self._topics[topic]

    def tell(self, topic: Topic) -> None:
        """Wake whoever waits for a topic."""
        for listener in self._topics.get(topic, ()):
            listener.tell()
