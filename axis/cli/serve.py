"""``axis serve``: an axis, 94 agencies that answer, and a chair for its user."""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated

import typer

from agencies.world import AnotherWorld, agency_dir, make_world, read_secret
from axis.adapters.sqlite_file import InUse
from axis.cli import children, screen, session
from axis.settings import Settings
from schemas.codes import agencies


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=screen.NEWCOMER)(serve)


def serve(
    mine: Annotated[str, typer.Option(help="Your chair.")] = session.CHAIR,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Else AXIS_PORT, or 8095; 0 takes a free one."),
    ] = None,
    answering: Annotated[
        bool, typer.Option("--agencies/--no-agencies", help="Whether the others answer.")
    ] = True,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that serve; above 1 over PostgreSQL only."),
    ] = None,
    run: Annotated[str | None, typer.Option(help="The run; else AXIS_RUN, or live.")] = None,
) -> None:
    """Start the axis and the other agencies; Ctrl-C stops them."""
    chair = session.agency(mine)
    if chair not in {row.code for row in agencies()}:
        raise typer.BadParameter(f"{mine} is none of the 95 agencies")
    given = Settings(run=run) if run else Settings()
    settings = Settings(
        run=given.run,
        port=given.port if port is None else port,
        workers=workers or given.workers,
    )
    _require_shared(settings)
    _require_no_others(settings)
    _require_free(settings)
    try:
        children.run(_serve(settings, chair, answering=answering))
    except children.Interrupted:
        screen.say("Stopped.")
    except (children.GivenUp, AnotherWorld, InUse) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def _require_shared(settings: Settings) -> None:
    # Not above: the server's libraries are loaded by its own process.
    from axis.workers import OneProcess, require_shared

    try:
        require_shared(settings)
    except OneProcess as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None


def _require_no_others(settings: Settings) -> None:
    """Refuse a run whose books lie elsewhere: fresh ones beside them would hide them."""
    from axis.cli import large

    if large.has_books(settings):
        typer.echo(
            f"The run '{settings.run}' was played over a PostgreSQL of its own, whose books are in "
            f"{settings.home}. axis counts and axis replay report read them; serve another --run.",
            err=True,
        )
        raise typer.Exit(1)


def _require_free(settings: Settings) -> None:
    """Say at once that the port is taken, rather than when the axis has failed to start."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            typer.echo(
                f"{settings.host}:{settings.port}: {error.strerror}. --port 0 takes a free one.",
                err=True,
            )
            raise typer.Exit(1) from None


async def _serve(settings: Settings, chair: str, *, answering: bool) -> None:
    world = make_world(settings.home)
    await children.enrol_soon(settings, world)
    session.remember_run(settings)
    session.remember_chair(settings, chair)
    axis = children.axis_child(settings)
    there = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(axis.keep(), name=axis.name)
        if answering:
            arguments = ["--mode", "answer", "--mine", chair]
            # The first thing it says is that it is there.
            crew = children.agencies_child(
                settings, "agencies-1", arguments, lambda _child, _message: there.set()
            )
            tasks.create_task(crew.keep(), name=crew.name)
            # Somebody may ask at once who is running, or switch one of them off.
            await there.wait()
        _introduce(settings, chair, await children.address(settings, axis), answering=answering)


def _introduce(settings: Settings, chair: str, url: str, *, answering: bool) -> None:
    row = next(row for row in agencies() if row.code == chair)
    folder = agency_dir(settings.home, chair)
    others = "94 agencies answer" if answering else "the other agencies are silent"
    screen.say(f"The axis listens; {others}. Ctrl-C stops it.")
    screen.facts(
        {
            "address": url,
            "API pages": f"{url}/docs",
            "your chair": f"{chair}, {row.name_vi} ({row.name_en})",
            "client id": chair,
            "client secret": read_secret(folder),
            "key": folder / "key.pem",
            "certificate": folder / "certificate.pem",
        },
        indent="  ",
    )
    screen.say("A first look, in another terminal:")
    screen.say(
        f'  curl -H "Authorization: Bearer $(.venv/bin/axis token {chair[-3:]})" {url}/v1/inbox'
    )
