"""``axis replay shadow``: a window of a run played again beside it, and compared.

Where an axis has the books open it is a job like the others, planned and run in one
(``replay_player`` plays it). Books at rest have nobody who would hold a job; there it is a play
that only its folder knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import typer

from agencies.world import OPERATOR_ID, SEED
from axis.adapters.system_clock import SystemClock
from axis.cli import replay_beside, replay_player, screen, session
from axis.cli.given import given
from axis.cli.marked import Marked
from axis.cli.own_run import named_by
from axis.cli.replay_apart import Anew, opened, require_as_kept, require_one_way
from axis.cli.replay_beside import MAKER, STATE_FILE, WINDOW_DAYS_MAX
from axis.cli.traffic_source import Reason, moment_of, window_of
from axis.core.timetable import iso
from schemas.rest_replays import SPEED_MAX

Speed = Annotated[
    float, typer.Option(min=1, max=SPEED_MAX, help="So many times as fast as it happened.")
]
Into = Annotated[str, typer.Option(metavar="NAME", help="The run of its own.")]
Seed = Annotated[int, typer.Option(help="The seed of the world that is shadowed.")]
SPEED_DEFAULT = 10.0
INTO_DEFAULT = "shadow"


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(shadow)


def shadow(
    context: typer.Context,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Sent since: 2020-01-15 or '2020-01-15 08:30'.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Sent before: 2020-01-16.")] = "",
    speed: Speed = SPEED_DEFAULT,
    reason: Reason = "",
    into: Into = INTO_DEFAULT,
    seed: Seed = SEED,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with one that was stopped or killed.")
    ] = False,
    anew: Anew = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Play a window again in a run of its own, and compare every delivery.

    Packages are the very ones, handed in, taken and answered at their times by simulated
    agencies. The books of the run that is shadowed are only read; their digest before and after
    shows it. Where its axis runs, they keep the job, which replay show tells of.
    """
    settings = named_by("--into", into)
    folder = Marked(settings, STATE_FILE, MAKER)
    require_one_way(resume=resume, anew=anew)
    if resume:
        said: dict[str, Any] = {
            "since": since and iso(moment_of("--since", since)),
            "until": until and iso(moment_of("--until", until)),
            "speed": speed,
            "reason": reason.strip(),
            "seed": seed,
            "url": url and url.rstrip("/"),
            "run": run,
        }
        typed = {"of" if name == "run" else name: said[name] for name in given(context, said)}
        _resumed(folder, typed, json=json)
        return
    if not (since and until and reason.strip()):
        raise typer.BadParameter("a shadow needs --since, --until and --reason, or --resume")
    here = session.open_session(run, url)
    if here.settings.run == settings.run:
        raise typer.BadParameter(f"the run '{into}' cannot be its own shadow")
    window = window_of(since, until, days_max=WINDOW_DAYS_MAX)
    wanted = {"since": iso(window.since), "until": iso(window.until), "speed": speed}
    if here.url is None:
        of = {"of": here.settings.run, "url": url or "", "seed": seed, "reason": reason.strip()}
        _at_rest(folder, {**wanted, **of}, anew=anew, json=json)
        return
    body = {"kind": "shadow", "why": reason.strip(), **wanted}
    planned = partial(_planned, here, body, json=json)
    replay_player.play(here, planned, into, seed, anew=anew, json=json)


def _planned(here: session.Session, body: Mapping[str, Any], *, json: bool) -> Mapping[str, Any]:
    """Plan a job, and run it; one of nothing is ended, and the command with it (1)."""
    with here.door(OPERATOR_ID) as door:
        told = door.post("/v1/operator/runs", body).json
        if not told["deliveries"]:
            why = "nothing was sent in this window"
            door.post(f"/v1/operator/runs/{told['id']}/abort", {"why": why})
            window = f"from {screen.moment(body['since'])} to {screen.moment(body['until'])}"
            typer.echo(f"Nothing was sent {window}.", err=True)
            raise typer.Exit(1)
    return _run(here, told["id"], json=json)


def _run(here: session.Session, job: str, *, json: bool) -> Mapping[str, Any]:
    """Run a job, which changes nothing where it runs already."""
    with here.door(OPERATOR_ID) as door:
        told: Mapping[str, Any] = door.post(f"/v1/operator/runs/{job}/run", {}).json
    if not json:
        screen.say(f"The job {job}, held with: axis replay pause {job}")
    return told


def _resumed(folder: Marked, typed: Mapping[str, Any], *, json: bool) -> None:
    """Go on with what the folder has, with which what was ``typed`` has to agree."""
    known = folder.read() or {}
    if not known.get("job") or known["finished"]:
        _at_rest(folder, {}, typed, json=json)
        return
    require_as_kept(typed, known)
    here = session.open_session(known["of"], known["url"] or None)
    run = partial(_run, here, known["job"], json=json)
    into = folder.settings.run
    replay_player.play(here, run, into, known["seed"], known=known["job"], json=json)


def _at_rest(
    folder: Marked,
    wanted: dict[str, Any],
    typed: Mapping[str, Any] | None = None,
    *,
    anew: bool = False,
    json: bool,
) -> None:
    """Play books that no axis has open; go on where nothing is ``wanted``."""
    settings = folder.settings
    with folder.alone():
        fill = partial(replay_beside.fill, settings, wanted)
        state = opened(folder, wanted, fill, resume=not wanted, anew=anew, typed=typed)
        again = f"{MAKER} --resume --into {settings.run}"
        told = replay_beside.play(settings, state, again, json=json)
        folder.write({**state, "finished": iso(SystemClock().now())})
    if json:
        screen.data(told)
    else:
        replay_beside.report(settings, told)
    if not replay_beside.good(told):
        raise typer.Exit(1)
