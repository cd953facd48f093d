"""The bus of the embedded form: topics in this process's memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from axis.adapters.listeners import Listener, Listeners, Watch
from axis.core.topic import Topic


class EmbeddedBus:
    """Wakes the listeners of a topic; keeps nothing, since the store is the truth."""

    def __init__(self) -> None:
        #: Who waits, for whoever wants to see it.
        self.listeners = Listeners()

    async def publish(self, topics: Sequence[Topic]) -> None:
        """Wake whoever listens to these."""
        for topic in topics:
            self.listeners.tell(topic)

    def listen(self, recipient: str, *, statuses: bool) -> AbstractContextManager[Listener]:
        """Subscribe to one topic."""
        return self.listeners.listen(Topic(recipient, statuses))

    def watch(self) -> AbstractContextManager[Watch]:
        """Subscribe to every topic."""
        return self.listeners.watch()
