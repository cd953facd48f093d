"""``axis init``: make the world of a run, and enrol it in the books."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from agencies.world import OPERATOR_ID, AnotherWorld, World, make_world
from axis.cli import screen, session
from axis.core.directory import Client
from axis.ports import BusAway
from axis.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.OPERATOR)(init)


def init(
    bus: Annotated[
        bool, typer.Option("--bus", help="Fail when Kafka cannot be told what it is to have.")
    ] = False,
    json: screen.Json = False,
    run: session.Run = None,
) -> None:
    """Make keys and secrets of 95 agencies and an operator.

    What is there stays as it is, so it may be repeated; ``serve`` and ``demo`` do it by themselves.
    """
    # Not above: the store brings half a second of libraries along.
    from axis.adapters.sqlite_file import InUse

    settings = session.open_session(run).settings
    fresh = not settings.agencies_dir.exists()
    try:
        world = make_world(settings.home)
        away = asyncio.run(enrol(settings, world))
    except (AnotherWorld, InUse) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    if bus and away is not None:
        raise typer.Exit(1)
    told = {
        "run": settings.run,
        "made": fresh,
        "agencies": len(world.agencies),
        "keys": str(settings.agencies_dir),
        "operator": str(settings.home / OPERATOR_ID),
        "books": settings.books,
    }
    if json:
        screen.data(told)
        return
    was = "is made" if fresh else "was there already and is complete"
    screen.say(f"The world of the run '{settings.run}' {was}.")
    screen.facts(
        {
            "agencies": f"{len(world.agencies)}, each with key.pem, certificate.pem and secret in "
            f"{settings.agencies_dir}/<code>/",
            "operator": f"its secret lies in {told['operator']}/",
            "books": settings.books,
        },
        indent="  ",
    )


async def enrol(settings: Settings, world: World) -> BusAway | None:
    """Write the world's agencies, certificates and clients into the books of the run, and have what
    its bus needs for them, unless that is away: then it is made when it is needed.

    Returns why it is away. Raises ``axis.adapters.sqlite_file.InUse`` while an axis has them open.
    """
    from axis.bootstrap import build
    from axis.logs import log_aside
    from axis.relaying import prepare_bus

    log_aside()
    clients = [
        Client(id=login.id, secret_sha256=login.secret_sha256, roles=login.roles)
        for login in world.logins
    ]
    # Nothing is relayed here.
    async with build(settings.model_copy(update={"relay": "apart"})) as axis:
        await axis.store.enrol(world.agencies, world.certificates, clients)
    try:
        await prepare_bus(settings, [agency.code for agency in world.agencies])
    except BusAway as away:
        told = f"The bus is not there yet ({away}); the axis goes on without it until it is."
        typer.echo(told, err=True)
        return away
    return None
