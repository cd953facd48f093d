"""The store and the bus as the weather has them, around the real ones.

The store is watched too: after every group the two balance lines of every agency must balance,
no counter may be negative, and no delivery may be open for a locked agency.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

from axis.adapters.embedded_bus import EmbeddedBus
from axis.adapters.memory_store import MemoryBooks
from axis.core.commands import Command, Outcome
from axis.core.topic import Topic
from axis.ports import Listener, Store, Watch
from tests.sim.world import World

_TRANSPORT = ("waiting", "offered", "done", "parked", "withdrawn")


class ShakyStore:
    """A store of one life of the axis. What a dead axis still tries is a bug of its own."""

    def __init__(
        self, world: World, books: MemoryBooks, inner: Store, alive: Callable[[], bool]
    ) -> None:
        self._world = world
        self._books = books
        self._inner = inner
        self._dice = world.dice(f"store at {world.now_s}")
        self._alive = alive

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        await self._world.pause(self._dice, self._world.weather.slow_store_s)
        if not self._alive():
            self._world.fail("internal", "a dead axis writes")
            await asyncio.Event().wait()
        try:
            outcomes = await self._inner.apply(commands)
        finally:
            self._watch()
        # A crash in here is the outcome that nobody knows.
        await self._world.pause(self._dice, self._world.weather.slow_store_s)
        return outcomes

    def __getattr__(self, name: str) -> Any:
        """Reads: as the store has them, but their answers may be old when they come."""
        method = getattr(self._inner, name)
        if name in ("history", "close"):
            return method

        async def read(*args: Any, **kwargs: Any) -> Any:
            await self._world.pause(self._dice, self._world.weather.slow_reads_s)
            found = await method(*args, **kwargs)
            await self._world.pause(self._dice, self._world.weather.slow_reads_s)
            return found

        return read

    def _watch(self) -> None:
        history = self._world.history
        last = history.commits[-1][1] if history.commits else 0
        if self._books.seq == last:
            return
        history.commits.append((self._world.now_s, self._books.seq))
        standing: dict[str, dict[str, int]] = {}
        for (agency, day, metric), n in self._books.tally.items():
            if n < 0:
                self._world.fail("unbalanced", f"{agency} {metric} is {n}", agency)
            if day == 0:
                standing.setdefault(agency, {})[metric] = n
        for agency, counts in standing.items():
            self._balance(agency, counts)

    def _balance(self, agency: str, counts: dict[str, int]) -> None:
        transport = sum(counts.get(f"transport.{state}", 0) for state in _TRANSPORT)
        business = sum(n for metric, n in counts.items() if metric.startswith("business."))
        lines = (
            ("transport", counts.get("deliveries", 0), transport),
            ("business", counts.get("transport.done", 0), business),
        )
        for line, total, parts in lines:
            if total != parts:
                self._world.fail("unbalanced", f"{agency} {line}: {total} is not {parts}", agency)
        is_open = counts.get("transport.waiting", 0) + counts.get("transport.offered", 0)
        if is_open and self._books.agencies[agency].locked:
            self._world.fail("locked", f"{is_open} deliveries are open for {agency}", agency)


class Faults:
    """The memory store's own faults: nothing written, or written and not told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice("store faults")

    def __call__(self, _: str) -> Literal["before", "after"] | None:
        weather = self._world.weather
        if self._dice.chance(weather.store_fails):
            self._world.happened("store fails", "before")
            return "before"
        if self._dice.chance(weather.store_hangs_up):
            self._world.happened("store fails", "after")
            return "after"
        return None


class ShakyBus:
    """Port ``Bus``: loses, repeats, delays and reorders notices, for each listener by itself.

    Inside works the embedded bus, with a topic of its own for every listener.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice(f"bus at {world.now_s}")
        self._inner = EmbeddedBus()
        #: The topics of the listeners, in the order in which they came.
        self._topics: dict[tuple[str, bool], dict[str, None]] = {}
        self._listened = 0

    async def publish(self, topics: Sequence[Topic]) -> None:
        weather = self._world.weather
        if self._dice.chance(weather.bus_away):
            raise ConnectionError("the bus is away")
        for topic in topics:
            for own in list(self._topics.get(topic, ())):
                if self._dice.chance(weather.lost_notice):
                    continue
                for _ in range(2 if self._dice.chance(weather.repeated_notice) else 1):
                    await self._carry(topic._replace(recipient=own), weather.late_notice_s)

    async def _carry(self, topic: Topic, late_s: float) -> None:
        if late_s and self._dice.chance(0.5):
            loop = asyncio.get_running_loop()
            carry = lambda: loop.create_task(self._inner.publish([topic]))  # noqa: E731
            loop.call_later(self._dice.uniform(0, late_s), carry)
            return
        await self._inner.publish([topic])

    def watch(self) -> AbstractContextManager[Watch]:
        """No relay runs here; the embedded bus has its own contract."""
        return self._inner.watch()

    @contextmanager
    def listen(self, recipient: str, *, statuses: bool) -> Iterator[Listener]:
        self._listened += 1
        topic = f"{recipient} {self._listened}"
        topics = self._topics.setdefault((recipient, statuses), {})
        topics[topic] = None
        try:
            with self._inner.listen(topic, statuses=statuses) as listener:
                yield listener
        finally:
            del topics[topic]
