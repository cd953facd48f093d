"""A broker that is away for a while: stopped as a whole, and what waits to be published meanwhile.

Its processes get SIGSTOP: connections stay and nobody answers, which is the outage that takes
longest to be noticed. What waits is what the axis tells of itself (``axis_unpublished`` at
``/metrics``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from agencies.load.doors import unpublished
from agencies.load.outage import Absence, Waited
from agencies.load.record import Record
from agencies.load.wire import Gone, Pool

#: Between two looks at what waits.
LOOK_S = 0.25


@dataclass
class BrokerAway:
    """Stops processes (``pids``) for the time of ``absence`` and keeps what waited."""

    absence: Absence
    pids: Sequence[int]
    pool: Pool
    waited: list[Waited] = field(default_factory=list)
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, record: Record) -> None:
        """Look at what waits for ever, and stop the broker meanwhile; cancelled, let it go on."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stop(record))
            tasks.create_task(self._look(record))

    async def drained(self, record: Record, timeout_s: float) -> None:
        """Wait until nothing waits any more, or long enough."""
        await record.until(self.absence.until_s)
        self._empty.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()

    async def _stop(self, record: Record) -> None:
        await record.until(self.absence.from_s)
        try:
            self._signal(signal.SIGSTOP)
            await record.until(self.absence.until_s)
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def _look(self, record: Record) -> None:
        await record.until(0.0)
        while True:
            try:
                records = await unpublished(self.pool)
                self.waited.append(Waited(time.monotonic(), records))
                if not records:
                    self._empty.set()
            except Gone as error:
                record.fault(f"/metrics: {error}")
            await asyncio.sleep(LOOK_S)
