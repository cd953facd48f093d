"""What all commands that find a capacity have in common: their options, and how they are played."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agencies.load import storage
from agencies.load.impossible import Impossible
from agencies.load.orders import Orders
from agencies.load.wire import place
from agencies.world import AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.cli import children, load_report, session
from axis.cli.load_options import MAKER, RESULT_FILE, RUN, STATE_FILE
from axis.cli.load_playing import Load, Stopped
from axis.cli.marked import Marked
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.large import Large as Servers

#: Processes that serve an axis of the large form, at least.
WORKERS_MIN = 2

Grow = Annotated[
    str, typer.Option("--growth", metavar="seed|N%", help="A month; seed: as published, 8 %.")
]
DoubleIn = Annotated[
    float | None, typer.Option(metavar="MONTHS", help="Instead: twice in so many months.")
]
Objective = Annotated[
    float, typer.Option(metavar="SECONDS", help="p99 until a recipient has the package.")
]
Large = Annotated[
    bool, typer.Option("--large", help="Over Kafka and PostgreSQL: needs Java, Maven, initdb.")
]
Rates = Annotated[
    str, typer.Option(metavar="R,R,...", help="Rates to try first; else ten around a burst.")
]
Documents = Annotated[int, typer.Option(help="Of each step, at least.")]
Seconds = Annotated[float, typer.Option(help="Of each step, at least.")]
Steps = Annotated[int, typer.Option(help="At most so many.")]


def measured(
    asked: dict[str, Any],
    target: str = "",
    run: str | None = None,
    *,
    large: bool = False,
    usual: int = storage.STEPS_USUAL,
    stopped: int = 1,
) -> dict[str, Any]:
    """Play what is asked at ``target``, whose keys are those of ``run``, or at an axis of its own,
    and clear away what it made; the result.

    ``usual`` is how many of its largest steps a run comes to, ``stopped`` the exit code of one that
    went otherwise. Raises ``Impossible``.
    """
    if large and target:
        raise Impossible("--large starts an axis and --target names one; either would do")
    home = session.open_session(run).settings.home if target else None
    settings = Settings(run=RUN, port=0, simulation=True)
    if home is None and settings.database is not None and not large:
        raise typer.BadParameter("AXIS_DATABASE is set; a throw-away axis has books of its own")
    orders = Orders(
        home=home or settings.home,
        work=settings.home / "work",
        url=target.rstrip("/") or "http://127.0.0.1:1",
        axis_pid=None,
        **asked,
    )
    place(orders.url)
    folder = Marked(settings, STATE_FILE, MAKER)
    with folder.alone():
        folder.read()
        # What is refused leaves the last result where it is.
        free = shutil.disk_usage(settings.var).free
        storage.require_room(orders.shape, orders.rates, free, usual)
        folder.write({})
        folder.clear()
        try:
            with _servers(settings) if large else nullcontext() as servers:
                load_report.introduce(orders, settings, target, servers.told if servers else "")
                load = Load(settings, orders, own=home is None)
                if servers is not None:
                    load = Load(servers.settings, orders, own=True, beside=servers.pids)
                told = _play(load, stopped)
        finally:
            folder.clear()
        (settings.home / RESULT_FILE).write_text(as_text(told), encoding="utf-8")
    return told


def as_text(told: dict[str, Any]) -> str:
    """A result as its file has it."""
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _servers(settings: Settings) -> AbstractContextManager[Servers]:
    # Not above: a laptop's commands start without the libraries of a server's.
    from axis.cli.large import kept

    workers = max(WORKERS_MIN, os.cpu_count() or 1)
    return kept(settings.model_copy(update={"workers": workers, "relay": "apart"}))


def _play(load: Load, stopped: int) -> dict[str, Any]:
    try:
        children.run(load.run())
    except children.Interrupted:
        typer.echo("Stopped; what was measured so far is thrown away.", err=True)
        raise typer.Exit(130) from None
    except (Stopped, children.GivenUp, InUse, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(stopped) from None
    return load.result
