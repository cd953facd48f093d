"""What bodies hold in memory: all together, each caller, and the small ones beside the large."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest

from axis.api import bodies as module
from axis.api.bodies import Bodies
from axis.api.pools import Pool
from axis.core.errors import Unavailable
from tests.api.world import LANG_SON, OFFICE, World, package, problem
from tests.api.world import rows as agencies

BUSY = r"axis\.busy"


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JSON_BYTES_MAX", 10)


async def read(room: module.Room, *chunks: bytes) -> bytes:
    messages = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]

    async def receive() -> Any:
        await asyncio.sleep(0)
        return messages.pop(0)

    return await room.read(receive, {}, 5000)


@pytest.mark.usefixtures("_short")
async def test_bodies_in_memory_are_bounded_all_together() -> None:
    bodies = Bodies(large_max=1000)
    with ExitStack() as stack:
        for who in "abc":
            body = await read(stack.enter_context(bodies.room(who)), b"x" * 100, b"x" * 150)
            assert body == b"x" * 250
        with pytest.raises(Unavailable, match=BUSY), bodies.room("d") as second:
            await read(second, b"x" * 200, b"x" * 200)
        assert bodies.held_bytes == 750
    with bodies.room("e") as alone:
        # One request always passes: the bound is on what is held together.
        # What began as a small one is none any more.
        await read(alone, b"x" * 9, b"x" * 2991)
        assert (bodies.large.held_bytes, bodies.small.held_bytes) == (3000, 0)
    assert bodies.held_bytes == 0


@pytest.mark.usefixtures("_short")
async def test_a_caller_has_its_share_and_no_more() -> None:
    bodies = Bodies(large_max=1000, small_max=100)
    with bodies.room("a") as first, bodies.room("a") as second, bodies.room("b") as other:
        await read(first, b"x" * 200)
        with pytest.raises(Unavailable, match=BUSY):
            await read(second, b"x" * 60)
        await read(other, b"x" * 60)


@pytest.mark.usefixtures("_short")
async def test_small_bodies_come_in_beside_the_large() -> None:
    bodies = Bodies(large_max=1000, small_max=100)
    with ExitStack() as stack:
        for who in "abcd":
            await read(stack.enter_context(bodies.room(who)), b"x" * 250)
        for who in "abcd":
            await read(stack.enter_context(bodies.room(who)), b"x" * 10)
        assert (bodies.large.held_bytes, bodies.small.held_bytes) == (1000, 40)
        # It is among the small ones only as long as it is small.
        with pytest.raises(Unavailable, match=BUSY), bodies.room("a") as growing:
            await read(growing, b"x" * 9, b"x" * 2)
        assert (bodies.large.held_bytes, bodies.small.held_bytes) == (1000, 40)
    assert bodies.held_bytes == 0


async def test_large_bodies_shut_nobody_else_out(here: World) -> None:
    bodies: Bodies = here.app.state.bodies
    share = module.LARGE_BYTES_MAX // module.SHARES
    for agency in agencies()[: module.SHARES]:
        bodies.large.take(agency.code, share)
    problem(await here.send(b"x" * (module.JSON_BYTES_MAX + 1)), 503, "axis.busy")
    assert (await here.send(package())).status_code == 201
    answer = await here.call(OFFICE, "POST", "/v1/inbox/confirm", json={})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/v1/inbox/confirm", "/v1/statuses", "/v1/replays"])
async def test_every_door_counts_for_its_caller(here: World, path: str) -> None:
    bodies: Bodies = here.app.state.bodies
    bodies.small.take(OFFICE, module.SMALL_BYTES_MAX // module.SHARES)
    problem(await here.call(OFFICE, "POST", path, json=1), 503, "axis.busy")
    assert (await here.call(LANG_SON, "POST", path, json=1)).status_code == 422


def test_nothing_is_kept_of_whom_nothing_is_held() -> None:
    pool = Pool(100, 50)
    with pool.holding("a", 10), pool.holding("a", 5), pool.holding("b", 0):
        assert (pool.held_bytes, pool._shares) == (15, {"a": 15, "b": 0})
        with pytest.raises(Unavailable, match=BUSY), pool.holding("a", 36):
            pass
    assert (pool.held_bytes, pool._shares) == (0, {})
