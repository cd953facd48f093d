"""``python -m agencies``: a process that runs a share of the simulated agencies.

The parent holds the other end of stdin. In a run that plays a day it writes one JSON line when the
run begins, ``{"origin_s": …, "start_us": …}`` (see ``agencies.pace``). The end of the pipe, which
is also the parent's death, ends the process, and so does SIGTERM. The process writes JSON lines to
stdout: ``{"ready": true}``, then how far it is (``agencies.crew.Crew.progress``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import uvloop

from agencies import world
from agencies.alone import PlayedElsewhere, alone
from agencies.brokers import Brokers
from agencies.crew import ANSWER_LONGEST_US, Orders, hours
from agencies.pace import Pace
from agencies.process import log_as_json, parent_pipe, tell, work
from agencies.share import chosen, share_of
from agencies.traffic import plan_day
from schemas.codes import agencies


def main() -> None:
    """Run a share of the agencies until the parent is gone."""
    arguments = _arguments()
    log_as_json()
    orders = _orders(arguments)
    try:
        with alone(orders.home, orders.codes):
            uvloop.run(_play(orders, arguments))
    except PlayedElsewhere as error:
        sys.exit(f"{error}")


def _orders(arguments: argparse.Namespace) -> Orders:
    every = [row.code for row in agencies()]
    but = (arguments.mine,) if arguments.mine else ()
    answering = Orders(
        home=arguments.home,
        codes=chosen(every, share_of(arguments.share), but=but),
        brokers=Brokers(**json.loads(arguments.kafka)) if arguments.kafka else None,
        seed=arguments.seed,
    )
    if arguments.mode == "answer":
        return replace(answering, longest_us=ANSWER_LONGEST_US)
    plan = plan_day(arguments.day, arguments.seed, sent=arguments.sent, received=arguments.received)
    return replace(answering, plan=plan, leaves_us=hours(arguments.day).leaves_us)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agencies", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the run")
    parser.add_argument("--share", default="1/1", help="1/2: the first of two processes")
    parser.add_argument("--mode", choices=("demo", "answer"), required=True)
    parser.add_argument("--mine", default="", help="code of the chair that a person has")
    parser.add_argument("--kafka", default="", help="read topics: agencies.brokers.Brokers as JSON")
    parser.add_argument("--day", type=date.fromisoformat)
    parser.add_argument("--seed", type=int, default=world.SEED)
    parser.add_argument("--sent", type=int)
    parser.add_argument("--received", type=int)
    parser.add_argument("--speed", type=float, help="how much faster than the day the run passes")
    return parser.parse_args()


async def _play(orders: Orders, arguments: argparse.Namespace) -> None:
    parent = await parent_pipe()
    tell({"ready": True})
    pace: Pace | None = None
    if orders.plan:
        line = await parent.readline()
        if not line:
            return
        pace = _pace(json.loads(line), arguments)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        parted = tasks.create_task(_until_parted(parent, stop))
        await work(orders, tell, stop, pace=pace)
        parted.cancel()


async def _until_parted(parent: asyncio.StreamReader, stop: asyncio.Event) -> None:
    await parent.read()
    stop.set()


def _pace(beginning: Mapping[str, Any], arguments: argparse.Namespace) -> Pace:
    return Pace(
        monotonic=time.monotonic,
        start_us=beginning["start_us"],
        origin_s=beginning["origin_s"],
        speed=arguments.speed,
        last_us=hours(arguments.day).last_us,
        played=True,
    )


if __name__ == "__main__":
    main()
