"""Play recorded traffic in a run of its own: what ``import`` and ``shadow`` have in common.

The folder of the run holds a mark (what is played), the score, logs, and at the end the outcome. A
score is whole before anything is played; one that is not leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from agencies.replays.score import Score
from agencies.world import AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.cli import archive, children, screen
from axis.cli.children import Child, run_folder
from axis.cli.failures import NoAxis
from axis.cli.given import require_kept
from axis.cli.marked import Marked
from axis.cli.own_run import kept
from axis.cli.progress import Watch
from axis.cli.published import all_published
from axis.core.timetable import MICROSECONDS, from_iso
from axis.settings import Settings

Anew = Annotated[
    bool, typer.Option("--anew", help="Delete one that was stopped or killed, and begin anew.")
]

#: Within the folder of a run, where its next score is written.
_FRESH = "next"
#: How often who wants to know is told how far a play is.
REPORT_S = 1.0
#: What packages may take of the disk that is free; the rows of the books come on top.
DISK_SHARE_MAX = 0.6


class Room:
    """Counts what is going to be written, and ends the command before the disk is full."""

    def __init__(self, settings: Settings, copies: int) -> None:
        """``copies`` is how often a package will lie on the disk: in the score, in the books."""
        settings.home.mkdir(parents=True, exist_ok=True)
        self._home = settings.home
        self._copies = copies
        self._free = shutil.disk_usage(settings.home).free
        self._needed = 0

    def take(self, size: int) -> None:
        """One more package of ``size`` bytes."""
        self._needed += size * self._copies
        if self._needed > self._free * DISK_SHARE_MAX:
            typer.echo(
                f"The packages take more than {screen.number(self._needed)} bytes, and "
                f"{self._home} has {screen.number(self._free)} bytes free, of which a play may "
                f"take {DISK_SHARE_MAX:.0%}. Take a shorter window.",
                err=True,
            )
            raise typer.Exit(1)


def opened(
    folder: Marked,
    wanted: Mapping[str, Any],
    fill: Callable[[Score], Mapping[str, Any]],
    *,
    resume: bool,
    anew: bool = False,
    typed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The state to go on from, or the one of a fresh run whose score ``fill`` has written.

    What ``fill`` returns joins the state. What was played here before stays until ``fill`` has
    returned: a file that is refused takes nothing with it. Ends the command where there is nothing
    to go on with, where that is otherwise than options which were ``typed`` (by their names in the
    state), where something was stopped and it is not to begin ``anew``, and where the books of the
    run are somebody else's.
    """
    require_one_way(resume=resume, anew=anew)
    home, said = folder.settings.home, folder.read()
    if resume:
        if said is None or not _half_played(said):
            raise typer.BadParameter(f"there is no half-played run in {home} to go on with")
        require_as_kept(typed or {}, said)
        return said
    if not anew:
        require_over(folder)
    _require_fresh(folder.settings, known=said is not None)
    state = {**wanted, "checked": False, "finished": ""}
    if said is None:
        folder.write(state)
    fresh = home / _FRESH
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        with Score.begin(fresh) as score:
            state |= fill(score)
    except BaseException:
        if said is None:
            folder.forget()
        else:
            shutil.rmtree(fresh)
        raise
    folder.write(state)
    folder.clear(keep=_FRESH)
    if said is not None:
        asyncio.run(archive.drop(folder.settings))
    for path in fresh.iterdir():
        path.replace(home / path.name)
    fresh.rmdir()
    state["checked"] = True
    folder.write(state)
    return state


def require_one_way(*, resume: bool, anew: bool) -> None:
    """Refuse both options at once."""
    if resume and anew:
        raise typer.BadParameter("--resume goes on, --anew begins anew; either would do")


def require_over(folder: Marked) -> None:
    """Refuse a folder whose run was stopped or killed: who wants it deleted says so."""
    said = folder.read()
    if said is not None and _half_played(said):
        raise typer.BadParameter(
            f"{folder.settings.home} has a run that was stopped: '{folder.maker} --resume' goes on "
            "with it, --anew deletes it and begins anew"
        )


