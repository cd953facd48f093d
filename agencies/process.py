"""What every process of agencies does, whoever starts it: work until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Callable, Mapping

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


async def work(
    orders: Orders, report: Report, stop: asyncio.Event, *, pace: Pace | None = None, url: str = ""
) -> None:
    """Play the agencies of ``orders`` until ``stop`` is set: a day at its ``pace``, else today.

    ``report`` is told how far they are (``Crew.progress``). ``url`` is where the axis is; else it
    has left its address in its folder.
    """
    # The plan and what was imported live as long as the process: no collection need look at them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    async with HttpLine(orders.home / "axis", url) as door:
        crew = Crew(orders, door, pace or live(time.monotonic, ANSWER_SPEED), report)
        await crew.run(stop)
        report(crew.progress())
