"""What every process of agencies does, whoever starts it: work until it is told to stop.

One that was started by another process ends with the pipe from it, and tells of itself in JSON
lines on stdout.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog

from agencies.crew import ANSWER_SPEED, Crew, Orders
from agencies.line import HttpLine
from agencies.pace import Pace, live

#: A collection looks at what is new; requests leave few cycles behind.
GC_THRESHOLD = 50_000

Report = Callable[[Mapping[str, int | bool]], None]


def log_as_json() -> None:
    """Log to stderr, one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # While a broker is away the library says so many times a second; ``agencies.topics`` does too.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


async def parent_pipe() -> asyncio.StreamReader:
    """Standard input, the other end of which the parent holds.

    It ends when the parent does, and on SIGTERM, which is as good.
    """
    loop = asyncio.get_running_loop()
    parent = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, parent.feed_eof)
    return parent


async def while_parent_lives(working: Coroutine[Any, Any, None]) -> None:
    """Work until it is done, or until the parent is gone or says so."""
    parent = await parent_pipe()

    async def end(task: asyncio.Task[None]) -> None:
        await parent.read()
        task.cancel()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(working)
        ending = tasks.create_task(end(task))
        await asyncio.wait([task])
        ending.cancel()


def tell(value: Mapping[str, Any]) -> None:
    """Tell the parent: one JSON object in a line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def spare_collector() -> None:
    """What is there now lives as long as the process: no collection need look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


async def work(
    orders: Orders, report: Report, stop: asyncio.Event, *, pace: Pace | None = None, url: str = ""
) -> None:
    """Play the agencies of ``orders`` until ``stop`` is set: a day at its ``pace``, else today.

    ``report`` is told how far they are (``Crew.progress``). ``url`` is where the axis is; else it
    has left its address in its folder.
    """
    spare_collector()
    async with HttpLine(orders.home / "axis", url) as door:
        crew = Crew(orders, door, pace or live(time.monotonic, ANSWER_SPEED), report)
        await crew.run(stop)
        report(crew.progress())
