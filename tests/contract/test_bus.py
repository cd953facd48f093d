"""The contract of ``axis.ports.Bus``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.core.topic import Topic
from axis.ports import Bus
from tests.contract.books import CODES, A, B
from tests.contract.buses import (
    SOON_S,
    inbox_of,
    on_postgres,
    quiet,
    stream_of,
)


@pytest.fixture(params=["embedded", "postgres"])
async def bus(request: pytest.FixtureRequest, where: tuple[str, str]) -> AsyncIterator[Bus]:
    server, own = where
    match request.param:
        case "embedded":
            yield EmbeddedBus()
        case _:
            async with on_postgres(server, own) as told:
                yield told


async def test_a_notice_wakes_who_waits_for_it(bus: Bus):
    with bus.listen(A, statuses=False) as listener:
        waiting = asyncio.create_task(listener.wait(SOON_S))
        await bus.publish([inbox_of(A)])
        assert await waiting


async def test_a_notice_before_the_wait_is_not_missed(bus: Bus):
    with bus.listen(A, statuses=False) as inbox, bus.listen(A, statuses=True) as statuses:
        await bus.publish([inbox_of(A), stream_of(A)])
        assert await inbox.wait(SOON_S)
        assert await statuses.wait(SOON_S)


async def test_no_notice_in_between_is_missed(bus: Bus):
    with bus.listen(A, statuses=False) as listener:
        await bus.publish([inbox_of(A)])
        await quiet(listener)
        for _ in range(28):
            await bus.publish([inbox_of(A)])
            assert await listener.wait(SOON_S)


async def test_what_was_told_is_told_once(bus: Bus):
    with bus.listen(A, statuses=False) as listener:
        await bus.publish([inbox_of(A)])
        await quiet(listener)
        assert not await listener.wait(0.01)


async def test_everybody_who_waits_for_a_topic_is_woken(bus: Bus):
    with ExitStack() as stack:
        listeners = [stack.enter_context(bus.listen(A, statuses=True)) for _ in range(3)]
        await bus.publish([stream_of(A)])
        await quiet(*listeners)
        await bus.publish([stream_of(A)])
        for listener in listeners:
            assert await listener.wait(SOON_S)


async def test_nobody_is_woken_for_another_topic(bus: Bus):
    with (
        bus.listen(A, statuses=False) as mine,
        bus.listen(A, statuses=True) as statuses,
        bus.listen(B, statuses=False) as others,
    ):
        await bus.publish([inbox_of(A), stream_of(A), inbox_of(B)])
        await quiet(mine, statuses, others)
        await bus.publish([inbox_of(B), stream_of(A)])
        assert await others.wait(SOON_S)
        assert await statuses.wait(SOON_S)
        assert not await mine.wait(0.01)


async def test_one_call_may_speak_to_all(bus: Bus):
    with ExitStack() as stack:
        listeners = [stack.enter_context(bus.listen(code, statuses=False)) for code in CODES]
        await bus.publish([inbox_of(code) for code in CODES])
        await quiet(*listeners)
        await bus.publish([inbox_of(code) for code in CODES for _ in range(298)])
        for listener in listeners:
            assert await listener.wait(SOON_S)


async def test_polls_that_come_and_go_are_all_woken(bus: Bus):
    async def poll(code: str, statuses: bool) -> None:
        for _ in range(3):
            with bus.listen(code, statuses=statuses) as listener:
                await bus.publish([Topic(code, statuses)])
                assert await listener.wait(SOON_S)

    async with asyncio.TaskGroup() as polls:
        for code in CODES:
            polls.create_task(poll(code, statuses=False))
            polls.create_task(poll(code, statuses=True))


async def test_without_listeners_nothing_happens(bus: Bus):
    await bus.publish([inbox_of(A)])
    with bus.listen(A, statuses=False):
        pass
    await bus.publish([inbox_of(A)])
    await bus.publish([])


async def test_a_wait_without_a_notice_ends_with_false(bus: Bus):
    with bus.listen(A, statuses=False) as listener:
        await bus.publish([inbox_of(A)])
        await quiet(listener)
        await bus.publish([inbox_of(B)])
        assert not await listener.wait(0.05)
        await bus.publish([inbox_of(A)])
        assert await listener.wait(SOON_S)


async def test_who_watches_hears_of_everybody(bus: Bus):
    with bus.watch() as watch:
        await bus.publish([inbox_of(A)])
        assert await watch.wait(SOON_S) == frozenset((A,))
        await bus.publish([inbox_of(B), stream_of(A)])
        assert await watch.wait(SOON_S) == frozenset((A, B))
        await bus.publish([inbox_of(B)])
        assert await watch.wait(SOON_S) == frozenset((B,))
        assert await watch.wait(0.05) is None
