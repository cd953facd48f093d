"""``axis agencies run``: any share of the agencies in this process, over REST or over Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from agencies.alone import PlayedElsewhere, alone
from agencies.brokers import Brokers
from agencies.crew import ANSWER_LONGEST_US, Orders
from agencies.process import log_as_json, work
from agencies.share import chosen, share_of
from axis.cli import screen, session
from axis.ending import asked_to_end
from axis.settings import Settings
from schemas.codes import agencies

#: What is the axis's own business and not the agencies': copies of topics, sizes, observers.
_OWN = {"replication", "inline_bytes_max", "events"}


class Over(StrEnum):
    """By what packages come: long polls, or the topics of the bus."""

    REST = "rest"
    KAFKA = "kafka"


#: Of every command that runs agencies.
Ways = Annotated[
    Over,
    typer.Option(
        envvar="AXIS_AGENCIES_OVER",
        help="How packages come: long polls, or each agency's topic (AXIS_KAFKA_...).",
    ),
]


def run(
    share: Annotated[str, typer.Option(metavar="N/M", help="The first of four: 1/4.")] = "1/1",
    only: Annotated[str, typer.Option(metavar="CODE,…", help="These alone: G22,H26.")] = "",
    but: Annotated[str, typer.Option(metavar="CODE,…", help="Not these: H37.")] = "",
    over: Ways = Over.REST,
    url: session.Url = None,
    run: session.Run = None,
) -> None:
    """Run the software of agencies until SIGTERM or Ctrl-C: take, check, confirm, answer.

    Several processes may run different shares at once, here or wherever the run's folder is.
    """
    here = session.open_session(run, url)
    settings = here.settings
    every = [row.code for row in agencies()]
    try:
        codes = chosen(every, share_of(share), only=_codes(only), but=_codes(but))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    orders = Orders(
        home=settings.home,
        codes=codes,
        brokers=brokers(settings, over),
        longest_us=ANSWER_LONGEST_US,
    )
    log_as_json()
    try:
        with alone(settings.home, codes):
            progress = asyncio.run(_until_told(orders, url or "", over))
    except PlayedElsewhere as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from None
    except (OSError, ExceptionGroup) as error:
        failed = _of_a_file(error)
        if failed is None:
            raise
        if isinstance(failed, FileNotFoundError):
            told = f"{failed.filename} cannot be read; axis init makes it"
            raise typer.BadParameter(told) from None
        typer.echo(f"Stopped. {failed.filename}: {failed.strerror}", err=True)
        raise typer.Exit(1) from None
    screen.say(f"Stopped: {progress['received']} received, {progress['said']} statuses said.")


def brokers(settings: Settings, over: Over) -> Brokers | None:
    """How the agencies of a run reach Kafka; None when they poll."""
    if over is Over.REST:
        return None
    if not settings.kafka.bootstrap:
        raise typer.BadParameter("AXIS_KAFKA_BOOTSTRAP names no broker")
    reached = settings.kafka.model_dump(mode="json", exclude=_OWN)
    return Brokers(prefix=settings.topic_prefix, **reached)


async def _until_told(orders: Orders, url: str, over: Over) -> Mapping[str, int | bool]:
    """Work until a signal; how far they are then."""
    stop = asyncio.Event()
    for number in asked_to_end():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    told: Mapping[str, int | bool] = {}

    def report(progress: Mapping[str, int | bool]) -> None:
        nonlocal told
        if not told:
            # The first word: all have signed in.
            screen.say(f"{len(orders.codes)} agencies answer over {over}. Ctrl-C stops them.")
        told = progress

    await work(orders, report, stop, url=url)
    return told


def _of_a_file(error: Exception) -> OSError | None:
    """What a file has kept them from, also one that ended a group; None for anything else."""
    if isinstance(error, ExceptionGroup):
        return next((found for one in error.exceptions if (found := _of_a_file(one))), None)
    return error if isinstance(error, OSError) and error.filename is not None else None


def _codes(text: str) -> list[str]:
    return [session.agency(name.strip()) for name in text.split(",") if name.strip()]
