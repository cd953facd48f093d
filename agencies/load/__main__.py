"""``python -m agencies.load ORDERS``: the process that drives load at an axis.

The parent holds the other end of stdin; its end, which is also the parent's death, and SIGTERM end
the process. It tells of itself in JSON lines: ``begun`` first, then how far it is, each step, and
at last ``finished`` with the path of the result, or ``impossible`` or ``otherwise`` with why.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from typing import Any

import uvloop

from agencies.load import course_result
from agencies.load.course_orders import CourseOrders
from agencies.load.impossible import Impossible
from agencies.load.orders import Orders
from agencies.load.play import Player
from agencies.load.result import result
from agencies.load.run import Driver, Otherwise
from agencies.load.wire import Gone
from agencies.process import parent_pipe, tell

RESULT_FILE = "result.json"


def main() -> None:
    """Drive until the result is there, and wait for the parent."""
    text = sys.argv[1]
    course = "course" in json.loads(text)
    uvloop.run(_run(CourseOrders.from_json(text) if course else Orders.from_json(text)))


async def _run(orders: Orders | CourseOrders) -> None:
    parent = await parent_pipe()
    tell({"begun": True})
    async with asyncio.TaskGroup() as tasks:
        driving = tasks.create_task(_drive(orders))
        await parent.read()
        driving.cancel()


async def _drive(orders: Orders | CourseOrders) -> None:
    orders.work.mkdir(parents=True, exist_ok=True)
    try:
        told = await _told(orders)
        path = orders.work / RESULT_FILE
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        tell({"finished": str(path)})
    except* Impossible as found:
        tell({"impossible": str(_first(found))})
    except* (Otherwise, Gone) as found:
        tell({"otherwise": str(_first(found))})


async def _told(orders: Orders | CourseOrders) -> dict[str, Any]:
    if isinstance(orders, CourseOrders):
        return course_result.result(await Player(orders, tell).run())
    outcome = await Driver(orders, tell).run()
    return result(outcome, disk_bytes=shutil.disk_usage(orders.work).free)


def _first(found: BaseException) -> BaseException:
    return _first(found.exceptions[0]) if isinstance(found, BaseExceptionGroup) else found


if __name__ == "__main__":
    main()
