"""One load test from its folder to its result, at an axis of its own or at one that is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from agencies.load.impossible import Impossible
from agencies.load.orders import Site
from agencies.load.wire import place
from agencies.world import AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.cli import children, session
from axis.cli.load_options import MAKER, RESULT_FILE, RUN, STATE_FILE, WORK
from axis.cli.load_playing import Load, Stopped
from axis.cli.marked import Marked
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.large import Large

AnyOrders = TypeVar("AnyOrders", bound=Site)


def played(
    made: Callable[..., AnyOrders],
    require_room: Callable[[AnyOrders, float], None],
    introduce: Callable[[AnyOrders, Settings, str, str], None],
    *,
    target: str,
    run: str | None,
    large: bool,
    stopped: int = 1,
) -> dict[str, Any]:
    """Play at ``target``, whose keys are those of ``run``, or at an axis of its own, and clear away
    what that made; the result.

    ``made`` makes the orders from what follows from the place, ``require_room`` is told the bytes
    that are free, ``introduce`` tells what is about to be played (orders, settings, target, servers
    of the large form), and ``stopped`` is the exit code of one that went otherwise. Raises
    ``Impossible``.
    """
    if large and target:
        raise Impossible("--large starts an axis and --target names one; either would do")
    home = session.open_session(run).settings.home if target else None
    settings = Settings(run=RUN, port=0, simulation=True)
    if home is None and settings.database is not None and not large:
        raise typer.BadParameter("AXIS_DATABASE is set; a throw-away axis has books of its own")
    orders = made(
        home=home or settings.home,
        work=settings.home / WORK,
        url=target.rstrip("/") or "http://127.0.0.1:1",
        axis_pid=None,
    )
    place(orders.url)
    folder = Marked(settings, STATE_FILE, MAKER)
    with folder.alone():
        folder.read()
        # What is refused leaves the last result where it is.
        require_room(orders, shutil.disk_usage(settings.var).free)
        folder.write({})
        folder.clear()
        try:
            with _servers(settings) if large else nullcontext() as servers:
                introduce(orders, settings, target, servers.told if servers else "")
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


def _servers(settings: Settings) -> AbstractContextManager[Large]:
    # Not above: a laptop's commands start without the libraries of a server's.
    from axis.cli.large import kept, workers

    return kept(settings.model_copy(update={"workers": workers(), "relay": "apart"}))


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
