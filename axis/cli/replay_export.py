"""``axis replay export``: traffic of a window into an open file (docs/traffic-file.md)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from axis.adapters.sqlite_file import InUse
from axis.adapters.system_clock import SystemClock
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
    asking,
    window_of,
)
from axis.core.timetable import iso
from schemas.traffic import FORMAT, VERSION, Header
from schemas.traffic_lines import Chain


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
    here = session.open_session(run, url)
    header = Header(
        format=FORMAT,
        version=VERSION,
        run=here.settings.run,
        exported_at=iso(SystemClock().now()),
        asked=asking(window),
        packages=packages,
    )
    chain = Chain()
    next_line_s = time.monotonic() + LINE_EVERY_S
    try:
        with written(file) as out:
            out.write(chain.line(header))
            for page in Source(here, window, reason if packages else "").pages():
                out.writelines(map(chain.line, page))
                if time.monotonic() >= next_line_s:
                    next_line_s += LINE_EVERY_S
                    typer.echo(f"{screen.number(chain.told.rows)} rows", err=True)
            out.write(chain.end())
    except (InUse, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    end = chain.told
    file_bytes = file.stat().st_size
    told = {
        "file": str(file),
        "file_bytes": file_bytes,
        "rows": end.rows,
        "deliveries": end.deliveries,
        "package_bytes": end.package_bytes,
        "packages": packages,
        "run": header.run,
    }
    if json:
        screen.data(told)
        return
    inside = "inside" if packages else "not inside"
    screen.say(
        f"{screen.number(end.rows)} documents for {screen.number(end.deliveries)} recipients "
        f"of the run '{header.run}' are in {file}"
    )
    screen.facts(
        {
            "window": f"{screen.moment(header.asked.since)} to {screen.moment(header.asked.until)}",
            "packages": f"{screen.number(end.package_bytes)} bytes, {inside}",
            "file": f"{screen.number(file_bytes)} bytes",
        },
        indent="  ",
    )
