"""What is slow ends, what stands still is given up: in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from axis.adapters.patience import Patience
from tests.sim.loop import run


def seconds(main: Coroutine[Any, Any, None]) -> float:
    """How long it took."""

    async def timed() -> float:
        await main
        return asyncio.get_running_loop().time()

    took, complaints = run(timed())
    assert complaints == []
    return took


async def _move(patience: Patience, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(4)
        patience.moved()


def test_what_moves_may_take_as_long_as_it_likes() -> None:
    async def main() -> None:
        patience = Patience()
        async with patience.scope(5):
            await _move(patience, 100)

    assert seconds(main()) == 400


def test_what_moves_no_more_is_given_up() -> None:
    async def main() -> None:
        patience = Patience()
        with pytest.raises(TimeoutError):
            async with patience.scope(5):
                await _move(patience, 3)
                await asyncio.Event().wait()

    assert seconds(main()) == 3 * 4 + 5


def test_what_moves_for_one_moves_for_those_behind_it() -> None:
    async def main() -> None:
        patience, turn = Patience(), asyncio.Lock()

        async def take_turn() -> None:
            async with patience.scope(5), turn:
                await _move(patience, 3)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(take_turn())

    assert seconds(main()) == 3 * 3 * 4


def test_each_has_a_patience_of_its_own() -> None:
    async def main() -> None:
        patience = Patience()

        async def wait(still_s_max: float) -> float:
            with pytest.raises(TimeoutError):
                async with patience.scope(still_s_max):
                    await asyncio.Event().wait()
            return asyncio.get_running_loop().time()

        short, long = asyncio.create_task(wait(5)), asyncio.create_task(wait(9))
        await _move(patience, 2)
        assert (await short, await long) == (13, 17)

    seconds(main())


def test_it_is_known_whether_anything_moved_lately() -> None:
    async def main() -> None:
        patience = Patience()
        assert not patience.moved_within(5)
        patience.moved()
        await asyncio.sleep(4)
        assert patience.moved_within(5)
        await asyncio.sleep(1)
        assert not patience.moved_within(5)

    seconds(main())


@pytest.mark.parametrize("turns", range(4))
def test_something_may_move_in_the_turn_in_which_it_is_given_up(turns: int) -> None:
    async def main() -> None:
        patience = Patience()

        async def stand_still() -> None:
            with pytest.raises(TimeoutError):
                async with patience.scope(5):
                    await asyncio.Event().wait()

        still = asyncio.create_task(stand_still())
        await asyncio.sleep(5)
        for _ in range(turns):
            await asyncio.sleep(0)
        patience.moved()
        await still

    seconds(main())
