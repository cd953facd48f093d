"""``axis load``: grow the traffic until an axis breaks, and read the date on which it will."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agencies.load import growth as growths
from agencies.load import search
from agencies.load.impossible import Impossible
from agencies.load.judge import OBJECTIVE_S
from agencies.load.orders import DRAIN_S, RETENTION
from agencies.load.plan import DOCUMENTS, SECONDS, Shape
from agencies.load.search import TRIES_MAX
from agencies.load.send import SINGLE
from agencies.sizes import SMALL
from agencies.world import SEED
from axis.cli import (
    load_check,
    load_compare,
    load_course,
    load_own,
    load_page,
    load_report,
    load_whatif,
    screen,
    session,
)
from axis.cli.load_growing import (
    Documents,
    DoubleIn,
    Grow,
    Objective,
    Rates,
    Seconds,
    Steps,
    measured,
)
from axis.cli.load_options import (
    Door,
    Drain,
    Fanout,
    HtmlFile,
    JsonFile,
    Large,
    Months,
    Seed,
    Size,
    Target,
)

#: Nothing lost, but no date either: the objective was never missed, or the driver was to blame.
NO_DATE = 3

group = typer.Typer(help="Load until it breaks: the date on which it will.", no_args_is_help=True)
load_course.register(group)
load_check.register(group)
load_whatif.register(group)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(group, name="load", rich_help_panel=screen.OPERATOR)


Disk = Annotated[
    float | None, typer.Option(metavar="GB", help="Of the axis that grows; else what is free.")
]
Retention = Annotated[int, typer.Option(metavar="MONTHS", help="How long documents are kept.")]


@group.callback()
def load() -> None:
    """Load until it breaks: the date on which it will."""


@group.command()
def growth(
    grow: Grow = None,
    double_in: DoubleIn = None,
    size: Size = SMALL.name,
    fanout: Fanout = None,
    door: Door = SINGLE,
    objective: Objective = OBJECTIVE_S,
    rates: Rates = "",
    documents: Documents = DOCUMENTS,
    seconds: Seconds = SECONDS,
    steps: Steps = TRIES_MAX,
    months: Months = 0,
    disk: Disk = None,
    retention: Retention = RETENTION,
    drain: Drain = DRAIN_S,
    seed: Seed = SEED,
    large: Large = False,
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
        told = measured(asked, target, run, large=large)
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    load_report.report(told)
    if json_file is not None:
        json_file.write_text(load_own.as_text(told), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(load_page.page(told), encoding="utf-8")
    if not load_report.exact(told):
        raise typer.Exit(1)
    if told["date"] is None:
        raise typer.Exit(NO_DATE)


@group.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A result (--json).")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Set two results side by side, and say whether they differ by more than they may lie off.

    Exit code 0: that can be told; 1: of one something was lost or went otherwise; 3: one has no
    capacity, or its driver was the bottleneck.
    """
    try:
        results = load_compare.read(first), load_compare.read(second)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not load_compare.compare(*results):
        raise typer.Exit(NO_DATE if all(one.exact for one in results) else 1)
