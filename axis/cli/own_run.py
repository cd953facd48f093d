"""A run of its own: its axis and the process that plays it, kept until that is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agencies.world import make_world
from axis.cli.children import Child, address, axis_child, enrol_soon
from axis.settings import LIVE, Settings


def own_settings(run: str) -> Settings:
    """The settings of a run that one command starts and ends; ValueError for no name of one.

    Whatever an axis beside it is told, this one listens on loopback, on a free port, and says so
    itself: nobody who plays here must reach another.
    """
    if run == LIVE:
        raise ValueError("nothing is played into the live run")
    return Settings(run=run, history=True, host="127.0.0.1", port=0, url="")


@asynccontextmanager
async def kept(settings: Settings, seed: int, players: Child) -> AsyncIterator[Child]:
    """Start both, and again whenever one is killed, until the block is left; yields the axis.

    Raises ``InUse`` and ``AnotherWorld``; in a group ``children.GivenUp``.
    """
    world = make_world(settings.home, seed)
    await enrol_soon(settings, world)
    axis = axis_child(settings)
    async with asyncio.TaskGroup() as tasks:
        keeping = [tasks.create_task(axis.keep(), name=axis.name)]
        await address(settings, axis)
        keeping.append(tasks.create_task(players.keep(), name=players.name))
        yield axis
        for task in keeping:
            task.cancel()
