"""Play a load test: a throw-away axis where none is named, and the process that drives load."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agencies.load.impossible import Impossible
from agencies.load.orders import Site
from agencies.world import make_world
from axis.cli.children import (
    LOOK_S,
    Child,
    address,
    axis_child,
    enrol_soon,
    relay_child,
    run_folder,
)
from axis.cli.load_watch import LoadWatch
from axis.settings import Settings


class Stopped(Exception):
    """The load test came to an end that was not planned; the message says why."""


@dataclass
class Load:
    """One load test. ``own``: at an axis of its own, which is started and ended with it, over the
    servers ``beside`` it (by name their first processes), which whoever names them keeps.

    ``result`` is there when it has run.
    """

    settings: Settings
    orders: Site
    own: bool
    beside: Mapping[str, int] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    _told: Mapping[str, Any] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: LoadWatch = field(default_factory=LoadWatch)
    _begun: int = 0

    async def run(self) -> None:
        """Run to the end. Raises ``InUse``; in a group ``Impossible``, ``Stopped`` and
        ``children.GivenUp``.
        """
        orders = self.orders
        if self.own:
            world = make_world(self.settings.home)
            await enrol_soon(self.settings, world)
        async with asyncio.TaskGroup() as tasks:
            kept = []
            if self.own:
                axis = _axis(self.settings, orders.axis_cores)
                kept.append(tasks.create_task(axis.keep(), name=axis.name))
                url = await address(self.settings, axis)
                kept.append(tasks.create_task(_alive(axis)))
                pids = dict(self.beside)
                if self.settings.relay == "apart":
                    relay = relay_child(self.settings)
                    kept.append(tasks.create_task(relay.keep(), name=relay.name))
                    pids[relay.name] = await _started(relay)
                orders = replace(orders, url=url, axis_pid=axis.pid, beside=pids)
            driver = self._driver(orders)
            kept.append(tasks.create_task(driver.keep(), name=driver.name))
            with self._watch:
                await self._ended.wait()
            self._read()
            for task in kept:
                task.cancel()

    def _driver(self, orders: Site) -> Child:
        argv = [sys.executable, "-m", "agencies.load", orders.as_json()]
        return Child("driver", argv, run_folder(self.settings), heard=self._heard)

    def _heard(self, child: Child, message: Mapping[str, Any]) -> None:
        if "begun" in message:
            self._begun += 1
            if self._begun > 1:
                words = child.last_words()
                message = {"otherwise": f"The driver ended by itself; the end of its log:\n{words}"}
        self._watch.show(message)
        if any(name in message for name in ("finished", "impossible", "otherwise")):
            self._told = message
            self._ended.set()

    def _read(self) -> None:
        if "impossible" in self._told:
            raise Impossible(self._told["impossible"])
        if "otherwise" in self._told:
            raise Stopped(self._told["otherwise"])
        self.result = json.loads(Path(self._told["finished"]).read_text(encoding="utf-8"))


async def _started(child: Child) -> int:
    """Wait until a child runs; its process id."""
    while True:
        if child.pid is not None:
            return child.pid
        await asyncio.sleep(LOOK_S)


def _axis(settings: Settings, cores: int | None) -> Child:
    """The axis, on the first ``cores`` of those there are."""
    axis = axis_child(settings)
    if cores is None:
        return axis
    first = sorted(os.sched_getaffinity(0))[:cores]
    python, *arguments = axis.argv
    on_cores = [python, "-m", "axis.on_cores", ",".join(map(str, first)), *arguments]
    return replace(axis, argv=on_cores)


async def _alive(axis: Child) -> None:
    """Raises ``Stopped`` when the axis had to be started again: its load is gone with it."""
    while True:
        await asyncio.sleep(LOOK_S)
        if axis.restarts:
            raise Stopped("The axis ended under the load, before it was told to.")
