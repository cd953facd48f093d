"""Play a part of the history: the axis and the process of all agencies, kept, watched, ended."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agencies.history.expected import Figures, figures
from agencies.history.part import Part
from agencies.history.progress import Progress
from agencies.sizes import SMALL
from axis.cli.children import Child, run_folder
from axis.cli.history_memory import Memory
from axis.cli.history_watch import HistoryWatch
from axis.cli.own_run import kept
from axis.cli.published import all_published
from axis.core.timetable import month30
from axis.settings import Settings


class Stopped(Exception):
    """The play came to an end that was not planned; the message says why."""


@dataclass
class Play:
    """One playing of a part, from wherever an earlier one got to.

    ``figures`` is what the plan wants of the whole part, ``told`` what the agencies did, both known
    when it has run; ``took_s`` is how long it took this time, start and end included, and ``sent``
    how many documents that were; ``published`` whether all of it has reached its topics, where
    there are any; ``memory`` what each process held this time, of months of 30 days.
    """

    settings: Settings
    part: Part
    seed: int
    speed: float | None
    size: str = SMALL.name
    silent: bool = False
    figures: Figures = field(default_factory=Figures)
    told: Mapping[str, Any] = field(default_factory=dict)
    took_s: float = 0.0
    sent: int = 0
    published: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: HistoryWatch | None = None
    _children: Sequence[Child] = ()

    async def run(self) -> None:
        """Play to the end. Raises ``InUse``; in a group ``Stopped`` and ``children.GivenUp``."""
        begun_s, before = time.monotonic(), Progress.load(self.settings.home).sent
        players = self._players()
        async with kept(self.settings, self.seed, players) as axis:
            self._children = (axis, players)
            # The plan's own count, beside the play: it takes ten seconds of one core.
            self.figures = await asyncio.to_thread(figures, self.part, self.seed)
            with nullcontext() if self.silent else HistoryWatch(self.figures) as self._watch:
                await self._finished.wait()
                if "otherwise" in self.told:
                    raise Stopped(f"Otherwise than planned: {self.told['otherwise']}")
            self.published = await all_published(self.settings)
        self.took_s, self.sent = time.monotonic() - begun_s, self.told["sent"] - before
        self.restarts = {child.name: child.restarts for child in self._children}

    def _players(self) -> Child:
        part = self.part
        argv = [sys.executable, "-m", "agencies.history.play", "--home", f"{self.settings.home}"]
        argv += ["--seed", f"{self.seed}", "--from", f"{part.first}", "--to", f"{part.last}"]
        argv += ["--only", part.only, "--sample", "/".join(map(str, part.sample))]
        argv += ["--size", self.size]
        if self.speed is not None:
            argv += ["--speed", f"{self.speed!r}"]
        return Child("agencies", argv, run_folder(self.settings), heard=self._heard)

    def _heard(self, _child: Child, message: Mapping[str, Any]) -> None:
        self.told = message
        if "day" in message:
            day = date.fromisoformat(message["day"])
            if day <= self.part.last:
                # Behind it clerks still answer, in days that are no month of the history.
                self.memory.look(month30(day), {child.name: child.pid for child in self._children})
            if self._watch is not None:
                self._watch.show(day, message)
        if "finished" in message or "otherwise" in message:
            self._finished.set()
