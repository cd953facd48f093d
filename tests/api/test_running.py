"""Long polls and the end of an axis."""

from __future__ import annotations

import asyncio

from axis.api.running import Polls


async def test_polls_end_in_the_order_of_their_coming() -> None:
    polls, ended = Polls(), []

    async def poll(number: int) -> None:
        found = await polls.until_closed(asyncio.Event().wait(), nothing=False)
        ended.append((number, found))

    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(poll(number))
        await asyncio.sleep(0)
        polls.close()
    assert ended == [(number, False) for number in range(50)]


async def test_a_poll_that_found_something_is_under_way_no_more() -> None:
    polls = Polls()
    assert await polls.until_closed(asyncio.sleep(0, "found"), nothing="") == "found"
    polls.close()
    assert await polls.until_closed(asyncio.sleep(0, "found"), nothing="") == ""
