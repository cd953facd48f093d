"""What one recipient says: 01 at once, the clerks' words when they are due, many in one request."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Iterable, Sequence

import structlog

from agencies.clerk import Word
from agencies.client import STATUSES_MAX, Client
from agencies.journal import ReceivedJournal
from agencies.pace import Pace
from agencies.switch import STOPPED_LOOK_S, Switch
from axis.core.timetable import MICROSECONDS

#: Clerks' words that fall due within twenty minutes of the run's time travel together, as from an
#: office that writes its answers three times an hour (assumed); nobody who watches waits longer
#: than half a second for that.
GATHER_US = 20 * 60 * MICROSECONDS
GATHER_S_MAX = 0.5
#: A millisecond early is on time: the timers of the loop know nothing finer.
GRAIN_S = 0.001

log = structlog.get_logger()


class Voice:
    """The words that an agency has still to say. ``run`` ends only with its process."""

    def __init__(
        self,
        client: Client,
        journal: ReceivedJournal,
        pace: Pace,
        switch: Switch,
        changed: Callable[[], None],
    ) -> None:
        self._client = client
        self._journal = journal
        self._pace = pace
        self._switch = switch
        self._changed = changed
        self._gather_s = min(GATHER_S_MAX, pace.seconds(GATHER_US))
        #: The next due first, and those on their way to the axis.
        self._due: list[Word] = []
        self._saying: list[Word] = []
        #: Something is to be said at once, and takes along whatever else is due.
        self._at_once = False
        self._news = asyncio.Event()
        #: Held while something is being said, and for ever once it has finished.
        self._mouth = asyncio.Lock()

    @property
    def owing(self) -> set[str]:
        """Deliveries of which something is still to be said."""
        return {word.delivery for word in (*self._due, *self._saying)}

    def add(self, words: Iterable[Word], now_us: int) -> None:
        """Take words on, each to be said when it is due."""
        for word in words:
            heapq.heappush(self._due, word)
            self._at_once |= word.due_us <= now_us
        self._news.set()

    async def run(self) -> None:
        """Say what is due, for ever."""
        while True:
            await self._until_due()
            if self._switch.off:
                await asyncio.sleep(STOPPED_LOOK_S)
                continue
            async with self._mouth:
                await self._say_due()

    async def finish(self) -> None:
        """Say what is due, and nothing more; the rest is said by the next process."""
        await self._mouth.acquire()
        if not self._switch.off:
            await self._say_due()

    async def _say_due(self) -> None:
        self._at_once = False
        by_us = self._pace.now_us() + self._pace.real_us(GRAIN_S)
        while self._due and self._due[0].due_us <= by_us and len(self._saying) < STATUSES_MAX:
            self._saying.append(heapq.heappop(self._due))
        if self._saying:
            await self._say(self._saying)
            self._saying.clear()
            self._changed()

    async def _until_due(self) -> None:
        """Return when something is to be said at once, or clerks' words have gathered."""
        while not self._at_once:
            self._news.clear()
            left_s: float | None = None
            if self._due:
                first = self._due[0]
                left_s = self._pace.left_s(first.due_us) + (self._gather_s if first.turn else 0)
                if left_s <= GRAIN_S:
                    return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._news.wait()

    async def _say(self, words: Sequence[Word]) -> None:
        """Say words, and remember which the axis took and which it refused."""
        results = await self._client.say([self._statement(word) for word in words])
        said: list[tuple[str, str]] = []
        unsaid: list[tuple[str, str, str]] = []
        for word, result in zip(words, results, strict=True):
            problem = result.get("problem")
            if problem is None:
                said.append((word.delivery, word.code))
                continue
            unsaid.append((word.delivery, word.code, str(problem["code"])))
            log.warning(
                "status refused",
                action="status.refused",
                delivery=word.delivery,
                code=word.code,
                why=problem["code"],
            )
        self._journal.said(said, unsaid)

    def _statement(self, word: Word) -> dict[str, str]:
        statement = {"delivery": word.delivery, "code": word.code}
        if word.reason:
            statement["reason"] = word.reason
        if word.staff:
            statement["staff"] = word.staff
        at = self._pace.stated(word.due_us)
        if at is not None:
            statement["occurred_at"] = at
        return statement
