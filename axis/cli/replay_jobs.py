"""``axis replay run`` and the like: what was planned is run, held, ended and looked at.

As an agency (``--as H37``) the same of its own inbox only, through its own door.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import typer

from agencies.world import OPERATOR_ID, SEED
from axis.cli import replay_player, screen, session
from axis.cli import replay_shown as report
from axis.cli.door import Door, segment
from axis.cli.failures import NoAxis, Refusal
from axis.cli.job_items import PAGE_ROWS, items_of
from axis.cli.replay_apart import Anew
from axis.cli.replay_plan import By, door_of, plan
from axis.cli.replay_shadow import INTO_DEFAULT, Into, Seed
from axis.core.replay import Act, Kind, Stage

#: How often ``--wait`` looks.
LOOK_S = 0.5

Job = Annotated[str, typer.Argument(metavar="ID", help="The job (rpl_...).")]
Why = Annotated[str, typer.Option(help="Why, for the audit log; else the plan's reason.")]


def register(group: typer.Typer) -> None:
    """Add the commands to those of ``axis replay``."""
    group.command()(plan)
    group.command()(run)
    for name, command in (("pause", pause), ("resume", resume), ("abort", abort)):
        group.command(name)(command)
    group.command()(show)
    group.command("list")(list_jobs)


def run(
    job: Job,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Return when it has ended; 1 unless all was handed over."),
    ] = False,
    into: Into = INTO_DEFAULT,
    seed: Seed = SEED,
    anew: Anew = False,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Run a planned job.

    A shadow is played by this command, in the run --into; the same command goes on with one whose
    player was killed.
    """
    client = session.client_of(as_)
    here = session.open_session(run_, url)
    with here.door(client) as door:
        told = door.get(f"{door_of(client)}/{segment(job)}").json
        shadow = told["kind"] == Kind.SHADOW
        if not (shadow and _to_be_played(told)):
            told = _steered(door, client, job, Act.RUN, why)
    if wait and not shadow:
        told = _ended(here, client, told)
    if shadow and _to_be_played(told):
        begin = partial(_run, here, client, job, why)
        replay_player.play(here, begin, into, seed, known=job, anew=anew, json=json)
        return
    _told(told, json=json)
    if told["stage"] == Stage.STOPPED or (wait and not _all_handed_over(told)):
        raise typer.Exit(1)


def _ended(here: session.Session, client: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job when it runs no more; while the axis is away for a moment it is asked again."""
    away = False
    while told["stage"] == Stage.RUNNING:
        try:
            with here.door(client) as door:
                while told["stage"] == Stage.RUNNING:
                    time.sleep(LOOK_S)
                    told = door.get(f"{door_of(client)}/{segment(told['id'])}").json
        except (NoAxis, Refusal) as error:
            if not replay_player.passes(error):
                raise
            if not away:
                typer.echo("No axis answers; the job goes on when one does.", err=True)
            away = True
            # Another axis may listen elsewhere, and wants a token of its own.
            time.sleep(LOOK_S)
    return told


def _all_handed_over(told: Mapping[str, Any]) -> bool:
    return told["stage"] == Stage.FINISHED and not told["outcomes"].get("skipped")


def _to_be_played(told: Mapping[str, Any]) -> bool:
    return told["stage"] in (Stage.PLANNED, Stage.RUNNING) and told["deliveries"] > 0


def _run(here: session.Session, client: str, job: str, why: str) -> Mapping[str, Any]:
    with here.door(client) as door:
        return _steered(door, client, job, Act.RUN, why)


def pause(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Hold a running job; what was handed over stays so."""
    _steer(job, Act.PAUSE, why, as_, session.open_session(run_, url), json=json)


def resume(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Go on with a paused job where it was."""
    _steer(job, Act.RESUME, why, as_, session.open_session(run_, url), json=json)


def abort(
    job: Job,
    why: Why = "",
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """End a job for good; what was handed over stays so."""
    _steer(job, Act.ABORT, why, as_, session.open_session(run_, url), json=json)


def show(
    job: Job,
    deliveries: Annotated[
        bool, typer.Option("--deliveries", help="Each delivery with its outcome.")
    ] = False,
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """Show a job: what was planned, how far it is, what came of it."""
    client = session.client_of(as_)
    with session.open_session(run_, url).door(client) as door:
        path = f"{door_of(client)}/{segment(job)}"
        told = door.get(path).json
        items = items_of(door, path) if deliveries else []
    if json:
        screen.data({**told, **({"items": items} if deliveries else {})})
        return
    report.job(told)
    if deliveries:
        shown = report.shadowed if told["kind"] == Kind.SHADOW else report.deliveries
        shown(items)


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=PAGE_ROWS, help="The newest so many.")] = 20,
    as_: By = OPERATOR_ID,
    json: screen.Json = False,
    url: session.Url = None,
    run_: session.Run = None,
) -> None:
    """List replay jobs, the newest first."""
    client = session.client_of(as_)
    with session.open_session(run_, url).door(client) as door:
        told = door.get(door_of(client), limit=limit).json
    if json:
        screen.data(told)
        return
    report.jobs(told["jobs"])


def _steered(door: Door, client: str, job: str, act: Act, why: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = door.post(
        f"{door_of(client)}/{segment(job)}/{act}", {"why": why}
    ).json
    return told


def _steer(job: str, act: Act, why: str, as_: str, here: session.Session, *, json: bool) -> None:
    client = session.client_of(as_)
    with here.door(client) as door:
        told = _steered(door, client, job, act, why)
    _told(told, json=json)


def _told(told: Mapping[str, Any], *, json: bool) -> None:
    if json:
        screen.data(told)
    else:
        report.job(told)
