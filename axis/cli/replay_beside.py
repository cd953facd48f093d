"""A window of a run, read into a score, played beside it, and compared: what every shadow does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import typer

from agencies.replays.score import Score
from axis.adapters.sqlite_file import InUse
from axis.cli import replay_outcome, screen, session
from axis.cli.replay_apart import Playing, Room
from axis.cli.replay_check import Playable
from axis.cli.traffic_source import Source, digest, window_of
from axis.core.questions import Window
from axis.settings import Settings

STATE_FILE: Final = "shadow.json"
MAKER: Final = "axis replay shadow"
#: A shadow looks closely: a month of a nation at speed 10 takes three days.
WINDOW_DAYS_MAX: Final = 31
#: Documents of one shadow: the busiest month of the published period had fewer than half of them.
DOCUMENTS_MAX: Final = 100_000
#: A package lies in the score and in the books.
COPIES: Final = 2


def nothing() -> None:
    """Nobody waits to hear that it goes on."""


def fill(
    settings: Settings,
    wanted: Mapping[str, Any],
    score: Score,
    only: Collection[str] | None = None,
    goes_on: Callable[[], None] = nothing,
) -> dict[str, Any]:
    """Write the window into the score; behind that the digest of the books that were read.

    ``only`` are the packages that are meant where not all are; ``goes_on`` is called now and then.
    """
    here, window = _source(wanted), _window(wanted)
    source = Source(here, window, wanted["reason"])
    playable = Playable(source.header(), wanted["seed"])
    room, count = Room(settings, COPIES), 0
    try:
        for page in source.pages():
            goes_on()
            for row in page:
                if only is not None and row.doc not in only:
                    continue
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


def play(
    settings: Settings,
    state: Mapping[str, Any],
    again: str,
    report: Callable[[int], None] | None = None,
    *,
    json: bool,
) -> dict[str, Any]:
    """Play what is left of the score; what came of all of it. ``again`` is how to go on.

    ``report`` is told each second how many deliveries are done; what it raises ends the play.
    """
    if not json:
        screen.say(
            f"The run '{state['of']}' from {screen.moment(state['since'])} to "
            f"{screen.moment(state['until'])}, at speed {state['speed']:g}"
        )
        screen.facts({"folder": f"{settings.home}/ (logs in {settings.home}/run/)"}, indent="  ")
    playing = Playing(settings, state["seed"], state["speed"], silent=json, report=report)
    playing.run(again)
    told = {
        "run": settings.run,
        **({"job": state["job"]} if "job" in state else {}),
        **{name: state[name] for name in ("of", "since", "until", "speed", "seed", "reason")},
        **replay_outcome.outcome(settings, _window(state), playing, same_bytes=True),
        "books": _books(state),
    }
    replay_outcome.write(settings, told)
    return told


def _source(state: Mapping[str, Any]) -> session.Session:
    return session.open_session(state["of"], state["url"] or None)


def _window(state: Mapping[str, Any]) -> Window:
    sender, recipient = state.get("sender", ""), state.get("recipient", "")
    return window_of(state["since"], state["until"], sender, recipient)


def _books(state: Mapping[str, Any]) -> dict[str, Any]:
    """The digest of the books that were shadowed, before and after."""
    before = state["before"]
    after = digest(_source(state), before["seq"])
    return {
        "before": before["sha256"],
        "after": after["sha256"],
        "equal": before["sha256"] == after["sha256"],
        "past_stands": before["past"] == after["past"],
        "numbers_since": after["seq"] - before["seq"],
    }


def good(told: Mapping[str, Any]) -> bool:
    """Whether all came out as it was recorded, and the past of the books stands."""
    return replay_outcome.good(told) and bool(told["books"]["past_stands"])


def report(settings: Settings, told: Mapping[str, Any]) -> None:
    """What came of it, and of the books."""
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
