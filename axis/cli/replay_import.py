"""``axis replay import``: traffic of a file, checked whole and then played in a run of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agencies.replays.score import Score
from agencies.world import SEED
from axis.adapters.system_clock import SystemClock
from axis.cli import replay_outcome, screen
from axis.cli.given import given
from axis.cli.marked import Marked
from axis.cli.own_run import named_by
from axis.cli.replay_apart import Anew, Playing, Room, opened
from axis.cli.replay_beside import COPIES
from axis.cli.replay_check import Playable
from axis.cli.traffic_files import rows
from axis.cli.traffic_source import window_of
from axis.core.timetable import from_iso, iso
from axis.settings import Settings
from schemas.rest_replays import SPEED_MAX
from schemas.traffic import Header

STATE_FILE = "import.json"
MAKER = "axis replay import"


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command(name="import")(import_)


def import_(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", dir_okay=False, help="Of axis replay export.")
    ] = None,
    run: Annotated[str, typer.Option(metavar="NAME", help="The run of its own.")] = "import",
    speed: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=SPEED_MAX,
            help="So many times as fast as it happened; else as fast as it goes.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of the world it is played in; packages must be of it.")
    ] = SEED,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with one that was stopped or killed.")
    ] = False,
    anew: Anew = False,
    json: screen.Json = False,
) -> None:
    """Play the traffic of a file in a run of its own.

    Everything is checked before anything is played. Packages that the file has go in as they are;
    otherwise documents of the same sizes are built and signed anew.
    """
    settings = named_by("--run", run)
    if resume != (file is None):
        raise typer.BadParameter("an import needs a FILE, or --resume")
    folder = Marked(settings, STATE_FILE, MAKER)
    with folder.alone():
        wanted = {"file": f"{file}", "speed": speed, "seed": seed}
        fill = partial(_fill, settings, file, seed)
        typed = {name: wanted[name] for name in given(context, ("speed", "seed"))}
        state = opened(folder, wanted, fill, resume=resume, anew=anew, typed=typed)
        told = _play(settings, state, json=json)
        folder.write({**state, "finished": iso(SystemClock().now())})
    if json:
        screen.data(told)
    else:
        replay_outcome.report(settings, told, "in the file")
    if not replay_outcome.good(told):
        raise typer.Exit(1)


def _fill(settings: Settings, file: Path | None, seed: int, score: Score) -> dict[str, Any]:
    """Write the rows of the file into the score, each behind all that can be said against it."""
    assert file is not None
    try:
        found = rows(file)
        header = next(found)
        assert isinstance(header, Header)
        playable = Playable(header, seed)
        room = Room(settings, COPIES if header.packages else 1)
        for row in found:
            assert not isinstance(row, Header)
            room.take(row.size)
            score.add(row.model_copy(update={"package": None}), playable.package(row))
    except OSError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    playable.end()
    score.complete(from_iso(header.asked.until))
    asked = header.asked
    return {
        "of": header.run,
        "since": asked.since,
        "until": asked.until,
        "packages": header.packages,
    }


def _play(settings: Settings, state: dict[str, Any], *, json: bool) -> dict[str, Any]:
    window = window_of(state["since"], state["until"])
    if not json:
        screen.say(
            f"{state['file']}: the run '{state['of']}' from {screen.moment(state['since'])} to "
            f"{screen.moment(state['until'])}, all checked"
        )
        screen.facts({"folder": f"{settings.home}/ (logs in {settings.home}/run/)"}, indent="  ")
    playing = Playing(settings, state["seed"], state["speed"], silent=json)
    playing.run(f"{MAKER} --resume --run {settings.run}")
    names = ("file", "of", "since", "until", "packages", "speed", "seed")
    told = {
        "run": settings.run,
        **{name: state[name] for name in names},
        **replay_outcome.outcome(settings, window, playing, same_bytes=state["packages"]),
    }
    replay_outcome.write(settings, told)
    return told
