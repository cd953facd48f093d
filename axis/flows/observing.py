"""Publish every event of the books to the topic of the observers, in the order of its number.

By whichever relay holds their lease, as lanes are published: a page goes out, is acknowledged, and
then the cursor moves. Beside the lanes and never before them: events have pages of their own, at
their own pace, and a topic of theirs that takes nothing holds up nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine

import structlog

from axis.core.errors import Unavailable
from axis.core.record import OBSERVERS
from axis.core.recount import DAMAGE
from axis.core.retry import Backoff
from axis.lanes import Lanes, Lease, Observers
from axis.ports import BusAway, Clock

log = structlog.get_logger()

#: Events of a page, some 300 bytes each: a quarter of what a page of lanes may hold, some twenty
#: milliseconds of the loop's time, so whoever shares it waits no longer than for those.
PAGE_EVENTS_MAX = 1000
#: Pages begin this far apart. Observers are in no hurry, and a page costs milliseconds of CPU
#: whatever is in it.
GATHER_S = 0.25
#: Between two tries. What is not told yet lies in the books, and nobody's document waits for it.
_AGAIN = Backoff(first_s=0.5, most_s=10.0)

#: Runs a page to its end, whatever becomes of who waits for it.
Whole = Callable[[Coroutine[None, None, bool]], Coroutine[None, None, bool]]


class Observing:
    """What a relay does for the observers while it holds their lease. ``owner`` is the relay's."""

    def __init__(self, lanes: Lanes, observers: Observers, clock: Clock, owner: str) -> None:
        self._lanes = lanes
        self._observers = observers
        self._clock = clock
        self._owner = owner
        self._lease: Lease | None = None
        self._until = 0
        self._more = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether this relay tells the observers."""
        return self._lease is not None

    def hold(self, lease: Lease | None, until: int) -> None:
        """The lease that the relay holds till then (microseconds UTC), if it does."""
        if lease != self._lease:
            log.info("observers", action="relay.observers", held=lease is not None)
            self._more.set()
        self._lease, self._until = lease, until

    def look(self) -> None:
        """Something may have happened."""
        self._more.set()

    async def run(self, whole: Whole) -> None:
        """Tell for ever."""
        loop = asyncio.get_running_loop()
        failed = 0
        while True:
            await self._more.wait()
            self._more.clear()
            begun = loop.time()
            try:
                more = await whole(self.page())
            except (BusAway, Unavailable, *DAMAGE) as error:
                # A damaged event holds the observers up, whose order has no gap, and nobody else.
                failed += 1
                log.warning("observers not told", action="relay.unseen", why=str(error))
                self._more.set()
                await asyncio.sleep(_AGAIN.delay_s(failed, random.random()))
                continue
            failed = 0
            took = loop.time() - begun
            if more:
                self._more.set()
            # Of a long past at most half the time is spent on it.
            await asyncio.sleep(took if more else max(0.0, GATHER_S - took))

    async def page(self) -> bool:
        """Publish one page of events; whether there may be more than it could hold.

        Raises ``BusAway``, ``Unavailable`` and ``DAMAGE``; what was not told is told by the next
        one then.
        """
        lease = self._lease
        if lease is None or self._clock.now() >= self._until:
            # The next beat says whose it is.
            return False
        page = await self._lanes.unobserved(PAGE_EVENTS_MAX)
        if not page.events:
            return False
        await self._observers.observe(page.events)
        if not await self._lanes.advance(self._owner, {OBSERVERS: lease}, page.stretches):
            # Another relay's by now.
            self._lease = None
            return False
        return len(page.events) >= PAGE_EVENTS_MAX
