"""``axis load run``, ``rate`` and ``outage``: a course of rates, agencies that misbehave."""

from __future__ import annotations

import math
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agencies.load import outage as outages
from agencies.load import personas as known
from agencies.load import storage, turning
from agencies.load.course import BURST, CONSTANT, DAY, RAMP, SHAPES, Course, course
from agencies.load.course_orders import AHEAD, CourseOrders
from agencies.load.course_result import exact
from agencies.load.impossible import Impossible
from agencies.load.orders import DRAIN_S
from agencies.load.plan import DOCUMENTS_MIN, SECONDS_MIN, Shape
from agencies.load.send import SINGLE
from agencies.sizes import SMALL
from agencies.world import SEED
from axis.cli import load_course_page, load_course_report, load_own, screen, session
from axis.cli.load_options import (
    MAKER,
    RUN,
    STATE_FILE,
    WORK,
    Door,
    Drain,
    Fanout,
    HtmlFile,
    JsonFile,
    Large,
    Seed,
    Size,
    Target,
)
from axis.cli.marked import Marked
from axis.settings import Settings

#: How long a running test may take to say what became of a change: it looks ten times a second.
TOLD_S_MAX = 10.0

Persona = Annotated[
    list[str] | None,
    typer.Option(
        "--persona", metavar="AGENCY=HOW", help=f"H37=slow; or {', '.join(known.MUST)}. Repeatable."
    ),
]
Ahead = Annotated[
    float,
    typer.Option("--up-to", metavar="N", help="Packages for so many times the rate are ready."),
]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("run")(play)
    group.command()(rate)
    group.command()(outage)


def play(
    shape: Annotated[
        str, typer.Option(metavar="|".join(SHAPES), help="How the rate goes over time.")
    ] = CONSTANT,
    rate: Annotated[
        float,
        typer.Option(
            "--rate", "--to", help=f"Documents/s; {RAMP}: at its end; {DAY}: in its busiest hour."
        ),
    ] = 50.0,
    seconds: Annotated[float, typer.Option(help="How long.")] = 60.0,
    first: Annotated[float, typer.Option("--from", help=f"{RAMP}: at its beginning.")] = 1.0,
    times: Annotated[float, typer.Option(help=f"{BURST}: so many times the rate.")] = 5.0,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help=f"{BURST}: one every so often.")
    ] = 20.0,
    burst: Annotated[
        float, typer.Option(metavar="SECONDS", help=f"{BURST}: how long one takes.")
    ] = 4.0,
    persona: Persona = None,
    ahead: Ahead = AHEAD,
    size: Size = SMALL.name,
    fanout: Fanout = None,
    door: Door = SINGLE,
    drain: Drain = DRAIN_S,
    seed: Seed = SEED,
    large: Large = False,
    target: Target = "",
    run: session.Run = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """Play one shape of load, with agencies that misbehave if you name them.

    `axis load rate 1.5` in another terminal changes what is still to come. Exit code 0: all came
    as it must; 1: something was lost or came otherwise.
    """
    try:
        asked = {
            "shape": Shape(seed=seed, size=size, fanout=fanout),
            "course": course(
                shape,
                seconds=seconds,
                rate=rate,
                first=first,
                times=times,
                every_s=every,
                burst_s=burst,
            ),
            "personas": known.parse(persona or []),
            "ahead": ahead,
            "door": door,
            "drain_s": drain,
        }
        told = _measured(asked, target, run, large=large)
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    _report(told, json_file, html_file)


