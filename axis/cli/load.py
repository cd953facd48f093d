"""``axis load``: grow the traffic until an axis breaks, and read the date on which it will."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agencies.load import growth as growths
from agencies.load import search, storage
from agencies.load.impossible import Impossible
from agencies.load.judge import OBJECTIVE_S
from agencies.load.orders import DRAIN_S, RETENTION, Orders
from agencies.load.plan import DOCUMENTS, SECONDS, Shape
from agencies.load.search import TRIES_MAX
from agencies.load.send import SINGLE
from agencies.load.wire import place
from agencies.sizes import SMALL
from agencies.world import SEED, AnotherWorld
from axis.adapters.sqlite_file import InUse
from axis.cli import (
    children,
    load_compare,
    load_course,
    load_page,
    load_report,
    screen,
    session,
)
from axis.cli.load_options import (
    MAKER,
    RESULT_FILE,
    RUN,
    STATE_FILE,
    Door,
    Drain,
    Fanout,
    HtmlFile,
    JsonFile,
    Seed,
    Size,
    Target,
)
from axis.cli.load_playing import Load, Stopped
from axis.cli.marked import Marked
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.large import Large

#: Nothing lost, but no date either: the objective was never missed, or the driver was to blame.
NO_DATE = 3
#: Processes that serve an axis of the large form, at least.
WORKERS_MIN = 2

group = typer.Typer(help="Load until it breaks: the date on which it will.", no_args_is_help=True)
load_course.register(group)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(group, name="load", rich_help_panel=screen.OPERATOR)


Grow = Annotated[
    str, typer.Option("--growth", metavar="seed|N%", help="A month; seed: as published, 8 %.")
]
DoubleIn = Annotated[
    float | None, typer.Option(metavar="MONTHS", help="Instead: twice in so many months.")
]
Objective = Annotated[
    float, typer.Option(metavar="SECONDS", help="p99 until a recipient has the package.")
]
Rates = Annotated[
    str, typer.Option(metavar="R,R,...", help="Rates to try first; else ten around a burst.")
]
Disk = Annotated[
    float | None, typer.Option(metavar="GB", help="Of the axis that grows; else what is free.")
]
Retention = Annotated[int, typer.Option(metavar="MONTHS", help="How long documents are kept.")]
OverKafka = Annotated[
    bool,
    typer.Option("--large", help="Over Kafka and PostgreSQL: needs Java, Maven, initdb."),
]


@group.callback()
def load() -> None:
    """Load until it breaks: the date on which it will."""


@group.command()
def growth(
    grow: Grow = "seed",
    double_in: DoubleIn = None,
    size: Size = SMALL.name,
    fanout: Fanout = None,
    door: Door = SINGLE,
    objective: Objective = OBJECTIVE_S,
    rates: Rates = "",
    documents: Annotated[int, typer.Option(help="Of each step, at least.")] = DOCUMENTS,
    seconds: Annotated[float, typer.Option(help="Of each step, at least.")] = SECONDS,
    steps: Annotated[int, typer.Option(help="At most so many.")] = TRIES_MAX,
    months: Annotated[int, typer.Option(help="Print each month, so many.")] = 0,
    disk: Disk = None,
    retention: Retention = RETENTION,
    drain: Drain = DRAIN_S,
    seed: Seed = SEED,
    large: OverKafka = False,
    target: Target = "",
    run: session.Run = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """Find what an axis carries, and the month in which growing traffic comes to that.

    Without --target a throw-away axis is started for it, with its servers, and deleted afterwards.
    Exit code 0: there is a date and nothing was lost; 1: something was lost or went otherwise; 3:
    there is no date, or a server of --large is missing.
    """
    try:
        shape = Shape(seed=seed, size=size, fanout=fanout, documents=documents, seconds=seconds)
        asked = {
            "shape": shape,
            "growth": growths.parse(grow, double_in),
            "rates": search.given(rates) if rates else (),
            "door": door,
            "objective_s": objective,
            "months": months,
            "disk_gb": disk,
            "retention": retention,
            "drain_s": drain,
            "steps": steps,
        }
        home = session.open_session(run).settings.home if target else None
        if large and target:
            raise Impossible("--large starts an axis and --target names one; either would do")
        told = _measured(asked, target, home, large=large)
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    if json_file is not None:
        json_file.write_text(_text(told), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(load_page.page(told), encoding="utf-8")
    load_report.report(told)
    if not load_report.exact(told):
        raise typer.Exit(1)
    if told["date"] is None:
        raise typer.Exit(NO_DATE)


@group.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A result (--json).")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Set two results side by side, and say whether they differ by more than they may lie off."""
    try:
        load_compare.compare(load_compare.read(first), load_compare.read(second))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _measured(
    asked: dict[str, Any], target: str, home: Path | None, *, large: bool
) -> dict[str, Any]:
    """Play it and clear away what it made; the result. Raises ``Impossible``."""
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
        storage.require_room(orders.shape, orders.rates, free)
        folder.write({})
        folder.clear()
        try:
            with _servers(settings) if large else nullcontext() as servers:
                load_report.introduce(orders, settings, target, servers.told if servers else "")
                told = _play(settings, orders, own=home is None, servers=servers)
        finally:
            folder.clear()
        (settings.home / RESULT_FILE).write_text(_text(told), encoding="utf-8")
    return told


def _servers(settings: Settings) -> AbstractContextManager[Large]:
    # Not above: a laptop's commands start without the libraries of a server's.
    from axis.cli.large import kept

    workers = max(WORKERS_MIN, os.cpu_count() or 1)
    return kept(settings.model_copy(update={"workers": workers, "relay": "apart"}))


def _play(
    settings: Settings, orders: Orders, *, own: bool, servers: Large | None
) -> dict[str, Any]:
    try:
        play = Load(settings, orders, own=own)
        if servers is not None:
            play = Load(servers.settings, orders, own=own, beside=servers.pids)
        children.run(play.run())
    except children.Interrupted:
        typer.echo("Stopped; what was measured so far is thrown away.", err=True)
        raise typer.Exit(130) from None
    except (Stopped, children.GivenUp, InUse, AnotherWorld) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    return play.result


def _text(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
