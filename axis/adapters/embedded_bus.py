"""The bus of the embedded form: topics in this process's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from axis.ports import STATUSES, Notice

#: A recipient, and whether it is its statuses or what waits for it.
Topic = tuple[str, bool]


class _Listener:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class EmbeddedBus:
    """Wakes the listeners of a topic; keeps nothing, since the store is the truth."""

    def __init__(self) -> None:
        self._topics: dict[Topic, set[_Listener]] = {}

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Wake whoever listens to the recipients named."""
        self.wake({(notice.recipient, notice.urgency == STATUSES) for notice in notices})

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake whoever listens to one of ``topics``."""
        for topic in topics:
            for listener in self._topics.get(topic, ()):
                listener.tell()

    def wake_all(self) -> None:
        """Wake everybody: nobody knows what was missed."""
        self.wake(list(self._topics))

    @contextmanager
    def listen(self, recipient: str, *, statuses: bool) -> Iterator[_Listener]:
        """Subscribe to one topic."""
        listener = _Listener()
        topic = (recipient, statuses)
        self._topics.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._topics[topic].discard(listener)
            if not self._topics[topic]:
                del self._topics[topic]
