"""What is published to Kafka: a relay of its own, and having a lane published again."""

from __future__ import annotations

from typing import Annotated

import typer

from agencies.world import OPERATOR_ID
from axis.cli import screen, session
from axis.cli.door import segment
from axis.cli.oversight import Why


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (relay, redrive):
        app.command(rich_help_panel=screen.OPERATOR)(command)


def relay(
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Show metrics there; 0 takes a free port."),
    ] = None,
    run: session.Run = None,
) -> None:
    """Publish to Kafka beside processes that only serve (AXIS_RELAY=apart).

    Any number may run, on any machine; each takes its share. Ctrl-C or SIGTERM stops it.
    """
    # Not above: a relay's libraries are not for a command that asks something.
    from axis.adapters.postgres_store import NoBooks
    from axis.apart import relay as relay_until_stopped
    from axis.relaying import NothingToRelay

    settings = session.open_session(run).settings
    try:
        relay_until_stopped(settings, metrics_port)
    except (NothingToRelay, NoBooks, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def redrive(
    to: Annotated[str, typer.Option(metavar="CODE", help="The agency (H37).")],
    why: Why,
    urgency: Annotated[
        int | None, typer.Option(min=0, max=4, help="One lane; all of them without it.")
    ] = None,
    from_: Annotated[
        int, typer.Option("--from", metavar="NUMBER", min=1, help="The first to come again.")
    ] = 1,
    json: screen.Json = False,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Publish an agency's lanes to Kafka again.

    For one that lost what it had read. Readers drop what they have.
    """
    agency = session.agency(to)
    path = f"/v1/operator/agencies/{segment(agency)}/redrive"
    body = {"urgency": urgency, "no": from_, "why": why}
    with session.open_session(run, url).door(OPERATOR_ID) as door:
        told = door.post(path, body).json
    if json:
        screen.data(told)
        return
    lanes = "all lanes" if urgency is None else f"lane {urgency}"
    if told["relayed"]:
        screen.say(f"{told['agency']}: {lanes} come again from number {told['no']}")
    else:
        screen.say(f"{told['agency']}: noted; nothing comes, for this axis publishes to no Kafka")
