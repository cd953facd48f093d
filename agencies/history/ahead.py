"""Packages built before they are sent: so many bytes ahead, however many documents a day has."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from agencies.client import POSTED_MAX
from agencies.history.plan import moments
from agencies.history.requests import POSTED_BYTES_MAX
from agencies.traffic import Planned

#: Built and not yet handed in: half of a quiet day of 20 kB packages, or a request or two of large
#: ones. A busy day has four times as many, and 'real' ones are seventy times as large. With twice
#: as much a play takes as long, and ten megabytes more on busy days alone.
AHEAD_BYTES_MAX = 8 * 1024 * 1024
#: Documents built between two looks at what has come in.
BUILT_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """The documents sent in a stretch of the run's time; it ends with ``last_us``."""

    first_us: int
    last_us: int
    plan: Sequence[Planned]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request hands in: documents of one sender in the order of their time."""

    plan: Sequence[Planned]
    raws: Sequence[bytes] = field(repr=False)

    @property
    def sender(self) -> str:
        """Whose they are."""
        return self.plan[0].sender

    @property
    def size(self) -> int:
        """Bytes of its packages."""
        return sum(map(len, self.raws))


class Ahead:
    """Builds the packages of stretches, one stretch ahead, each sender's together.

    One builds (``build``), one takes: a stretch, then its batches to their end, then the next.
    """

    def __init__(self, package: Callable[[Planned], bytes]) -> None:
        self._package = package
        self._ready: asyncio.Queue[Stretch | Batch | None] = asyncio.Queue()
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._taken = asyncio.Event()
        self._taken.set()

    async def build(self, stretches: Iterable[Stretch]) -> None:
        """Build to the end, and wait whenever enough lies ready."""
        for stretch in stretches:
            await self._taken.wait()
            self._taken.clear()
            self._ready.put_nowait(stretch)
            by_sender: dict[str, list[Planned]] = defaultdict(list)
            for moment in moments(stretch.plan):
                by_sender[moment.planned.sender].append(moment.planned)
            for plan in by_sender.values():
                await self._build(plan)
            self._ready.put_nowait(None)
        self._ready.put_nowait(None)

    async def stretch(self) -> Stretch | None:
        """The next stretch; None behind the last."""
        found = await self._ready.get()
        assert not isinstance(found, Batch), "the batches of a stretch are taken to their end"
        self._taken.set()
        return found

    async def batches(self) -> AsyncIterator[Batch]:
        """What is handed in in the stretch that was taken last."""
        while (found := await self._ready.get()) is not None:
            assert isinstance(found, Batch)
            yield found

    def handed_in(self, batch: Batch) -> None:
        """A batch is not needed any more."""
        self._bytes -= batch.size
        if self._bytes < AHEAD_BYTES_MAX:
            self._room.set()

    async def _build(self, plan: Sequence[Planned]) -> None:
        """Build all of one sender, a request at a time."""
        some: list[Planned] = []
        raws: list[bytes] = []
        size = 0
        for n, planned in enumerate(plan):
            await self._room.wait()
            if n % BUILT_AT_ONCE == 0:
                await asyncio.sleep(0)
            raw = self._package(planned)
            if some and (len(some) == POSTED_MAX or size + len(raw) > POSTED_BYTES_MAX):
                self._put(Batch(some, raws))
                some, raws, size = [], [], 0
            some.append(planned)
            raws.append(raw)
            size += len(raw)
        self._put(Batch(some, raws))

    def _put(self, batch: Batch) -> None:
        self._bytes += batch.size
        if self._bytes >= AHEAD_BYTES_MAX:
            self._room.clear()
        self._ready.put_nowait(batch)
