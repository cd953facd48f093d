"""Wait for what a run has published to Kafka, before its axis is ended."""

from __future__ import annotations

import asyncio

import aiohttp

from agencies.address import left_address
from axis.settings import Settings

#: A relay publishes thousands of numbers a second; a broker that is away for so long is away.
PUBLISH_S_MAX = 60.0
#: How often the axis is asked.
_LOOK_S = 0.2
_METRICS = ("axis_unpublished{", "axis_unpublished_events ")
_ANSWER = "axis_books_answer 1.0"


async def all_published(settings: Settings) -> bool:
    """Whether everything in the books of a running axis has reached its topics; waits for it.

    True where nothing is published at all. What is not yet lies in the books, and whoever serves
    them next publishes it.
    """
    if not settings.kafka.bootstrap:
        return True
    try:
        async with asyncio.timeout(PUBLISH_S_MAX), aiohttp.ClientSession() as http:
            while True:
                if not await _unpublished(settings, http):
                    return True
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return False


async def _unpublished(settings: Settings, http: aiohttp.ClientSession) -> bool:
    """Whether some number or event is not published yet; so it is while axis or books do not
    answer.
    """
    left = left_address(settings.axis_dir)
    if left is None:
        return True
    try:
        async with http.get(f"{left.url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
    except (aiohttp.ClientError, OSError):
        return True
    if _ANSWER not in lines:
        return True
    return any(line.startswith(_METRICS) and not line.endswith(" 0.0") for line in lines)
