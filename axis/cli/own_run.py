"""A run of its own: its axis and the process that plays it, kept until that is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer

from agencies.world import make_world
from axis.cli.children import Child, address, axis_child, enrol_soon
from axis.cli.failures import of_the_world
from axis.settings import LIVE, Settings


def own_settings(run: str) -> Settings:
    """The settings of a run that one command starts and ends; ValueError for no name of one.

    Whatever an axis beside it is told, this one listens on loopback, on a free port, and says so
    itself: nobody who plays here must reach another.
    """
    if run == LIVE:
        raise ValueError("nothing is played into the live run")
    return Settings(run=run, history=True, host="127.0.0.1", port=0, url="")


def named_by(option: str, run: str) -> Settings:
    """The same for a run that ``option`` names; ends the command where it is no name of one."""
    try:
        return own_settings(run)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {run}: {of_the_world(error) or error}") from None


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
