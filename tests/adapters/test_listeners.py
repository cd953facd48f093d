"""Who is woken in this process, and what a notice that comes at a bad moment comes to."""

from __future__ import annotations

import asyncio

import pytest

from axis.adapters.listeners import Listeners
from tests.contract.books import A, B
from tests.contract.buses import SOON_S, inbox_of, stream_of


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


def test_a_topic_is_known_while_somebody_waits_for_it(listeners: Listeners):
    with listeners.listen(inbox_of(A)), listeners.listen(stream_of(B)):
        with listeners.listen(inbox_of(A)):
            pass
        assert listeners.topics == {inbox_of(A), stream_of(B)}
    assert listeners.topics == set()


@pytest.mark.parametrize("turns", range(4))
async def test_a_notice_in_the_turn_in_which_a_wait_ends_is_kept(listeners: Listeners, turns: int):
    with listeners.listen(inbox_of(A)) as listener, listeners.watch() as watch:
        waits = asyncio.gather(listener.wait(0), watch.wait(0))
        for _ in range(turns):
            await asyncio.sleep(0)
        listeners.tell(inbox_of(A))
        heard, told = await waits
        assert heard or await listener.wait(0)
        assert (told or await watch.wait(0)) == frozenset((A,))


async def test_who_watches_is_told_of_each_once(listeners: Listeners):
    with listeners.watch() as watch:
        for topic in (inbox_of(A), stream_of(B)):
            listeners.tell(topic)
            assert await watch.wait(0) == frozenset((topic.recipient,))
        assert await watch.wait(0) is None


async def test_where_something_was_missed_everybody_is_woken_once(listeners: Listeners):
    topics = [inbox_of(A), stream_of(A), inbox_of(B)]
    told = [listeners.listen(topic) for topic in topics]
    with told[0] as first, told[1] as second, told[2] as third, listeners.watch() as watch:
        waiting = asyncio.create_task(watch.wait(2 * SOON_S))
        await asyncio.sleep(0)
        listeners.tell(inbox_of(A))
        listeners.tell_all()
        async with asyncio.timeout(SOON_S):
            assert await waiting is None, "nobody knows for whom"
        assert [await one.wait(0) for one in (first, second, third)] == [True] * 3
        listeners.tell(inbox_of(B))
        assert await watch.wait(0) == frozenset((B,))
        assert [await one.wait(0) for one in (first, second, third)] == [False, False, True]


async def test_who_has_left_is_told_nothing(listeners: Listeners):
    with listeners.watch() as watch, listeners.listen(inbox_of(A)) as listener:
        pass
    listeners.tell(inbox_of(A))
    assert await watch.wait(0) is None
    assert not await listener.wait(0)
