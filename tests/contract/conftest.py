"""Every store under one contract. A new adapter joins by a name in ``STORES``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.adapters.sqlite_store import open_store
from axis.ports import Store
from tests.contract.books import CODES, Scribe, agency

STORES = ("memory", "sqlite")


class Library:
    """The books of one test, which can be closed and opened again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._folder = folder
        self._books = MemoryBooks()
        self._opened: list[Store] = []

    async def open(self) -> Store:
        openers: dict[str, Callable[[], Store]] = {
            "memory": lambda: MemoryStore(self._books),
            "sqlite": lambda: open_store(self._folder),
        }
        store = openers[self._kind]()
        self._opened.append(store)
        return store

    async def reopen(self) -> Store:
        await self.close()
        return await self.open()

    async def close(self) -> None:
        for store in self._opened:
            await store.close()


@pytest.fixture(params=STORES)
async def library(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Library]:
    books = Library(request.param, tmp_path / "axis")
    try:
        yield books
    finally:
        await books.close()


@pytest.fixture
async def store(library: Library) -> Store:
    store = await library.open()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()
