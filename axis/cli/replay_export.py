"""``axis replay export``: traffic of a window into an open file (docs/traffic-file.md)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from axis.adapters.sqlite_file import InUse
from axis.cli import screen, session
from axis.cli.progress import LINE_EVERY_S
from axis.cli.traffic_files import written
from axis.cli.traffic_source import (
    From,
    Reason,
    Since,
    Source,
    To,
    Type,
    Until,
    window_of,
)
from schemas.traffic import End, Header, Row
from schemas.traffic_lines import ROWS_MAX, Chain, NotTraffic


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(export)


def export(
    since: Since,
    until: Until,
    file: Annotated[
        Path, typer.Option("-o", "--output", dir_okay=False, help="Where to; .gz packs it.")
    ],
    from_: From = "",
    to: To = "",
    type_name: Type = "",
    packages: Annotated[
        bool, typer.Option("--packages", help="With the packages; it needs a reason.")
    ] = False,
    reason: Reason = "",
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Write the traffic of a window into a file: one row for each document."""
    if packages != bool(reason.strip()):
        raise typer.BadParameter("--packages and --reason go together")
    window = window_of(since, until, from_, to, type_name)
    source = Source(session.open_session(run, url), window, reason if packages else "")
    header = source.header()
    try:
        end = _write(file, header, source)
    except (InUse, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    _report(file, header, end, json=json)


def _write(file: Path, header: Header, source: Source) -> End:
    """Write the file; now and then how many rows there are. Ends the command, and leaves no file,
    for more of them, or a longer one, than an import takes.
    """
    chain = Chain()
    next_line_s = time.monotonic() + LINE_EVERY_S
    # Packages are read with a reason: nobody else shall find them in the file.
    with written(file, 0o600 if header.packages else 0o666) as out:
        out.write(chain.line(header))
        for page in source.pages():
            out.writelines(_line(chain, row) for row in page)
            if chain.told.rows > ROWS_MAX:
                typer.echo(
                    f"The window has more than {screen.number(ROWS_MAX)} documents, which is what "
                    "an import takes. Take a shorter one.",
                    err=True,
                )
                raise typer.Exit(1)
            if time.monotonic() >= next_line_s:
                next_line_s += LINE_EVERY_S
                typer.echo(f"{screen.number(chain.told.rows)} rows", err=True)
        out.write(chain.end())
    return chain.told


def _line(chain: Chain, row: Row) -> bytes:
    """The line of a row; ends the command for one that no import would take."""
    try:
        return chain.line(row)
    except NotTraffic as error:
        typer.echo(
            f"{row.doc}, sent {screen.moment(row.occurred_at)}, cannot stand in a traffic file: "
            f"{error.detail['message']}. Take windows before and behind it.",
            err=True,
        )
        raise typer.Exit(1) from None


def _report(file: Path, header: Header, end: End, *, json: bool) -> None:
    # A pipe or a device keeps none.
    file_bytes = file.stat().st_size if file.is_file() else None
    if json:
        counts = end.model_dump(exclude={"end"})
        told = {"file": str(file), "file_bytes": file_bytes, **counts}
        screen.data({**told, "packages": header.packages, "run": header.run})
        return
    inside = "inside" if header.packages else "not inside"
    screen.say(
        f"{screen.number(end.rows)} documents for {screen.number(end.deliveries)} recipients "
        f"of the run '{header.run}' are in {file}"
    )
    screen.facts(
        {
            "window": f"{screen.moment(header.asked.since)} to {screen.moment(header.asked.until)}",
            "packages": f"{screen.number(end.package_bytes)} bytes, {inside}",
            "file": "" if file_bytes is None else f"{screen.number(file_bytes)} bytes",
        },
        indent="  ",
    )
