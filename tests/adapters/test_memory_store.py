"""The faults that the memory store models, and what outlives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pytest

from axis.adapters.memory_store import Fault, MemoryBooks, MemoryStore
from axis.core.commands import Accepted
from axis.core.errors import Unavailable
from tests.contract.books import CODES, Scribe, agency, differences, document_of, one

Word = Literal["before", "after"] | None


def _script(words: Iterable[Word]) -> Fault:
    script = iter(words)

    def fault(operation: str) -> Word:
        assert operation == "apply"
        return next(script)

    return fault


async def _books() -> MemoryBooks:
    books = MemoryBooks()
    await MemoryStore(books).enrol([agency(code) for code in CODES], [], [])
    return books


async def test_a_fault_before_the_write_leaves_nothing():
    books, scribe = await _books(), Scribe()
    store = MemoryStore(books, _script(["before", None]))
    command = scribe.accept()
    with pytest.raises(Unavailable) as caught:
        await store.apply([command])
    assert caught.value.faults[0].code == "axis.store_away"
    assert await store.document(command.id) is None
    assert document_of(await one(store, command)).id == command.id
    assert await differences(store) == []


async def test_a_fault_after_the_write_leaves_the_outcome_unknown_and_a_repeat_safe():
    books, scribe = await _books(), Scribe()
    store = MemoryStore(books, _script(["after", None]))
    command = scribe.accept()
    with pytest.raises(Unavailable):
        await store.apply([command])
    written = await store.document(command.id)
    assert written is not None
    assert await one(store, command) == Accepted(written, repeated=True)
    assert await differences(store) == []


async def test_the_books_outlive_the_process():
    books, scribe = await _books(), Scribe()
    first = document_of(await one(MemoryStore(books), scribe.accept()))
    started_again = MemoryStore(books)
    assert await started_again.document(first.id) == first
    second = document_of(await one(started_again, scribe.accept("2/UBND")))
    assert (second.seq, second.recipients[0].no) == (2, 2)


async def test_what_was_read_does_not_change_when_the_books_do():
    books, scribe = await _books(), Scribe()
    store = MemoryStore(books)
    document = document_of(await one(store, scribe.accept()))
    named = await store.documents_named(document.sender, document.document_id, 0, 99)
    await one(store, scribe.accept(kind=2))
    assert named == [document]
