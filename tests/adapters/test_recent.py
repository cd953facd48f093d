"""Memory of the latest commits answers as the tables do, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from axis.adapters import recent, sqlite_reads
from axis.adapters.sqlite_store import SqliteStore, open_store
from axis.core.commands import ById
from axis.core.document import Place
from axis.core.errors import Unavailable
from axis.core.facts import Changes
from axis.core.lifecycle import Step
from tests.contract.books import CODES, OPEN, A, B, Scribe, agency, document_of, numbers, one


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = open_store(tmp_path / "axis")
    await store.enrol([agency(code) for code in CODES], [], [])
    yield store
    await store.close()


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may read the tables for a page."""

    def refuse(*_: object) -> None:
        raise AssertionError("the tables were asked")

    monkeypatch.setattr(sqlite_reads, "inbox", refuse)
    monkeypatch.setattr(sqlite_reads, "stream", refuse)
    monkeypatch.setattr(sqlite_reads, "spots", refuse)


async def test_who_keeps_up_costs_no_query(
    store: SqliteStore, scribe: Scribe, request: pytest.FixtureRequest
):
    assert await numbers(store, B) == []
    first = document_of(await one(store, scribe.accept()))
    request.getfixturevalue("no_tables")
    second = document_of(await one(store, scribe.accept("2/UBND", urgency=3)))
    assert await numbers(store, B) == [1, 1]
    (row,) = await store.inbox(B, {3: 1}, 10, OPEN)
    assert (row.delivery.doc, row.document) == (first.seq, first)
    assert await store.inbox(B, {0: 1, 3: 1}, 10, OPEN) == []
    assert len(await store.inbox(B, {}, 1, OPEN)) == 1
    assert len(await store.bodies([first.sha256, second.sha256])) == 2

    await store.apply([scribe.move(Step.OFFER, Place(B, 3, 1))])
    assert [r.delivery.doc for r in await store.inbox(B, {}, 10, (0,))] == [first.seq]
    assert [r.delivery.doc for r in await store.inbox(B, {}, 10, (1,))] == [second.seq]
    await store.apply([scribe.say(ById(first.id, B), "01")])
    assert await numbers(store, B) == [1]
    ((event, document),) = await store.stream(A, second.seq, 10)
    assert (event.code, document) == ("01", first)
    assert await store.stream(A, event.seq, 10) == []


async def test_a_delivery_that_was_put_back_comes_at_its_old_place(
    store: SqliteStore, scribe: Scribe
):
    await numbers(store, B)
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(3)])
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1), reason="broken")])
    assert await numbers(store, B) == [2, 3]
    await store.apply([scribe.move(Step.RESET, Place(B, 0, 1))])
    assert await numbers(store, B) == [1, 2, 3]
    assert await numbers(store, B) == [1, 2, 3]


async def test_what_moves_while_it_is_read_is_not_believed(store: SqliteStore, scribe: Scribe):
    memory = recent.Recent()
    asked = memory.ask(B)
    document = document_of(await one(store, scribe.accept()))
    rows = await store.inbox(B, {}, 10, OPEN)
    (row,) = rows
    changes = Changes(
        seq=document.seq, documents=[document], created={row.delivery.place: row.delivery}
    )
    memory.learn(changes)
    memory.told(B, asked, rows)
    assert memory.inbox(B, {}, 10, OPEN) is None
    memory.told(B, memory.ask(B), rows)
    assert memory.inbox(B, {}, 10, OPEN) == rows


async def test_an_agency_far_behind_is_left_to_the_tables_until_it_has_caught_up(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 3)
    await numbers(store, B)
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(5)])
    assert store._recent.inbox(B, {}, 10, OPEN) is None
    assert await numbers(store, B) == [1, 2, 3, 4, 5]
    assert store._recent.ask(B) is None, "it would be read whole with every poll"
    await store.apply([scribe.move(Step.DONE, Place(B, 0, n)) for n in (1, 2, 3)])
    assert await numbers(store, B) == [4, 5]
    assert store._recent.inbox(B, {}, 10, OPEN) is not None


async def test_old_events_and_packages_give_way(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "EVENTS_MAX", 2)
    monkeypatch.setattr(recent, "BODIES_BYTES_MAX", 25)
    commands = [scribe.accept(f"{n}/UBND", body=b"%020d" % n) for n in range(3)]
    documents = [document_of(outcome) for outcome in await store.apply(commands)]
    for document in documents:
        await store.apply([scribe.say(ById(document.id, B), "01")])
    assert store._recent.stream(A, documents[-1].seq, 10) is None
    assert len(await store.stream(A, 0, 10)) == 3
    assert [event.doc for event, _ in await store.stream(A, 0, 10)] == [d.seq for d in documents]
    assert store._recent.bodies([documents[0].sha256]) == {}
    assert store._recent.bodies([documents[2].sha256]) == {documents[2].sha256: commands[2].body}
    assert len(await store.bodies([d.sha256 for d in documents])) == 3


async def test_after_a_failure_nothing_is_believed(store: SqliteStore, scribe: Scribe):
    await numbers(store, B)
    await store.apply([scribe.accept()])
    assert store._recent.inbox(B, {}, 10, OPEN) is not None
    store._writing.execute("pragma query_only = on")
    with pytest.raises(Unavailable):
        await store.apply([scribe.accept("2/UBND")])
    store._writing.execute("pragma query_only = off")
    assert store._recent.inbox(B, {}, 10, OPEN) is None
    assert store._recent.stream(A, 0, 10) is None
    assert await numbers(store, B) == [1]
