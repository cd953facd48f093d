"""``axis replay report``: what a run came to, told from its books alone, at any time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from axis.cli import screen, session
from axis.cli.history_state import RUN
from axis.settings import Settings

if TYPE_CHECKING:
    from axis.cli.result.figures import Result

#: Where it goes within the folder of a run.
FOLDER = "report"


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(report)


def report(
    run: Annotated[str, typer.Option("--run", help="Whose books; any run has some.")] = RUN,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write to; else report/ in the run's."),
    ] = None,
    json: screen.Json = False,
) -> None:
    """Write what a run came to: a page to look at, and CSV files.

    All is counted from the books, which are read where they lie, while they are played too. Exit 1:
    their counters are not what documents and events say.
    """
    settings = session.open_session(run).settings
    if not json:
        screen.say(f"Reading the books of the run '{settings.run}'.")
    try:
        told = write(settings, output)
    except OSError as error:
        typer.echo(f"The report cannot be made: {error}", err=True)
        raise typer.Exit(1) from None
    if json:
        screen.data(told)
    else:
        show(told)
    if told["differences"]:
        raise typer.Exit(1)


def write(settings: Settings, output: Path | None = None) -> dict[str, Any]:
    """Write the result of a run; what was found, and the ``files``, page first.

    ``differences`` is empty when the counters agree with documents and events. Raises ``NoAxis``
    where there are no books, OSError where the files cannot be written.
    """
    # It brings the model of the agencies along, which no other command needs.
    from axis.cli.result import figures

    return written(figures.read(settings), output or settings.home / FOLDER)


def written(result: Result, folder: Path) -> dict[str, Any]:
    """The same of a result that was read."""
    from axis.cli.result.opening import part_of
    from axis.cli.result.write import write as write_files

    files = write_files(result, folder)
    return {
        "run": result.run,
        "part": part_of(result.played),
        "sent": result.total.sent,
        "received": result.total.received,
        "points": [
            {"point": p.name, "published": p.published, "found": p.found} for p in result.points
        ],
        "differences": result.differences,
        "files": [f"{path}" for path in files],
    }


def show(told: dict[str, Any]) -> None:
    """The page and the folder it lies in; what it is a part of, and what is not as it should be."""
    for sentence in told["part"]:
        screen.say(sentence)
    screen.say(f"{screen.number(told['sent'])} sent, {screen.number(told['received'])} received")
    missed = [p for p in told["points"] if p["published"] != p["found"]]
    if told["points"]:
        met = len(told["points"]) - len(missed)
        screen.say(f"{met} of {len(told['points'])} published points met")
    for difference in told["differences"]:
        screen.say(f"NOT EXACT: {difference}")
    show_files(told["files"])


def show_files(files: Sequence[str]) -> None:
    """Where the page lies, and what lies beside it."""
    screen.facts({"page": files[0], "beside it": f"{len(files) - 1} CSV files"})
