"""The command line: ``axis``. The only part of the axis that knows the simulated agencies.

One module for each kind of work; each offers ``register(app)``. Only the module of the command
that was typed is loaded: all of them together bring more than a second of libraries along.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from axis.cli import screen
from axis.cli.failures import NoAxis, Refusal, of_the_world
from axis.core.errors import AxisError
from axis.loading import about_to_end, loading

#: The module of each command, in the order of ``axis --help``.
MODULES = {
    "demo": "demo",
    "serve": "serve",
    "pack": "packing",
    "check": "checking",
    "token": "seat",
    "send": "seat",
    "inbox": "seat",
    "take": "taking",
    "confirm": "seat",
    "say": "statuses",
    "statuses": "statuses",
    "agencies": "agencies",
    "show": "books",
    "counts": "books",
    "audit": "books",
    "digest": "books",
    "statistics": "statistics",
    "init": "setup",
    "play": "beside",
    "replay": "replay",
    "load": "load",
    "waiting": "oversight",
    "find": "oversight",
    "lock": "oversight",
    "unlock": "oversight",
    "reset": "oversight",
    "register": "members",
    "secret": "members",
    "trust": "members",
    "certificates": "members",
    "revoke": "members",
    "relay": "relaying",
    "redrive": "relaying",
    "audit-log": "oversight",
    "refusals": "oversight",
}

_START = "Start one: axis serve{} (in another terminal). Name one that runs elsewhere: --url."


class _Axis(TyperGroup):
    """Loads the command that is asked for, and tells of what went wrong in the world.

    The ``ctx`` of its methods is a click Context; typer brings a click of its own, whose name is
    not public.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        """The command of this name, its module loaded; None when there is none."""
        module = MODULES.get(cmd_name)
        if module is None:
            return None
        shelf = typer.Typer()
        with loading():
            import_module(f"axis.cli.{module}").register(shelf)
        return typer.main.get_group(shelf).commands[cmd_name]

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit 1 when the axis refused or was not there.

        A traceback is only for our own bugs.
        """
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            screen.problems(refusal.faults, to_stderr=True)
        except AxisError as error:
            screen.problems(map(screen.told, error.faults), to_stderr=True)
        except NoAxis as error:
            # Not above: most commands need no settings.
            from axis.settings import LIVE

            run = "" if error.run in ("", LIVE) else f" --run {error.run}"
            typer.echo(f"{error} {_START.format(run)}", err=True)
        except Exception as error:
            words = of_the_world(error)
            if words is None:
                raise
            typer.echo(words, err=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Axis,
    name="axis",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def axis() -> None:
    """Viet Nam's national document axis: signed edXML documents between 95 agencies."""


def main() -> None:
    """The entry point of the ``axis`` command."""
    screen.escape_what_is_lacking()
    try:
        app()
    finally:
        about_to_end()
