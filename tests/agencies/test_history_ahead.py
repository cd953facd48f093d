"""Building ahead: every package once, each sender's in order, and never more than there is room."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from agencies.history import ahead
from agencies.history.ahead import Ahead, Stretch
from agencies.history.plan import plan_of
from agencies.traffic import Planned

DAYS = [plan_of(date(2019, 10, day), 1)[:300] for day in (14, 15)]
STRETCHES = [Stretch(n, n, plan) for n, plan in enumerate(DAYS)]


def package(planned: Planned) -> bytes:
    return f"{planned.index}".encode().ljust(1000)


async def turns(count: int) -> None:
    """Let others go on for a while."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_all_is_built_each_senders_in_the_order_of_time() -> None:
    made = Ahead(package)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.build(STRETCHES))
        for expected in STRETCHES:
            assert await made.stretch() is expected
            built: Counter[int] = Counter()
            last: dict[str, int] = {}
            async for batch in made.batches():
                assert {planned.sender for planned in batch.plan} == {batch.sender}
                assert list(batch.raws) == [package(planned) for planned in batch.plan]
                assert last.get(batch.sender, 0) <= batch.plan[0].at_us
                last[batch.sender] = batch.plan[-1].at_us
                built.update(planned.index for planned in batch.plan)
                made.handed_in(batch)
            sendings = Counter(p.index for p in expected.plan)
            sendings.update(p.index for p in expected.plan if p.again_us is not None)
            assert built == sendings
        assert await made.stretch() is None


async def test_what_nobody_takes_is_not_built_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD_BYTES_MAX", 20_000)
    monkeypatch.setattr(ahead, "POSTED_BYTES_MAX", 5_000)
    open_bytes = most = 0

    def counted(planned: Planned) -> bytes:
        nonlocal open_bytes, most
        open_bytes += 1000
        most = max(most, open_bytes)
        return package(planned)

    made = Ahead(counted)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.build(STRETCHES))
        for _ in STRETCHES:
            await made.stretch()
            # Enough to build all of it.
            await turns(len(DAYS[0]))
            async for batch in made.batches():
                open_bytes -= batch.size
                made.handed_in(batch)
        assert await made.stretch() is None
    assert open_bytes == 0
    # What there is room for, and one request that was begun.
    assert 20_000 <= most <= 26_000


async def test_of_many_stretches_only_the_next_is_begun() -> None:
    begun: list[int] = []

    def stretches() -> Iterator[Stretch]:
        for n in range(5):
            begun.append(n)
            yield Stretch(n, n, ())

    made = Ahead(package)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.build(stretches()))
        for n in range(5):
            found = await made.stretch()
            assert found is not None
            assert found.first_us == n
            await turns(50)
            # One is ready, and the next has been drawn up.
            assert begun[-1] <= n + 2
            assert [batch async for batch in made.batches()] == []
        assert await made.stretch() is None
