"""Whether publishing stands still, judged by the books: only relays elsewhere see Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from axis.lanes import Pace

#: Seconds for which numbers may wait while nothing is published. It takes milliseconds, and after
#: a relay was killed as long as its lease.
STILL_S_MAX = 30.0


class Standstill:
    """What one process sees of it, by looking now and then. Times are microseconds UTC."""

    def __init__(self) -> None:
        self._published: Mapping[str, int] = {}
        #: When anything was last seen to be published.
        self._moved = 0
        #: The same of each agency that waits, or when it was first seen to wait: what was rewound
        #: is as old as its documents, and waits since then only.
        self._since: dict[str, int] = {}

    def look(self, now: int, waiting: Iterable[str], pace: Pace) -> bool:
        """Whether something has waited for too long, with nothing published since it began to.

        Who waits while others are published has a topic of its own to blame. Nor does one agency
        alone say that Kafka is away, if anybody relays: where everything else is quiet, an axis
        that is sent nothing for not being ready would never see anything move again.
        """
        before, self._published = self._published, pace.published
        moved = {code for code, reach in pace.published.items() if reach > before.get(code, 0)}
        if moved:
            self._moved = now
        self._since = {
            code: now if code in moved else self._since.get(code, now) for code in waiting
        }
        still = [
            code
            for code, since in self._since.items()
            if since >= self._moved and now - since > STILL_S_MAX * 1e6
        ]
        return len(still) > (1 if pace.relays else 0)
