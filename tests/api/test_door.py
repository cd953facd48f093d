"""What the door makes of a request that the server cancels, as it does at the end of its grace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from axis.api.door import Door

_SCOPE: Scope = {
    "type": "http",
    "method": "GET",
    "path": "/v1/slow",
    "query_string": b"",
    "headers": [],
}


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("only the hot route is asked")


async def _cancelled(
    handler: Callable[[Send], Awaitable[None]], *, stopping: bool = True
) -> list[Message]:
    """What a client is sent whose request is cancelled while ``handler`` waits."""
    sent: list[Message] = []
    waiting = asyncio.Event()

    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        await handler(send)
        waiting.set()
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("there is no body")

    hot = {("GET", "/v1/slow"): slow}
    door = Door(_nothing, hot, lambda _: frozenset({"GET"}), lambda: stopping)
    task = asyncio.create_task(door(_SCOPE, receive, send))
    await waiting.wait()
    task.cancel("the grace is over")
    await task
    return sent


async def test_a_request_that_is_cancelled_is_to_be_repeated() -> None:
    async def wait(_send: Send) -> None:
        await asyncio.sleep(0)

    head, body = await _cancelled(wait)
    assert head["status"] == 503
    assert (b"retry-after", b"1") in head["headers"]
    assert json.loads(body["body"])["code"] == "axis.stopping"


async def test_whoever_else_cancels_a_request_has_it_cancelled() -> None:
    async def wait(_send: Send) -> None:
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await _cancelled(wait, stopping=False)


async def test_half_an_answer_is_not_begun_anew() -> None:
    async def begin(send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    with pytest.raises(asyncio.CancelledError):
        await _cancelled(begin)
