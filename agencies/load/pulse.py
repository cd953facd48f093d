"""What a load test tells of itself once a second while it runs; cheap, whatever the load.

Only what came since the last look is looked at, and of that no more than a sample.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from agencies.load.record import Record
from agencies.load.spool import Spool
from agencies.load.usage import Meter

BUILDING, PLAYING, DRAINING, RECONCILING = "building", "playing", "draining", "reconciling"

#: Between two looks.
LOOK_S = 1.0
#: Latencies told are those of so many looks: at ten deliveries a second one look has no p99.
LOOKS = 5
#: Latencies read at one look, evenly over those that came: more would cost the driver what it
#: measures with, and a p99 of five times as many is as good.
SAMPLE_MAX = 500
#: Memory is asked for at every fifth look: to count shared pages the kernel walks all of them.
MEMORY_LOOKS = 5

Tell = Callable[[Mapping[str, Any]], None]
Told = Mapping[str, Any]
Built = TypeVar("Built")


@dataclass
class Pulse:
    """Tells how a step of ``seconds`` goes; ``head`` goes with each message, ``rate`` is what is
    planned at a moment of it.
    """

    record: Record
    meter: Meter
    seconds: float
    rate: Callable[[float], float]
    tell: Tell
    head: Told = field(default_factory=dict)
    #: Agencies whose deliveries are told nothing of, since they are late on purpose.
    apart: Collection[str] = ()
    _then_s: float = 0.0
    _sent: int = 0
    _accepted: int = 0
    _available: int = 0
    _recent: deque[list[float]] = field(default_factory=lambda: deque(maxlen=LOOKS))
    _looks: int = 0
    _memory: Mapping[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look and tell for ever."""
        await self.record.until(0.0)
        self._then_s = self.record.begin_s
        while True:
            await asyncio.sleep(LOOK_S)
            if self._looks % MEMORY_LOOKS == 0:
                self._memory = await asyncio.to_thread(self.meter.memory_mb)
            cpu = await asyncio.to_thread(self.meter.cpu)
            self._looks += 1
            self.tell({**self.told(time.monotonic()), "cpu": cpu, "memory_mb": self._memory})

    def told(self, now_s: float) -> dict[str, Any]:
        """Since the last look: rates (a second), how far behind its moments the driver was at most;
        of the last looks p50 and p99 until available (None where nothing was); the rest so far.
        """
        record = self.record
        span_s = max(now_s - self._then_s, 1e-9)
        sent, accepted = len(record.late_s), len(record.accepted_s)
        all_sent = sent >= len(record.letters)
        late_s = max(record.late_s[self._sent :], default=0.0)
        if not all_sent:
            late_s = max(late_s, now_s - record.due_s(sent))
        p50, p99 = self._latencies()
        at_s = now_s - record.begin_s
        found = {
            **self.head,
            "doing": DRAINING if all_sent else PLAYING,
            "at": at_s,
            "seconds": self.seconds,
            "rate": self.rate(min(at_s, self.seconds)),
            "offered": (sent - self._sent) / span_s,
            "achieved": (accepted - self._accepted) / span_s,
            "p50": p50,
            "p99": p99,
            "late": max(0.0, late_s),
            "documents": len(record.letters),
            "accepted": accepted,
            "refused": len(record.failed),
            "unanswered": sent - accepted - len(record.failed),
            "available": len(record.available_s),
            "deliveries": record.expected,
            "open": record.open,
        }
        self._then_s, self._sent, self._accepted = now_s, sent, accepted
        return found

    def _latencies(self) -> tuple[float | None, float | None]:
        record = self.record
        fresh = len(record.available_s) - self._available
        self._available += fresh
        # From the end: a dictionary keeps the order in which they came.
        newest = islice(
            reversed(record.available_s.items()), 0, fresh, max(1, -(-fresh // SAMPLE_MAX))
        )
        self._recent.append(
            [
                at_s - record.due_s(index)
                for (index, code), at_s in newest
                if code not in self.apart and record.letters[index].sender not in self.apart
            ]
        )
        known = sorted(one for look in self._recent for one in look)
        if not known:
            return None, None
        return known[len(known) // 2], known[len(known) * 99 // 100]


async def while_built(tell: Tell, head: Told, spool: Spool, fill: Callable[[], Built]) -> Built:
    """Have the packages of a spool built beside the loop, and tell how many are; what ``fill``
    returns.
    """

    async def look() -> None:
        while True:
            tell({**head, "doing": BUILDING, "built": spool.built})
            await asyncio.sleep(LOOK_S)

    looking = asyncio.create_task(look())
    try:
        return await asyncio.to_thread(fill)
    finally:
        looking.cancel()
