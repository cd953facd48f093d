"""Who waits for which topic in this process: what every bus wakes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from axis.core.topic import Topic


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


class Watch:
    """One subscription to every topic (``axis.ports.Watch``)."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._told: set[str] = set()
        self._anybody = False

    def tell(self, recipient: str) -> None:
        """Something came for ``recipient``."""
        self._told.add(recipient)
        self._event.set()

    def tell_of_anybody(self) -> None:
        """Something may have come for anybody."""
        self._anybody = True
        self._event.set()

    async def wait(self, timeout_s: float) -> frozenset[str] | None:
        """Wait for what came after the last ``wait``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return None
        told = None if self._anybody else frozenset(self._told)
        self._told.clear()
        self._anybody = False
        self._event.clear()
        return told


class Listeners:
    """The subscriptions of this process, by topic."""

    def __init__(self) -> None:
        self._topics: dict[Topic, set[Listener]] = {}
        self._watches: set[Watch] = set()

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

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Subscribe to every topic; leaving unsubscribes."""
        watch = Watch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def tell(self, topic: Topic) -> None:
        """Wake whoever waits for a topic."""
        for listener in self._topics.get(topic, ()):
            listener.tell()
        for watch in self._watches:
            watch.tell(topic.recipient)

    def tell_all(self) -> None:
        """Wake everybody: nobody knows what was missed."""
        for listeners in self._topics.values():
            for listener in listeners:
                listener.tell()
        for watch in self._watches:
            watch.tell_of_anybody()
