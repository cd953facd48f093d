"""Options that were typed: days, contents, and which do not just stand as they are by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

import typer

from agencies import script


def day(text: object) -> date:
    """A day as it is typed; raises ``BadParameter`` for one that no calendar has."""
    try:
        return date.fromisoformat(f"{text}")
    except ValueError:
        raise typer.BadParameter(f"{text} is no day; it is YYYY-MM-DD") from None


def of_a_day(name: str, told: str) -> Any:
    """An option that is a day; ``told`` stands in the help."""
    return typer.Option(name, parser=day, metavar="YYYY-MM-DD", help=told)


def warn_of_no_script(content: str) -> None:
    """Say of a ``sim:`` line that no simulated agency will understand it; who sends the document
    elsewhere may mean it as it is.
    """
    try:
        script.parse(content)
    except script.NotUnderstood as error:
        typer.echo(
            f"Simulated agencies will answer as always: they do not understand '{error}'. "
            "A line that they do: sim: slow 2s, 01, 02 after 1m reason='…'",
            err=True,
        )


From = Annotated[date | None, of_a_day("--from", "First day.")]
To = Annotated[date | None, of_a_day("--to", "Last day.")]


def given(context: typer.Context, names: Iterable[str]) -> list[str]:
    """Those of the parameters ``names`` that were typed."""
    sources = ((name, context.get_parameter_source(name)) for name in names)
    return [name for name, found in sources if found is not None and found.name == "COMMANDLINE"]


def require_kept(asked: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Refuse options (``--seed``) that ask for something else than what is gone on with.

    Both are by the option; what is not kept under any cannot be asked for either.
    """
    for option, value in asked.items():
        if value != kept.get(option):
            known = kept.get(option)
            told = "has none" if known in (None, "", False) else f"has {known}"
            typed = option if value is True else f"{option} {value}"
            raise typer.BadParameter(
                f"{typed}: what --resume goes on with {told}, and stays as it was begun"
            )
