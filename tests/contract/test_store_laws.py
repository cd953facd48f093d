"""Laws of every store under random commands: equal answers, balanced books, nothing forgotten."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from axis.adapters import postgres_store
from axis.adapters.memory_store import MemoryStore
from axis.adapters.sqlite_store import open_store
from axis.core.commands import Accepted, Command
from tests import postgres
from tests.contract.books import CODES, agency, differences
from tests.contract.recipes import Recipe, Replayed, everything, groups, pages, written
from tests.contract.reckoning import must_agree

#: An example costs some ten fsyncs, or a schema of its own.
FEW = settings(
    max_examples=10,
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


#: Opens the books of one example, again and again.
Open = Callable[[], Awaitable[Replayed]]


@contextmanager
def _on_sqlite(fresh: Path) -> Iterator[Open]:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(fresh, Path(folder) / "axis")

        async def open_it() -> Replayed:
            return open_store(copy)

        yield open_it


@contextmanager
def _on_postgres(url: str) -> Iterator[Open]:
    with postgres.fresh_run(url) as run:

        async def open_it() -> Replayed:
            store = await postgres_store.open_store(url, run)
            await store.enrol([agency(code) for code in CODES], [], [])
            return store

        yield open_it


@pytest.fixture(params=["sqlite", "postgres"])
def example(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[Open]]:
    """Makes the empty books of one example."""
    if request.param == "sqlite":
        folder = request.getfixturevalue("fresh")
        return lambda: _on_sqlite(folder)
    url = request.getfixturevalue("postgres_url")
    return lambda: _on_postgres(url)


async def _memory() -> MemoryStore:
    store = MemoryStore()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


@FEW
@given(groups)
def test_every_store_gives_the_answers_of_memory(
    example: Callable[[], AbstractContextManager[Open]], groups_of: list[list[Recipe]]
):
    async def law(open_it: Open) -> None:
        memory, store = await _memory(), await open_it()
        try:
            for commands in written(groups_of):
                assert await store.apply(commands) == await memory.apply(commands)
                assert await pages(store) == await pages(memory)
                assert await differences(store) == []
            expected = await everything(memory)
            assert await everything(store) == expected
            await must_agree(store)
            await store.close()
            store = await open_it()
            assert await everything(store) == expected
        finally:
            await store.close()

    with example() as open_it:
        asyncio.run(law(open_it))


@given(groups)
def test_the_books_balance_after_every_group(groups_of: list[list[Recipe]]):
    async def law() -> None:
        memory = await _memory()
        for commands in written(groups_of):
            await memory.apply(commands)
            assert await differences(memory) == []

    asyncio.run(law())


@given(groups)
def test_statistics_are_what_documents_and_events_come_to(groups_of: list[list[Recipe]]):
    async def law() -> None:
        memory = await _memory()
        for commands in written(groups_of):
            await memory.apply(commands)
        await must_agree(memory)

    asyncio.run(law())


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
