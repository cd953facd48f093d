"""``axis load whatif``: the date as things are, and the date with something changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from agencies.load import growth as growths
from agencies.load import search
from agencies.load.impossible import Impossible
from agencies.load.judge import OBJECTIVE_S
from agencies.load.plan import DOCUMENTS, SECONDS, Shape
from agencies.load.search import TRIES_MAX
from agencies.load.send import SINGLE
from agencies.world import SEED
from axis.cli import load_compare, load_own, load_report, load_whatif_page, screen
from axis.cli.load_compare import Result
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
from axis.cli.load_moved import SIDES, words
from axis.cli.load_options import Door, Fanout, HtmlFile, JsonFile, Large, Months, Seed

KIND = "whatif"
VERSION = 1
NO_DATE = 3

NewSize = Annotated[
    str | None, typer.Option("--size", metavar="small|real", help="Packages of this profile.")
]
Signed = Annotated[
    str | None, typer.Option(metavar="N%", help="So many packages are signed; all are else.")
]
Cores = Annotated[int | None, typer.Option(help="The axis has so many cores; the driver all.")]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(whatif)


def whatif(
    first: Annotated[
        Path | None, typer.Argument(metavar="A", help="As it is: a result (--json).")
    ] = None,
    second: Annotated[Path | None, typer.Argument(metavar="B", help="And changed.")] = None,
    fanout: Fanout = None,
    size: NewSize = None,
    signed: Signed = None,
    cores: Cores = None,
    grow: Grow = None,
    double_in: DoubleIn = None,
    door: Door = SINGLE,
    objective: Objective = OBJECTIVE_S,
    rates: Rates = "",
    documents: Documents = DOCUMENTS,
    seconds: Seconds = SECONDS,
    steps: Steps = TRIES_MAX,
    months: Months = 0,
    seed: Seed = SEED,
    large: Large = False,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """What if documents had more recipients, were larger, or not signed; if there were fewer cores?

    Two dates side by side: a throw-away axis is loaded as things are, then another with what is
    changed; or, from the files A and B, what two load tests came to. Exit code 0: there are two
    dates; 1: something was lost or went otherwise; 3: one has no date.
    """
    try:
        named = any(change is not None for change in (fanout, size, signed, cores))
        if first is not None and second is not None and not named:
            _of_files(first, second, json_file, html_file)
        _require(named and first is None)
        plain = Shape(seed=seed, documents=documents, seconds=seconds)
        changed = replace(
            plain,
            fanout=fanout,
            size=size or plain.size,
            signed=plain.signed if signed is None else share(signed),
        )
        _require(changed != plain or cores is not None)
        require_cores(cores, large=large)
        asked = {
            "growth": growths.parse(grow, double_in),
            "rates": search.given(rates) if rates else (),
            "door": door,
            "objective_s": objective,
            "steps": steps,
            "months": months,
        }
        results = _both(asked, plain, changed, cores, large=large)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if json_file is not None:
        told = {"version": VERSION, "kind": KIND, "as_is": results[0], "changed": results[1]}
        json_file.write_text(load_own.as_text(told), encoding="utf-8")
    as_is, other = map(Result.model_validate, results)
    _end(as_is, other, html_file)


def _of_files(first: Path, second: Path, json_file: Path | None, html_file: Path | None) -> None:
    """What two load tests came to; ends the command. Raises ``Impossible``."""
    if json_file is not None:
        raise Impossible("--json writes what is played, and A and B are there; --html would do")
    _end(load_compare.read(first), load_compare.read(second), html_file)


def share(text: str) -> float:
    """``50%`` as 0.5; raises ``Impossible``."""
    try:
        return float(text.removesuffix("%")) / 100
    except ValueError:
        raise Impossible(f"--signed {text} is no share; 50% would do") from None


def require_cores(cores: int | None, *, large: bool = False) -> None:
    """Refuse cores that would change nothing, or cannot be kept to; raises ``Impossible``."""
    if cores is None:
        return
    if large:
        raise Impossible(
            f"--cores {cores}: of the large form the servers would keep them all; --cores {cores} "
            "without --large would do"
        )
    if not hasattr(os, "sched_setaffinity"):
        raise Impossible(f"--cores {cores}: this system keeps no process on some of its cores")
    there = len(os.sched_getaffinity(0))
    if not 1 <= cores < there:
        would = f"{there - 1} would do" if there > 1 else "a larger machine would do"
        raise Impossible(f"--cores {cores} is not fewer than the {there} there are; {would}")


def _both(
    asked: dict[str, Any], plain: Shape, changed: Shape, cores: int | None, *, large: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Play both; the second only where the first has a date."""
    screen.say("1. As it is.")
    first = measured(asked | {"shape": plain}, large=large)
    load_report.report(first)
    if first["date"] is None or not load_report.exact(first):
        screen.say("There is nothing to compare with; the second was not played.")
        raise typer.Exit(NO_DATE if load_report.exact(first) else 1)
    screen.say("")
    screen.say("2. Changed.")
    second = measured(asked | {"shape": changed, "axis_cores": cores}, large=large)
    load_report.report(second)
    screen.say("")
    return first, second


def _end(first: Result, second: Result, html_file: Path | None) -> None:
    """Say what came of them, and end the command."""
    load_compare.table(first, second, SIDES)
    for line in words(first, second):
        screen.say(line)
    if html_file is not None:
        html_file.write_text(load_whatif_page.page(first, second), encoding="utf-8")
    if not first.exact or not second.exact:
        raise typer.Exit(1)
    dated = first.date and second.date and not load_compare.nothing(first, second, SIDES)
    raise typer.Exit(0 if dated else NO_DATE)


def _require(sense: object) -> None:
    if not sense:
        raise Impossible(
            "name what is changed (--fanout 5, --size real, --signed 50%, --cores 1), or two "
            "results; axis load whatif --fanout 5 would do"
        )
