"""Every store and every bus under one contract. A new store joins by a name in ``STORES``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from axis.adapters import postgres_store, sqlite_store
from axis.adapters.memory_store import MemoryBooks, MemoryStore
from tests.contract.books import CODES, Scribe, agency
from tests.contract.recipes import Replayed

STORES = ("memory", "sqlite", "postgres")


class Library:
    """The books of one test, which can be closed and opened again."""

    def __init__(self, kind: str, folder: Path, url: str = "", run: str = "") -> None:
        self._kind = kind
        self._folder = folder
        self._url = url
        self._run = run
        self._books = MemoryBooks()
        self._opened: list[Replayed] = []

    async def open(self) -> Replayed:
        store = await self._open()
        self._opened.append(store)
        return store

    async def _open(self) -> Replayed:
        match self._kind:
            case "sqlite":
                return sqlite_store.open_store(self._folder)
            case "postgres":
                return await postgres_store.open_store(self._url, self._run)
            case _:
                return MemoryStore(self._books)

    async def reopen(self) -> Replayed:
        await self.close()
        return await self.open()

    async def close(self) -> None:
        for store in self._opened:
            await store.close()


@pytest.fixture(params=STORES)
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    """Books that nobody has opened yet."""
    if request.param != "postgres":
        return Library(request.param, tmp_path / "axis")
    url = request.getfixturevalue("postgres_url")
    return Library(request.param, tmp_path, url, request.getfixturevalue("postgres_run"))


@pytest.fixture
async def library(closed: Library) -> AsyncIterator[Library]:
    try:
        yield closed
    finally:
        await closed.close()


@pytest.fixture
async def store(library: Library) -> Replayed:
    store = await library.open()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def where(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The server, and what one test may call its own there."""
    if "postgres" in request.node.name:
        url = request.getfixturevalue("postgres_url")
        return url, request.getfixturevalue("postgres_run")
    return "", ""
