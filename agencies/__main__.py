"""``python -m agencies``: a process that runs a share of the simulated agencies.

The parent holds the other end of stdin. In a run that plays a day it writes one JSON line when the
run begins, ``{"origin_s": …, "start_us": …}`` (see ``agencies.pace``). The end of the pipe, which
is also the parent's death, ends the process, and so does SIGTERM. The process writes JSON lines to
stdout: ``{"ready": true}``, then how far it is (``agencies.crew.Crew.progress``).
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import structlog
import uvloop

from agencies import world
from agencies.crew import ANSWER_LONGEST_US, ANSWER_SPEED, Crew, Orders, hours
from agencies.line import HttpLine
from agencies.pace import Pace, live
from agencies.traffic import plan_day

#: A predecessor whose parent was killed needs a moment to see it and end.
ALONE_S_MAX = 10.0
_LOOK_S = 0.05
#: A collection looks at what is new; requests leave few cycles behind.
GC_THRESHOLD = 50_000


def main() -> None:
    """Run a share of the agencies until the parent is gone."""
    arguments = _arguments()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    orders = _orders(arguments)
    with _alone(orders):
        uvloop.run(_play(orders, arguments))


def _orders(arguments: argparse.Namespace) -> Orders:
    share, shares = map(int, arguments.share.split("/"))
    answering = Orders(
        home=arguments.home, share=share, shares=shares, mine=arguments.mine, seed=arguments.seed
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
    parser.add_argument("--day", type=date.fromisoformat)
    parser.add_argument("--seed", type=int, default=world.SEED)
    parser.add_argument("--sent", type=int)
    parser.add_argument("--received", type=int)
    parser.add_argument("--speed", type=float, help="how much faster than the day the run passes")
    return parser.parse_args()


@contextmanager
def _alone(orders: Orders) -> Iterator[None]:
    """Hold the share: two processes that play one agency would answer everything twice.

    The lock file lists who is played, for ``axis agencies``.
    """
    folder = orders.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + ALONE_S_MAX
    with (folder / f"agencies-{orders.share}.lock").open("a", encoding="ascii") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    sys.exit(f"another process plays share {orders.share} of these agencies")
                time.sleep(_LOOK_S)
        file.truncate(0)
        file.write("\n".join(orders.codes))
        file.flush()
        yield


async def _play(orders: Orders, arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    parent = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    # A signal is as good as the parent's end of the pipe.
    loop.add_signal_handler(signal.SIGTERM, parent.feed_eof)
    _tell({"ready": True})
    if orders.plan:
        line = await parent.readline()
        if not line:
            return
        pace = _pace(json.loads(line), arguments)
    else:
        pace = live(time.monotonic, ANSWER_SPEED)
    # The plan and what was imported live as long as the process: no collection need look at them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    async with HttpLine(orders.home / "axis") as door:
        crew = Crew(orders, door, pace, _tell)
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(crew.run())
            tasks.create_task(_end_with(parent, working))


async def _end_with(parent: asyncio.StreamReader, working: asyncio.Task[None]) -> None:
    await parent.read()
    working.cancel()


def _pace(beginning: Mapping[str, Any], arguments: argparse.Namespace) -> Pace:
    return Pace(
        monotonic=time.monotonic,
        start_us=beginning["start_us"],
        origin_s=beginning["origin_s"],
        speed=arguments.speed,
        last_us=hours(arguments.day).last_us,
        played=True,
    )


def _tell(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
