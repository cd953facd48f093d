"""Play a planned day: the axis and two processes of agencies, started, watched and ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agencies.brokers import Brokers
from agencies.client import Client
from agencies.crew import hours
from agencies.line import HttpLine
from agencies.pace import Pace
from agencies.traffic import Planned
from agencies.world import OPERATOR_ID, make_world, read_secret
from axis.cli.children import Child, address, agencies_child, axis_child, enrol_soon
from axis.cli.outcome import read_indexes
from axis.cli.progress import Watch
from axis.core.timetable import day_number, day_of_number, iso
from axis.settings import Settings

#: Processes of agencies: with the axis three, which share two cores well.
SHARES = 2
#: Seconds between the word to begin and the first document: 95 agencies ask for their tokens.
LEAD_S = 0.5
#: Nothing moves for so long, with every process running: something is wrong. A request that got no
#: answer is repeated after half a minute, and a disk that others keep busy takes as long to sync.
STALL_S = 150.0
_LOOK_S = 0.1
#: What is shown while it plays, and what a process of agencies calls it.
SHOWN: Mapping[str, str] = {"sent": "sent", "received": "received", "statuses": "heard"}


class Stalled(Exception):
    """Nothing moves any more; the message says how far things got."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the axis said at the end, statuses that came back, and restarts by process name."""

    counts: Mapping[str, Any]
    heard: int
    restarts: Mapping[str, int]


@dataclass
class Play:
    """One playing of a plan, from wherever an earlier one got to.

    ``arguments`` are those that make an agencies' process draw up the same plan; the day passes
    in ``seconds``. ``beside`` an axis that runs already none is started, and its books are set up.
    With ``brokers`` the agencies read their topics.
    """

    settings: Settings
    plan: Sequence[Planned]
    seed: int
    seconds: float
    arguments: Sequence[str]
    watch: Watch
    beside: bool = False
    brokers: Brokers | None = None
    _ready: set[str] = field(default_factory=set)
    _told: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _pace: Pace | None = None
    _moved_s: float = 0.0
    _children: list[Child] = field(default_factory=list)

    async def run(self) -> Played:
        """Play to the end.

        Raises ``Stalled`` and ``children.GivenUp`` (in a group), ``AnotherWorld``.
        """
        world = make_world(self.settings.home, self.seed)
        crews = [self._crew(share) for share in range(1, SHARES + 1)]
        self._children += crews
        async with asyncio.TaskGroup() as tasks:
            # The agencies take longer to start than the books to set up.
            kept = [tasks.create_task(child.keep(), name=child.name) for child in crews]
            if not self.beside:
                axis = axis_child(self.settings)
                self._children.append(axis)
                await enrol_soon(self.settings, world)
                kept.append(tasks.create_task(axis.keep(), name=axis.name))
                await address(self.settings, axis)
            await self._until(lambda: len(self._ready) == SHARES)
            self._begin(crews)
            await self._until(self._finished)
            counts = await self._counts()
            for task in kept:
                task.cancel()
        return Played(counts, self._sum("heard"), {c.name: c.restarts for c in self._children})

    @property
    def _day(self) -> date:
        return day_of_number(day_number(self.plan[0].at_us))

    @property
    def _speed(self) -> float:
        day = hours(self._day)
        return (day.closes_us - day.opens_us) / (self.seconds * 1e6)

    def _crew(self, share: int) -> Child:
        arguments = ["--mode", "demo", "--share", f"{share}/{SHARES}", "--day", f"{self._day}"]
        arguments += ["--seed", f"{self.seed}", "--speed", f"{self._speed!r}", *self.arguments]
        name = f"agencies-{share}"
        return agencies_child(self.settings, name, arguments, self._heard, self.brokers)

    def _begin(self, crews: Sequence[Child]) -> None:
        """Set the run's clock going: at the opening, or at the first document not yet sent."""
        day = hours(self._day)
        sent = read_indexes(self.settings.home)
        unsent = [planned.at_us for planned in self.plan if planned.index not in sent]
        start_us = day.opens_us if not sent else min(unsent, default=day.closes_us)
        self._pace = Pace(
            monotonic=time.monotonic,
            start_us=start_us,
            origin_s=time.monotonic() + LEAD_S,
            speed=self._speed,
            last_us=day.last_us,
            played=True,
        )
        for child in crews:
            self._tell(child)

    def _tell(self, child: Child) -> None:
        if self._pace is not None:
            child.tell({"origin_s": self._pace.origin_s, "start_us": self._pace.start_us})

    def _heard(self, child: Child, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            self._ready.add(child.name)
            # One that was started again in the middle of the run goes on at once.
            self._tell(child)
        elif self._told.get(child.name) != message:
            self._told[child.name] = message
            self._moved_s = time.monotonic()

    def _finished(self) -> bool:
        return len(self._told) == SHARES and all(t["finished"] for t in self._told.values())

    def _sum(self, name: str) -> int:
        return sum(told[name] for told in self._told.values())

    async def _until(self, true: Callable[[], bool]) -> None:
        """Wait for something, and show meanwhile how far things are; raises ``Stalled``."""
        self._moved_s = time.monotonic()
        while not true():
            await asyncio.sleep(_LOOK_S)
            self._show()
            if time.monotonic() - self._moved_s > STALL_S:
                told = ", ".join(f"{name} {self._sum(key)}" for name, key in SHOWN.items())
                standing = "\n".join(child.standing() for child in self._children)
                raise Stalled(f"nothing has moved for {STALL_S:.0f} seconds ({told})\n{standing}")
        self._show()

    def _show(self) -> None:
        at = ""
        if self._pace is not None:
            at = iso(min(self._pace.now_us(), hours(self._day).leaves_us))[11:16]
        self.watch.show({name: self._sum(key) for name, key in SHOWN.items()}, at)

    async def _counts(self) -> Mapping[str, Any]:
        """What the books say of the day, agency by agency."""
        home = self.settings.home
        async with HttpLine(self.settings.axis_dir) as line:
            client = Client(line, OPERATOR_ID, read_secret(home / "operator"), lambda: 0.0)
            path = f"/v1/counts?by=agency&from={self._day}&to={self._day}"
            counts: Mapping[str, Any] = await client.get(path)
            return counts
