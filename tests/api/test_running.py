"""Long polls and the end of an axis."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from axis.api.running import WATCH_AFTER_S, Polls
from tests.api.world import LANG_SON, OFFICE, world
from tests.sim.loop import run


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


class Client:
    """What an ASGI server tells of a client: its request, and that it has gone."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}


@pytest.mark.parametrize("turns", range(6))
def test_clients_may_leave_while_the_axis_closes(turns: int) -> None:
    async def main() -> list[object]:
        polls, client = Polls(), Client()
        found = [
            asyncio.create_task(polls.until_closed(asyncio.Event().wait(), "nothing", receive))
            for receive in (client.receive, None)
        ]
        await asyncio.sleep(2 * WATCH_AFTER_S)
        client.gone.set()
        # One of these finds the poll of the client that has gone in the middle of its end.
        for _ in range(turns):
            await asyncio.sleep(0)
        polls.close()
        return list(await asyncio.gather(*found))

    assert run(main()) == (["nothing", "nothing"], [])


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/packages", "/v1/statuses"])
def test_nobody_polls_for_a_client_that_has_gone(path: str) -> None:
    async def main() -> float:
        async with world() as here:
            client = Client()
            client.gone.set()
            scope = {
                "type": "http",
                "method": "GET",
                "path": path,
                "query_string": b"wait=50",
                "headers": [(b"authorization", f"Bearer {await here.token(OFFICE)}".encode())],
            }

            async def send(_: object) -> None:
                pass

            clock = asyncio.get_running_loop().time
            start = clock()
            await here.app(scope, client.receive, send)
            return clock() - start

    seconds, complaints = run(main())
    assert seconds < 2 * WATCH_AFTER_S
    assert complaints == []


@pytest.mark.parametrize("gone", [False, True])
def test_what_comes_for_a_client_that_has_gone_is_not_marked_as_offered(gone: bool) -> None:
    async def main() -> str:
        async with world() as here:
            token = await here.token(OFFICE)
            client = Client()
            scope = {
                "type": "http",
                "method": "GET",
                "path": "/v1/inbox/packages",
                "query_string": b"wait=50",
                "headers": [(b"authorization", f"Bearer {token}".encode())],
            }

            async def send(_: object) -> None:
                pass

            poll = asyncio.create_task(here.app(scope, client.receive, send))
            await asyncio.sleep(2 * WATCH_AFTER_S)
            assert here.axis.polls.waiting == 1
            if gone:
                client.gone.set()
                await poll
                assert here.axis.polls.waiting == 0
            receipt = await here.sent()
            if not gone:
                await poll
            await here.settled()
            view = (await here.get(LANG_SON, f"/v1/documents/{receipt['doc']}")).json()
            return str(view["deliveries"][0]["state"])

    state, complaints = run(main())
    assert state == ("waiting" if gone else "offered")
    assert complaints == []
