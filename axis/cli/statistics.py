"""``axis statistics``: what QĐ 28/2018 asks for, as a table, JSON, CSV or the report itself.

Asks the running axis; when none runs, reads its books where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from axis.cli import screen, session
from axis.cli.given import From, To
from axis.core.period import Unit
from axis.core.statistics import BOOKS, NOT_RECORDED
from axis.flows.statistics import By

#: What a terminal shows of a row: heading, measure, and how it is written.
_COLUMNS: Final = (
    ("sent", "sent", "{:,}"),
    ("received", "received", "{:,}"),
    ("refused", "refused", "{:,}"),
    ("accepted", "accepted", "{:,}"),
    ("signed", "signature_valid_share", "{:.1%}"),
    ("sent in time", "sent_in_time_share", "{:.1%}"),
    ("within 1 h", "accepted_within_hour_share", "{:.1%}"),
    ("next day", "accepted_by_next_day_share", "{:.1%}"),
)
_NOTES: Final = (
    "signed: packages with a valid signature. sent in time: by the next working morning after",
    "the day of signing. within 1 h, next day: accepted so soon after arrival, by the end of the",
    "next working day.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.BOOKS)(statistics)


def statistics(
    by: Annotated[By, typer.Option(help="One row of a period for each.")] = By.NATION,
    period: Annotated[Unit, typer.Option(help="What the days are split into.")] = Unit.QUARTER,
    from_: From = None,
    to: To = None,
    agency: Annotated[str, typer.Option(help="Only of this agency.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the report into this file.")
    ] = None,
    as_: session.As = session.OWN,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Tell what the law asks for: sent, received, refused, signed, in time.

    With --html the report of these days, to be printed: the nation by period, then every kind and
    every agency over all of them.
    """
    if (json, csv, html is not None).count(True) > 1:
        raise typer.BadParameter("choose one of --json, --csv and --html")
    here = session.open_session(run, url)
    code = session.agency(agency) if agency else ""
    if from_ is not None and to is not None and from_ > to:
        raise typer.BadParameter("--from lies behind --to")
    days = (from_, to)
    if html is not None:
        asked = [(By.NATION, Unit.SPAN), (By.NATION, period)]
        asked += [(By.KIND, Unit.SPAN), (By.AGENCY, Unit.SPAN)]
        _write_page(html, _ask(here, asked, days, code, as_), here.settings.run)
        return
    (told,) = _ask(here, [(by, period)], days, code, as_)
    if json:
        screen.data(told)
    elif csv:
        from axis.api.statistics import table

        # Its bytes are UTF-8 wherever they go, and so is the mark in front of them.
        typer.echo(table(told), nl=False)
    else:
        _show(told)


def _ask(
    here: session.Session,
    asked: Sequence[tuple[By, Unit]],
    days: tuple[date | None, date | None],
    code: str,
    as_: str,
) -> list[dict[str, Any]]:
    """What ``GET /v1/statistics`` answers to each."""
    if here.url is None:
        # It brings half a second of libraries along.
        from axis.cli import archive

        return archive.statistics(here.settings, asked, days, code)
    rest: dict[str, object] = {"from": days[0], "to": days[1], "agency": code}
    with here.seat(as_) as door:
        return [
            door.get("/v1/statistics", by=by.value, period=unit.value, **rest).json
            for by, unit in asked
        ]


def _write_page(file: Path, told: Sequence[Mapping[str, Any]], run: str) -> None:
    from axis.cli.statistics_page import page

    try:
        file.write_text(page(*told, run=run), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}") from None
    screen.say(f"{file}: the report, to be opened in a browser or printed")


def _show(told: Mapping[str, Any]) -> None:
    rows = told["rows"]
    named = told["by"] != By.NATION.value
    head = ("period", *((told["by"],) if named else ()), *(name for name, _, _ in _COLUMNS))
    screen.table(
        head,
        [
            (
                row["period"] if row["complete"] else f"{row['period']} *",
                *((row["group"],) if named else ()),
                *(_cell(row, measure, form) for _, measure, form in _COLUMNS),
            )
            for row in rows
        ],
        none="Nothing was counted.",
    )
    if not rows:
        return
    for note in _NOTES:
        screen.say(note)
    if not all(row["complete"] for row in rows):
        screen.say("* not all of its days are asked for, over and recorded.")
    for day, families in _begun(rows).items():
        what = "everything" if BOOKS in families else ", ".join(families)
        screen.say(f"{what}: recorded since {day}; the row in which that lies has no more.")


def _begun(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The families of measures of which a row has only a part, by the day of their beginning."""
    found: dict[str, list[str]] = {}
    for family, day in {f: d for row in rows for f, d in row["partly"].items()}.items():
        found.setdefault(day, []).append(family)
    return found


def _cell(row: Mapping[str, Any], measure: str, form: str) -> object:
    value = row[measure]
    if value is None:
        return NOT_RECORDED if row["missing"][measure] == NOT_RECORDED else "-"
    return value if isinstance(value, int) else form.format(value)
