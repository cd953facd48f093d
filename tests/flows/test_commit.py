"""What a group is made of: bounded by its commands, their bytes, and the deliveries they move; and
what becomes of who waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager

import pytest

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.commands import Command, Moves, Outcome
from axis.core.document import Place
from axis.core.errors import Unavailable, unavailable
from axis.core.lifecycle import Step
from axis.flows import commit
from axis.flows.commit import GROUP_DELIVERIES_MAX, Committer
from tests.contract.books import CODES, A, B, Scribe, agency

EACH = 700
#: Nothing here takes long; a test that waits in vain fails instead of hanging.
DEADLINE_S = 20


class _Counting(MemoryStore):
    """Notes how many commands each group had. A group waits for ``open``; ``away`` refuses it."""

    def __init__(self) -> None:
        super().__init__(MemoryBooks())
        self.groups: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        self.groups.append(len(commands))
        await self.open.wait()
        if self.away:
            raise unavailable("axis.store_away")
        return await super().apply(commands)

    async def until_groups(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.groups) < count:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def committer(store: MemoryStore):
    made = Committer(store, lambda _: None)
    running = asyncio.create_task(made.run())
    async with asyncio.timeout(DEADLINE_S):
        yield made
    assert not running.done(), "it goes on whatever becomes of a group"
    running.cancel()
    await asyncio.wait([running])


@pytest.fixture
async def store() -> _Counting:
    made = _Counting()
    await made.enrol([agency(code) for code in CODES], [], [])
    return made


async def test_confirmations_of_many_deliveries_are_written_in_several_groups(
    store: _Counting,
) -> None:
    scribe = Scribe()
    targets = [Place(B, 0, no) for no in range(1, EACH + 1)]
    moves = [scribe.move(Step.DONE, *targets, actor=B) for _ in range(9)]
    async with committer(store) as made:
        answers = await asyncio.gather(*(made.submit([move]) for move in moves))
    assert sum(store.groups) == len(moves)
    assert max(store.groups) == GROUP_DELIVERIES_MAX // EACH
    assert all(isinstance(one, Moves) and len(one.items) == EACH for (one,) in answers)


async def test_a_command_of_more_deliveries_than_a_group_has_is_written_alone(
    store: _Counting,
) -> None:
    scribe = Scribe()
    targets = [Place(B, 0, no) for no in range(1, 2 * GROUP_DELIVERIES_MAX)]
    large = scribe.move(Step.DONE, *targets, actor=B)
    small = scribe.accept("1/UBND", sender=A, to=[B])
    async with committer(store) as made:
        await asyncio.gather(made.submit([large]), made.submit([small]))
    assert store.groups == [1, 1]


async def test_small_commands_share_a_group(store: _Counting) -> None:
    scribe = Scribe()
    accepts = [scribe.accept(f"{n}/UBND", sender=A, to=[B]) for n in range(100)]
    async with committer(store) as made:
        await asyncio.gather(*(made.submit([one]) for one in accepts))
    assert store.groups == [100]


async def test_bytes_bound_a_group_and_what_is_larger_goes_alone(
    store: _Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe = Scribe()
    accepts = [scribe.accept(f"{n}/UBND", sender=A, to=[B]) for n in range(4)]
    size = len(accepts[0].body)
    monkeypatch.setattr(commit, "GROUP_BYTES_MAX", 2 * size)
    async with committer(store) as made:
        await asyncio.gather(*(made.submit([one]) for one in accepts))
        monkeypatch.setattr(commit, "GROUP_BYTES_MAX", size - 1)
        await made.submit([scribe.accept("5/UBND", sender=A, to=[B])])
    assert store.groups == [2, 2, 1]


@pytest.mark.parametrize("bound", ["QUEUE_COMMANDS_MAX", "QUEUE_BYTES_MAX"])
async def test_what_waits_is_bounded_and_what_was_written_waits_no_more(
    store: _Counting, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    scribe = Scribe()
    two, one, last = (
        [scribe.accept(f"{n}/UBND", sender=A, to=[B]) for n in numbers]
        for numbers in ([1, 2], [3], [4])
    )
    monkeypatch.setattr(commit, bound, 2 * (len(two[0].body) if "BYTES" in bound else 1))
    async with committer(store) as made:
        waits = asyncio.create_task(made.submit(two))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="busy"):
            await made.submit(one)
        await waits
        assert made.waiting == 0
        await asyncio.gather(made.submit(one), made.submit(last))
        # Alone it is taken however large it is: it would be refused for ever.
        monkeypatch.setattr(commit, bound, 0)
        await made.submit([scribe.accept("5/UBND", sender=A, to=[B])])
    assert store.groups == [2, 2, 1]


@pytest.mark.parametrize("away", [False, True])
async def test_whoever_has_gone_meanwhile_ends_nobody_elses_wait(
    store: _Counting, away: bool
) -> None:
    scribe = Scribe()
    accepts = [scribe.accept(f"{n}/UBND", sender=A, to=[B]) for n in range(3)]
    store.open.clear()
    async with committer(store) as made:
        waits = [asyncio.create_task(made.submit([one])) for one in accepts]
        await store.until_groups(1)
        waits[0].cancel()
        await asyncio.wait([waits[0]])
        store.away = away
        store.open.set()
        found = await asyncio.gather(*waits[1:], return_exceptions=True)
        assert [isinstance(one, Unavailable) for one in found] == [away, away]
        store.away = False
        await made.submit([scribe.accept("9/UBND", sender=A, to=[B])])


async def test_what_nobody_waits_for_is_written_each_time(store: _Counting) -> None:
    scribe = Scribe()
    async with committer(store) as made:
        made.put_aside([scribe.accept("1/UBND", sender=A, to=[B])])
        # It joins a group of somebody's, and the next is not forgotten for it.
        await made.submit([scribe.accept("2/UBND", sender=A, to=[B])])
        for no in (3, 4):
            made.put_aside([scribe.accept(f"{no}/UBND", sender=A, to=[B])])
            await store.until_groups(no - 1)
    assert store.groups == [2, 1, 1]
