"""The command line: ``axis``. The only part of the axis that knows the simulated agencies.

One module for each kind of work; here they get their names and their place in ``axis --help``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from axis.cli import (
    agencies,
    books,
    checking,
    demo,
    oversight,
    packing,
    screen,
    seat,
    serve,
    setup,
    taking,
)
from axis.cli.door import NoAxis, Refusal
from axis.core.errors import AxisError

_START = "Start one: axis serve (in another terminal). Name one that runs elsewhere: --url."


class _Axis(TyperGroup):
    """Tells of what went wrong in the world in a sentence; a traceback is only for our own bugs."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit 1 when the axis refused or was not there.

        ``ctx`` is a click Context; typer brings a click of its own, whose name is not public.
        """
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            screen.problems(seat.faults(refusal.problem), to_stderr=True)
        except AxisError as error:
            faults = [
                {
                    "code": f.code,
                    "place": f.place,
                    "detail": f.sentence(),
                    "detail_vi": f.sentence("vi"),
                }
                for f in error.faults
            ]
            screen.problems(faults, to_stderr=True)
        except NoAxis as error:
            typer.echo(f"{error} {_START}", err=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Axis,
    name="axis",
    help="Viet Nam's national document axis: signed edXML documents between 95 agencies.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _register(panel: str, commands: Sequence[Callable[..., None]]) -> None:
    for command in commands:
        app.command(rich_help_panel=panel)(command)


demo.register(app)
serve.register(app)
agencies.register(app)
_register(
    screen.DEVELOPER,
    (
        packing.pack,
        checking.check,
        seat.token,
        seat.send,
        seat.inbox,
        taking.take,
        seat.confirm,
        seat.say,
        seat.statuses,
    ),
)
_register(screen.BOOKS, (books.show, books.counts, books.audit))
_register(
    screen.OPERATOR,
    (
        setup.init,
        oversight.waiting,
        oversight.find,
        oversight.lock,
        oversight.unlock,
        oversight.reset,
        oversight.audit_log,
        oversight.refusals,
    ),
)


def main() -> None:
    """The entry point of the ``axis`` command."""
    app()
