"""The contract of ``axis.ports.Bus`` between processes. An adapter joins by a name in ``BUSES``.

``here`` and ``there`` are the same bus, as two processes see it where it can have several.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.core.topic import Topic
from axis.ports import Bus
from tests.contract.books import A, B
from tests.contract.buses import SOON_S, on_postgres

BUSES = ("embedded", "postgres")

#: Seconds after which what should not arrive has not.
NEVER_S = 0.2


@dataclass(frozen=True)
class Buses:
    here: Bus
    there: Bus


@pytest.fixture(params=BUSES)
async def buses(request: pytest.FixtureRequest, where: tuple[str, str]) -> AsyncIterator[Buses]:
    if request.param == "embedded":
        bus = EmbeddedBus()
        yield Buses(bus, bus)
        return
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(on_postgres(*where)) for _ in range(2)]
        yield Buses(here, there)


async def test_a_notice_wakes_the_listeners_of_its_recipient(buses: Buses):
    with (
        buses.here.listen(A, statuses=False) as here,
        buses.there.listen(A, statuses=False) as there,
    ):
        await buses.here.publish([Topic(A, statuses=False)])
        assert await here.wait(SOON_S)
        assert await there.wait(SOON_S)
        assert not await here.wait(NEVER_S)
        assert not await there.wait(NEVER_S)


async def test_whoever_waits_already_is_woken(buses: Buses):
    with buses.there.listen(A, statuses=False) as listener:
        waiting = asyncio.create_task(listener.wait(SOON_S))
        await asyncio.sleep(0)
        await buses.here.publish([Topic(A, statuses=False)])
        assert await waiting


async def test_nobody_else_is_woken(buses: Buses):
    with (
        buses.there.listen(A, statuses=False) as documents,
        buses.there.listen(A, statuses=True) as statuses,
        buses.there.listen(B, statuses=False) as other,
    ):
        await buses.here.publish([Topic(A, statuses=True)])
        assert await statuses.wait(SOON_S)
        assert not await documents.wait(NEVER_S)
        assert not await other.wait(0)


async def test_what_comes_while_nobody_waits_is_not_missed(buses: Buses):
    with buses.there.listen(A, statuses=False) as listener:
        await buses.here.publish([Topic(A, statuses=False)])
        with buses.there.listen(B, statuses=False) as behind:
            await buses.here.publish([Topic(B, statuses=False)])
            assert await behind.wait(SOON_S)
        # What was told before has arrived too by now, and was kept.
        assert await listener.wait(0)


async def test_whoever_has_left_hears_nothing(buses: Buses):
    with buses.there.listen(A, statuses=False) as listener:
        pass
    with buses.there.listen(A, statuses=False) as other:
        await buses.here.publish([Topic(A, statuses=False)])
        assert await other.wait(SOON_S)
    assert not await listener.wait(0)


async def test_many_notices_at_once_all_arrive(buses: Buses):
    codes = [f"000.{n:02}.{m:02}.H01" for n in range(30) for m in range(30)]
    async with AsyncExitStack() as stack:
        listeners = [
            stack.enter_context(buses.there.listen(code, statuses=statuses))
            for code in codes
            for statuses in (False, True)
        ]
        await buses.here.publish([Topic(code, s) for code in codes for s in (False, True)])
        for listener in listeners:
            assert await listener.wait(SOON_S)


async def test_no_notice_asks_whether_the_bus_is_there(buses: Buses):
    await buses.here.publish(())


async def test_who_watches_elsewhere_hears_whom_it_is_for(buses: Buses):
    with buses.there.watch() as watch, buses.here.watch() as own:
        await buses.here.publish([Topic(A, statuses=False), Topic(B, statuses=True)])
        assert await watch.wait(SOON_S) == frozenset((A, B))
        assert await own.wait(SOON_S) == frozenset((A, B))
