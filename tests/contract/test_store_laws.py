"""Laws of every store under random commands: equal answers, balanced books, nothing forgotten."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from axis.adapters.memory_store import MemoryStore
from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accepted, Command
from tests.contract.books import CODES, agency, differences
from tests.contract.recipes import Recipe, everything, groups, pages, written

#: An example on SQLite costs some ten fsyncs.
FEW = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Path]:
    """A folder with the empty books of the test agencies, to be copied."""
    with tempfile.TemporaryDirectory() as folder:
        axis = Path(folder) / "axis"

        async def make() -> None:
            store = open_store(axis)
            await store.enrol([agency(code) for code in CODES], [], [])
            await store.close()

        asyncio.run(make())
        yield axis


async def _memory() -> MemoryStore:
    store = MemoryStore()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


@FEW
@given(groups)
def test_every_store_gives_the_answers_of_memory(fresh: Path, groups_of: list[list[Recipe]]):
    async def law(folder: Path) -> None:
        memory, sqlite = await _memory(), open_store(folder)
        try:
            for commands in written(groups_of):
                assert await sqlite.apply(commands) == await memory.apply(commands)
                assert await pages(sqlite) == await pages(memory)
                assert await differences(sqlite) == []
            expected = await everything(memory)
            assert await everything(sqlite) == expected
            await sqlite.close()
            sqlite = open_store(folder)
            assert await everything(sqlite) == expected
        finally:
            await sqlite.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(law(shutil.copytree(fresh, Path(folder) / "axis")))


@settings(max_examples=100)
@given(groups)
def test_the_books_balance_after_every_group(groups_of: list[list[Recipe]]):
    async def law() -> None:
        memory = await _memory()
        for commands in written(groups_of):
            await memory.apply(commands)
            assert await differences(memory) == []

    asyncio.run(law())


@settings(max_examples=100)
@given(groups)
def test_how_commands_are_grouped_makes_no_difference(groups_of: list[list[Recipe]]):
    async def law() -> None:
        grouped, single, whole = [await _memory() for _ in range(3)]
        commands: list[Command] = [c for group in written(groups_of) for c in group]
        outcomes = [o for group in written(groups_of) for o in await grouped.apply(group)]
        assert [o for c in commands for o in await single.apply([c])] == outcomes
        assert await whole.apply(commands) == outcomes
        expected = await everything(grouped)
        assert await everything(single) == expected
        assert await everything(whole) == expected

    asyncio.run(law())


@settings(max_examples=100)
@given(groups)
def test_what_was_accepted_once_is_for_ever_the_same_document(groups_of: list[list[Recipe]]):
    async def law() -> None:
        memory = await _memory()
        commands = [c for group in written(groups_of) for c in group]
        first = await memory.apply(commands)
        again = await memory.apply(commands)
        for one, two in zip(first, again, strict=True):
            if isinstance(one, Accepted):
                assert two == Accepted(one.document, repeated=True)

    asyncio.run(law())
