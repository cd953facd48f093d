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

from agencies.history.anchors import lang_son
from agencies.history.expected import Figures
from agencies.history.part import Part, documents
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

    ``figures`` is what the plan wants of the whole part (``lang_son`` as in ``anchors``), ``told``
    what the agencies did, both known when it has run; ``took_s`` is how long it took this time,
    start and end included; ``published`` whether all of it has reached its topics, where there are
    any; ``memory`` what each process held this time, of months of 30 days.
    """

    settings: Settings
    part: Part
    seed: int
    speed: float | None
    size: str = SMALL.name
    silent: bool = False
    figures: Figures = field(default_factory=Figures)
    lang_son: tuple[int, int] = (0, 0)
    told: Mapping[str, Any] = field(default_factory=dict)
    took_s: float = 0.0
    published: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: HistoryWatch | None = None
    _children: Sequence[Child] = ()

    async def run(self) -> None:
        """Play to the end. Raises ``InUse``; in a group ``Stopped`` and ``children.GivenUp``."""
        begun_s = time.monotonic()
        players = self._players()
        async with kept(self.settings, self.seed, players) as axis:
            self._children = (axis, players)
            # The plan's own count, beside the play: it takes ten seconds of one core.
            await asyncio.to_thread(self._plan)
            with nullcontext() if self.silent else HistoryWatch(self.figures) as self._watch:
                await self._finished.wait()
                if "otherwise" in self.told:
                    raise Stopped(f"Otherwise than planned: {self.told['otherwise']}")
            self.published = await all_published(self.settings)
        self.took_s = time.monotonic() - begun_s
        self.restarts = {child.name: child.restarts for child in self._children}

    def _plan(self) -> None:
        """Count what the plan wants."""
        sent = from_office = 0
        for _, plan in documents(self.part, self.seed):
            self.figures.add(plan)
            of_day = lang_son(plan)
            sent, from_office = sent + of_day[0], from_office + of_day[1]
        self.lang_son = sent, from_office

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
