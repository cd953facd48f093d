"""Options that several kinds of load test share, and the folder they all play in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: One load test at a time: two would measure each other.
RUN = "load"
STATE_FILE = "load.json"
MAKER = "axis load"
RESULT_FILE = "result.json"
#: Packages and the like, inside the folder.
WORK = "work"

Size = Annotated[
    str, typer.Option(metavar="small|real", help="20 kB a package, or what offices send.")
]
Fanout = Annotated[
    float | None, typer.Option(help="Recipients of a document; else 3.52, the peak day's.")
]
Door = Annotated[
    str, typer.Option(metavar="single|bulk", help="A request each, or what has gathered.")
]
Drain = Annotated[
    float, typer.Option(metavar="SECONDS", help="What a step leaves may take so long.")
]
Months = Annotated[int, typer.Option(help="Print each month, so many.")]
Seed = Annotated[int, typer.Option(min=0, help="Another seed: other documents.")]
Large = Annotated[
    bool, typer.Option("--large", help="Over Kafka and PostgreSQL: needs Java, Maven, initdb.")
]
Target = Annotated[str, typer.Option(metavar="URL", help="An axis that says it is a simulation.")]


def _in_a_folder(path: Path | None) -> Path | None:
    """Said before a test of minutes, not behind it."""
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")
    return path


JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        dir_okay=False,
        callback=_in_a_folder,
        help="Write everything raw.",
    ),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        dir_okay=False,
        callback=_in_a_folder,
        help="Write a page with pictures.",
    ),
]