def rate(
    times: Annotated[
        float, typer.Argument(metavar="TIMES", help="Of the planned rate: 1.5 is half more.")
    ],
) -> None:
    """Change the rate of the test that runs: what is still to come is drawn anew.

    Exit code 0: it is changed; 1: it is not, and why; 2: no test runs, or that is no change.
    """
    folder = Marked(Settings(run=RUN), STATE_FILE, MAKER)
    home = folder.settings.home
    work = home / WORK
    try:
        if not work.is_dir() or not folder.held:
            raise Impossible(f"no load test runs in {home}; axis load run starts one")
        turning.ask(work, times)
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    deadline_s, busy = time.monotonic() + TOLD_S_MAX, ""
    while (told := turning.told(work)) is None:
        if words := turning.busy(work):
            if words != busy:
                screen.say(words)
            busy, deadline_s = words, time.monotonic() + TOLD_S_MAX
        if time.monotonic() > deadline_s or not folder.held:
            typer.echo("The test did not answer: it has not begun to send, or is over.", err=True)
            raise typer.Exit(1)
        time.sleep(turning.LOOK_S)
    screen.say(told.words)
    if not told.done:
        raise typer.Exit(1)


def outage(
    who: Annotated[
        str, typer.Argument(metavar="[AGENCY|kafka]", help="Else the largest recipient.")
    ] = "",
    away: Annotated[float, typer.Option(metavar="SECONDS", help="How long it is away.")] = 30.0,
    rate: Annotated[float, typer.Option("--rate", help="Documents/s all the time.")] = 50.0,
    seconds: Annotated[float, typer.Option(help="How long in all; it is away in the middle.")] = (
        90.0
    ),
    persona: Persona = None,
    size: Size = SMALL.name,
    fanout: Fanout = None,
    door: Door = SINGLE,
    drain: Drain = DRAIN_S,
    seed: Seed = SEED,
    large: Large = False,
    target: Target = "",
    run: session.Run = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """One agency, or Kafka, is away for a while: the backlog, the time to drain, the others.

    Exit code 0: it had everything in the end, once; 1: something was lost or came otherwise.
    """
    try:
        broker = who.lower() == outages.KAFKA.lower()
        if broker and not large:
            raise Impossible(
                "the embedded form has no Kafka that could be away: its notices live in the one "
                "process; --large would do, or an agency (axis load outage G22)"
            )
        somebody = known.agency(who) if who and not broker else outages.largest(seed)
        even = course(
            CONSTANT, seconds=seconds, rate=rate, first=rate, times=1, every_s=1, burst_s=1
        )
        asked = {
            "shape": Shape(seed=seed, size=size, fanout=fanout),
            "course": even,
            "personas": known.parse(persona or []),
            "absence": outages.absence(even, outages.KAFKA if broker else somebody, away),
            "door": door,
            "drain_s": drain,
        }
        told = _measured(asked, target, run, large=large)
    except Impossible as error:
        raise typer.BadParameter(str(error)) from None
    _report(told, json_file, html_file)


def _report(told: dict[str, Any], json_file: Path | None, html_file: Path | None) -> None:
    load_course_report.report(told)
    if json_file is not None:
        json_file.write_text(load_own.as_text(told), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(load_course_page.page(told), encoding="utf-8")
    if not exact(told):
        raise typer.Exit(1)


def _measured(
    asked: dict[str, Any], target: str, run: str | None, *, large: bool
) -> dict[str, Any]:
    """Play it and clear away what it made; the result. Raises ``Impossible``."""
    return load_own.played(
        partial(CourseOrders, **asked),
        _require_room,
        load_course_report.introduce,
        target=target,
        run=run,
        large=large,
    )


def _require_room(orders: CourseOrders, free_bytes: float) -> None:
    """Refuse a test whose packages, built and in the books, do not fit; raises ``Impossible``."""
    each = storage.package_bytes(orders.shape.profile, orders.shape.seed)
    needed = orders.documents * (2 * each + storage.ROWS_BYTES)
    room = free_bytes * storage.DISK_SHARE_MAX
    if needed > room:
        raise Impossible(
            f"the test would write {needed / storage.GB:.1f} GB and may take "
            f"{room / storage.GB:.1f} GB of what is free; "
            f"{_would_do(orders.course, room / needed)} would do"
        )


def _would_do(course: Course, share: float) -> str:
    """What makes a test fit, of which no more than that share does."""
    seconds = math.floor(course.seconds * share)
    if seconds < SECONDS_MIN or course.documents * seconds / course.seconds < DOCUMENTS_MIN:
        return "--size small, or another disk (AXIS_VAR),"
    return f"--seconds {seconds}"