def _half_played(said: Mapping[str, Any]) -> bool:
    return bool(said["checked"] and not said["finished"])


def require_as_kept(typed: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Refuse options that were typed, by their names in the state, where that says otherwise."""
    names = {"of": "run"}
    require_kept(
        {f"--{names.get(name, name)}": value for name, value in typed.items()},
        {f"--{names.get(name, name)}": said.get(name) for name in typed},
    )


def _require_fresh(settings: Settings, *, known: bool) -> None:
    """Refuse books that this folder did not make, and a name whose topics hold another play."""
    if settings.database is not None and not known and asyncio.run(archive.there(settings)):
        raise typer.BadParameter(
            f"{settings.books} has books of a run '{settings.run}' that "
            f"{settings.home} knows nothing of; take another name"
        )
    if settings.kafka.bootstrap and known:
        raise typer.BadParameter(
            f"the topics of the run '{settings.run}' hold what was played before; take another name"
        )


@dataclass
class Playing:
    """One playing of the score in the folder of ``settings``, from wherever it got to.

    ``report`` is told each second how many deliveries are done, from a thread; what it raises ends
    the play. ``took_s`` is how long it took this time, start and end included; ``published``
    whether all of it has reached its topics, where there are any.
    """

    settings: Settings
    seed: int
    speed: float | None
    silent: bool
    report: Callable[[int], None] | None = None
    took_s: float = 0.0
    published: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: Watch | None = None
    _until_us: int = 0
    _received: int = 0

    def run(self, again: str) -> None:
        """Play to the end, or end the command; ``again`` is how to go on with it."""
        try:
            children.run(self._run())
        except children.Interrupted:
            typer.echo(f"Stopped. Go on: {again}", err=True)
            raise typer.Exit(130) from None
        except (children.GivenUp, InUse, AnotherWorld, NoAxis) as error:
            typer.echo(f"{error}", err=True)
            raise typer.Exit(1) from None

    async def _run(self) -> None:
        begun_s = time.monotonic()
        with Score(self.settings.home) as score:
            state = score.state
        self._until_us, self._received = state.until_us, state.received
        goals = {"sent": state.documents, "received": state.deliveries}
        players = self._players()
        async with kept(self.settings, self.seed, players) as axis:
            with nullcontext() if self.silent else Watch(goals, time.monotonic) as self._watch:
                await self._end()
            self.published = await all_published(self.settings)
        self.took_s = time.monotonic() - begun_s
        self.restarts = {child.name: child.restarts for child in (axis, players)}

    async def _end(self) -> None:
        """Wait until all is played, and tell whoever wants to know how far it is."""
        while not self._finished.is_set():
            if self.report is not None:
                # It waits for an answer, and here children are to be heard and ended.
                await asyncio.to_thread(self.report, self._received)
            try:
                async with asyncio.timeout(REPORT_S):
                    await self._finished.wait()
            except TimeoutError:
                continue

    def _players(self) -> Child:
        argv = [sys.executable, "-m", "agencies.replays.play", "--home", f"{self.settings.home}"]
        argv += ["--seed", f"{self.seed}"]
        if self.speed is not None:
            argv += ["--speed", f"{self.speed!r}"]
        return Child("agencies", argv, run_folder(self.settings), heard=self._heard)

    def _left(self, at: str) -> str:
        """The time that is left where it passes at a speed; behind the window nobody waits."""
        left_us = self._until_us - from_iso(at)
        if self.speed is None or left_us <= 0:
            return ""
        return f", {left_us / MICROSECONDS / self.speed:.0f} s left"

    def _heard(self, _child: Child, message: Mapping[str, Any]) -> None:
        if self._watch is not None and "sent" in message:
            self._watch.show(message, f"{screen.moment(message['at'])}{self._left(message['at'])}")
        self._received = message.get("received", self._received)
        if "finished" in message:
            self._finished.set()
