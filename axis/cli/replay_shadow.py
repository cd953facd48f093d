"""``axis replay shadow``: a window of a run played again beside it, and compared."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from agencies.replays.score import Score
from agencies.world import SEED
from axis.adapters.sqlite_file import InUse
from axis.adapters.system_clock import SystemClock
from axis.cli import replay_outcome, screen, session
from axis.cli.marked import Marked
from axis.cli.own_run import own_settings
from axis.cli.replay_apart import Playing, Room, opened
from axis.cli.replay_check import Playable
from axis.cli.traffic_source import Reason, Source, asking, digest, window_of
from axis.core.timetable import iso
from axis.settings import Settings
from schemas.traffic import FORMAT, VERSION, Header

STATE_FILE = "shadow.json"
MAKER = "axis replay shadow"
#: A shadow looks closely: a month of a nation at speed 10 takes three days.
WINDOW_DAYS_MAX = 31
#: Documents of one shadow: the busiest month of the published period had fewer than half of them.
DOCUMENTS_MAX = 100_000
#: Beyond that an hour passes within a millisecond: time means nothing any more.
SPEED_MAX = 1_000_000.0
#: A package lies in the score and in the books.
COPIES = 2


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(shadow)


def shadow(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Sent since: 2020-01-15 or '2020-01-15 08:30'.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Sent before: 2020-01-16.")] = "",
    speed: Annotated[
        float, typer.Option(min=1, max=SPEED_MAX, help="So many times as fast as it happened.")
    ] = 10,
    reason: Reason = "",
    into: Annotated[str, typer.Option(metavar="NAME", help="The run of its own.")] = "shadow",
    seed: Annotated[int, typer.Option(help="The seed of the world that is shadowed.")] = SEED,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with one that was stopped or killed.")
    ] = False,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Play a window again in a run of its own, and compare every delivery.

    The packages are the very ones, handed in, taken and answered at their times by simulated
    agencies. The books of the run that is shadowed are only read; their digest before and after
    shows it.
    """
    try:
        settings = own_settings(into)
    except ValueError as error:
        raise typer.BadParameter(f"--into: {error}") from None
    if not resume and not (since and until and reason.strip()):
        raise typer.BadParameter("a shadow needs --since, --until and --reason, or --resume")
    folder = Marked(settings, STATE_FILE, MAKER)
    with folder.alone():
        here = session.open_session(run, url)
        wanted: dict[str, Any] = {}
        if not resume:
            if here.settings.run == settings.run:
                raise typer.BadParameter(f"the run '{into}' cannot be its own shadow")
            window = window_of(since, until, days_max=WINDOW_DAYS_MAX)
            wanted = {
                "since": iso(window.since),
                "until": iso(window.until),
                "of": here.settings.run,
                "url": url or "",
                "speed": speed,
                "seed": seed,
                "reason": reason.strip(),
            }
        fill = partial(_fill, settings, here, wanted)
        state = opened(folder, wanted, fill, resume=resume)
        told = _play(settings, state, json=json)
        folder.write({**state, "finished": iso(SystemClock().now())})
    if json:
        screen.data(told)
    else:
        _report(settings, told)
    if not replay_outcome.good(told) or not told["books"]["past_stands"]:
        raise typer.Exit(1)


def _fill(
    settings: Settings, here: session.Session, wanted: dict[str, Any], score: Score
) -> dict[str, Any]:
    """Write the window into the score; behind that the digest of the books that were read."""
    window = window_of(wanted["since"], wanted["until"])
    header = Header(
        format=FORMAT,
        version=VERSION,
        run=here.settings.run,
        exported_at=iso(SystemClock().now()),
        asked=asking(window),
        packages=True,
    )
    playable = Playable(header, wanted["seed"])
    room, count = Room(settings, COPIES), 0
    try:
        for page in Source(here, window, wanted["reason"]).pages():
            for row in page:
                count += 1
                if count > DOCUMENTS_MAX:
                    raise typer.BadParameter(
                        f"the window has more than {screen.number(DOCUMENTS_MAX)} documents; "
                        "take a shorter one"
                    )
                room.take(row.size)
                score.add(row.model_copy(update={"package": None}), playable.package(row))
    except InUse as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    playable.end()
    score.complete(window.until)
    return {"before": digest(here)}


def _play(settings: Settings, state: dict[str, Any], *, json: bool) -> dict[str, Any]:
    window = window_of(state["since"], state["until"])
    if not json:
        screen.say(
            f"The run '{state['of']}' from {screen.moment(state['since'])} to "
            f"{screen.moment(state['until'])}, at speed {state['speed']:g}"
        )
        screen.facts({"folder": f"{settings.home}/ (logs in {settings.home}/run/)"}, indent="  ")
    playing = Playing(settings, state["seed"], state["speed"], silent=json)
    playing.run(f"{MAKER} --resume --into {settings.run}")
    told = {
        "run": settings.run,
        **{name: state[name] for name in ("of", "since", "until", "speed", "seed", "reason")},
        **replay_outcome.outcome(settings, window, playing, same_bytes=True),
        "books": _books(state),
    }
    replay_outcome.write(settings, told)
    return told


def _books(state: dict[str, Any]) -> dict[str, Any]:
    """The digest of the books that were shadowed, before and after."""
    here = session.open_session(state["of"], state["url"] or None)
    before = state["before"]
    after = digest(here, before["seq"])
    return {
        "before": before["sha256"],
        "after": after["sha256"],
        "equal": before["sha256"] == after["sha256"],
        "past_stands": before["past"] == after["past"],
        "numbers_since": after["seq"] - before["seq"],
    }


def _report(settings: Settings, told: dict[str, Any]) -> None:
    replay_outcome.report(settings, told, f"{told['of']}")
    books = told["books"]
    if books["equal"]:
        screen.say(f"The books of '{told['of']}' did not move: {books['before']}")
    elif books["past_stands"]:
        screen.say(
            f"The books of '{told['of']}' went on by {screen.number(books['numbers_since'])} "
            "numbers of their own traffic; what was there is as it was."
        )
    else:
        screen.say(f"THE BOOKS OF '{told['of']}' WERE CHANGED: their past is not as it was.")
