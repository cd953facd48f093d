"""What a group is made of: bounded by its commands, their bytes, and the deliveries they move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.commands import Command, Moves, Outcome
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.flows.commit import GROUP_DELIVERIES_MAX, Committer
from tests.contract.books import CODES, A, B, Scribe, agency

EACH = 700


class _Counting(MemoryStore):
    """Notes how many commands each group had."""

    def __init__(self) -> None:
        super().__init__(MemoryBooks())
        self.groups: list[int] = []

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        self.groups.append(len(commands))
        return await super().apply(commands)


@asynccontextmanager
async def committer(store: MemoryStore):
    made = Committer(store, lambda _: None)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.wait([running])


async def test_confirmations_of_many_deliveries_are_written_in_several_groups() -> None:
    store, scribe = _Counting(), Scribe()
    await store.enrol([agency(code) for code in CODES], [], [])
    targets = [Place(B, 0, no) for no in range(1, EACH + 1)]
    moves = [scribe.move(Step.DONE, *targets, actor=B) for _ in range(9)]
    async with committer(store) as made:
        answers = await asyncio.gather(*(made.submit([move]) for move in moves))
    assert sum(store.groups) == len(moves)
    assert max(store.groups) == GROUP_DELIVERIES_MAX // EACH
    assert all(isinstance(one, Moves) and len(one.items) == EACH for (one,) in answers)


async def test_a_command_of_more_deliveries_than_a_group_has_is_written_alone() -> None:
    store, scribe = _Counting(), Scribe()
    await store.enrol([agency(code) for code in CODES], [], [])
    targets = [Place(B, 0, no) for no in range(1, 2 * GROUP_DELIVERIES_MAX)]
    large = scribe.move(Step.DONE, *targets, actor=B)
    small = scribe.accept("1/UBND", sender=A, to=[B])
    async with committer(store) as made:
        await asyncio.gather(made.submit([large]), made.submit([small]))
    assert store.groups == [1, 1]


async def test_small_commands_share_a_group() -> None:
    store, scribe = _Counting(), Scribe()
    await store.enrol([agency(code) for code in CODES], [], [])
    accepts = [scribe.accept(f"{n}/UBND", sender=A, to=[B]) for n in range(100)]
    async with committer(store) as made:
        await asyncio.gather(*(made.submit([one]) for one in accepts))
    assert store.groups == [100]
