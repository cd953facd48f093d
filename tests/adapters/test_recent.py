"""Memory of the latest commits answers as the tables do, or not at all."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from axis.adapters import recent, sqlite_reads, sqlite_store
from axis.adapters.sqlite_store import SqliteStore, open_store
from axis.core.commands import ById, Command
from axis.core.document import Place
from axis.core.errors import Unavailable
from axis.core.lifecycle import Step, Transport
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
    monkeypatch.setattr(sqlite_reads, "delivery", refuse)
    monkeypatch.setattr(sqlite_reads, "standing", refuse)
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
    assert await store.delivery(first.id, B) == row

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


async def test_what_is_parked_is_asked_of_the_tables(store: SqliteStore, scribe: Scribe):
    await numbers(store, B)
    await store.apply([scribe.accept(), scribe.accept("2/UBND")])
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1), reason="broken")])
    assert store._recent.inbox(B, {}, 10, OPEN) is not None
    assert [r.delivery.place.no for r in await store.inbox(B, {}, 10, (0, 1, 3))] == [1, 2]
    assert [r.delivery.place.no for r in await store.inbox(B, {}, 10, (3,))] == [1]


async def test_what_moves_while_it_is_read_comes_on_top(store: SqliteStore, scribe: Scribe):
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(3)])
    memory = recent.Recent()
    asked = memory.ask(B)
    assert asked is not None
    assert memory.ask(B) is None, "one reading is enough"
    before = await store.inbox(B, {}, 10, OPEN)
    for command in (
        scribe.accept("4/UBND"),
        scribe.move(Step.OFFER, Place(B, 0, 4)),
        scribe.move(Step.DONE, Place(B, 0, 2)),
    ):
        group = await store._turns.apply([command])
        memory.learn(group.changes)
    after = await store._read(sqlite_reads.inbox, store._kept, B, {}, 10, OPEN)
    for rows in (before, after):  # However late the tables were read.
        memory.told(B, asked, rows, {})
        assert memory.inbox(B, {}, 10, OPEN) == after
        del memory._inboxes[B]
        memory._asked[B] = asked


async def test_what_was_put_back_while_it_was_read_is_left_to_the_tables(
    store: SqliteStore, scribe: Scribe
):
    await store.apply([scribe.accept()])
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1), reason="broken")])
    memory = recent.Recent()
    asked = memory.ask(B)
    assert asked is not None
    group = await store._turns.apply([scribe.move(Step.RESET, Place(B, 0, 1))])
    memory.learn(group.changes)
    memory.told(B, asked, [], {0: 1})
    assert memory.inbox(B, {}, 10, OPEN) is None


async def test_what_was_forgotten_while_it_was_read_is_not_believed():
    memory = recent.Recent()
    first = memory.ask(B)
    memory.forget()
    second = memory.ask(B)
    assert first is not None
    assert second is not None
    memory.told(B, first, [], {})
    memory.unasked(B, first)
    assert memory.inbox(B, {}, 10, OPEN) is None
    assert memory.ask(B) is None, "the second reading is under way"
    memory.told(B, second, [], {})
    assert memory.inbox(B, {}, 10, OPEN) == []
    failed = memory.ask(A)
    assert failed is not None
    memory.unasked(A, failed)
    assert memory.ask(A) is not None


async def test_a_reading_during_which_too_much_moves_is_given_up(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 3)
    memory = recent.Recent()
    asked = memory.ask(B)
    assert asked is not None
    group = await store._turns.apply([scribe.accept(f"{n}/UBND") for n in range(4)])
    memory.learn(group.changes)
    memory.told(B, asked, [], {})
    assert memory.inbox(B, {}, 10, OPEN) is None
    assert memory.ask(B) is not None


async def test_of_an_agency_far_behind_the_newest_is_known_until_it_may_have_caught_up(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 3)
    await numbers(store, B)
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(5)])
    known = store._recent
    assert known.inbox(B, {}, 10, OPEN) is None
    assert known.inbox(B, {0: 1}, 10, OPEN) is None
    assert [r.delivery.place.no for r in known.inbox(B, {0: 2}, 10, OPEN) or ()] == [3, 4, 5]
    assert await numbers(store, B) == [1, 2, 3, 4, 5]
    await store.apply([scribe.move(Step.OFFER, Place(B, 0, n)) for n in (1, 2)])
    assert known.ask(B) is None, "it would be read whole with every poll"
    await store.apply([scribe.accept("6/UBND"), scribe.accept("1/QĐ", urgency=3)])
    assert [r.delivery.place.no for r in known.inbox(B, {0: 4}, 10, OPEN) or ()] == [1, 5, 6]
    await store.apply([scribe.move(Step.DONE, Place(B, 0, n)) for n in (1, 2, 5)])
    assert known.inbox(B, {0: 6}, 10, OPEN) is None
    assert await numbers(store, B) == [1, 3, 4, 6]
    assert known.inbox(B, {0: 5, 3: 1}, 10, OPEN) is None, "one too many: it is still behind"
    assert known.inbox(B, {0: 6, 3: 1}, 10, OPEN) == []
    await store.apply([scribe.move(Step.DONE, Place(B, 0, n)) for n in (3, 4, 6)])
    assert await numbers(store, B) == [1]
    assert known.inbox(B, {}, 10, OPEN) is not None


async def test_what_is_done_makes_room(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 3)
    await numbers(store, B)
    for n in range(1, 6):
        await store.apply([scribe.accept(f"{n}/UBND")])
        await store.apply([scribe.move(Step.DONE, Place(B, 0, n))])
    known = store._recent
    assert known.inbox(B, {}, 10, OPEN) == []
    # Five more: two of them are left to the tables.
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(6, 11)])
    assert known.inbox(B, {}, 10, OPEN) is None
    await store.apply([scribe.move(Step.DONE, Place(B, 0, n)) for n in (8, 9)])
    await store.apply([scribe.accept("11/UBND"), scribe.accept("12/UBND")])
    assert [r.delivery.place.no for r in known.inbox(B, {0: 7}, 10, OPEN) or ()] == [10, 11, 12]


async def test_one_found_far_behind_is_answered_from_memory_above_what_waits(
    store: SqliteStore,
    scribe: Scribe,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 3)
    monkeypatch.setattr(sqlite_store, "OPEN_ROWS_MAX", 3)
    await store.apply([scribe.accept(f"{n}/UBND", urgency=n % 2) for n in range(8)])
    await store.apply([scribe.accept("1/QĐ", urgency=3), scribe.move(Step.DONE, Place(B, 3, 1))])
    assert await store.inbox(B, {0: 4, 1: 4}, 10, OPEN) == []
    request.getfixturevalue("no_tables")
    await store.apply([scribe.accept("8/UBND"), scribe.accept("9/UBND", urgency=4)])
    found = await store.inbox(B, {0: 4, 1: 4}, 10, OPEN)
    assert [(r.delivery.place.urgency, r.delivery.place.no) for r in found] == [(4, 1), (0, 5)]


async def test_one_that_was_put_back_while_the_tables_were_read_is_in_its_place(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    begin, read, go_on = threading.Event(), threading.Event(), threading.Event()
    standing = sqlite_reads.standing

    def held_up(*asked: Any) -> Any:
        begin.wait()
        found = standing(*asked)
        read.set()
        go_on.wait()
        return found

    monkeypatch.setattr(sqlite_reads, "standing", held_up)
    poll = asyncio.create_task(store.inbox(B, {}, 100, OPEN))
    while B not in store._recent._asked:
        await asyncio.sleep(0)
    await store.apply([scribe.accept("1/UBND"), scribe.accept("2/UBND")])
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1), reason="hỏng")])
    begin.set()
    await asyncio.to_thread(read.wait)
    await store.apply([scribe.move(Step.RESET, Place(B, 0, 1))])
    go_on.set()
    await poll
    assert await numbers(store, B) == [1, 2]
    assert [row.delivery.place.no for row in await store.inbox(B, {0: 1}, 100, OPEN)] == [2]


@pytest.mark.parametrize("seed", range(12))
async def test_memory_and_tables_never_differ(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch, seed: int
):
    monkeypatch.setattr(recent, "OPEN_ROWS_MAX", 4)
    monkeypatch.setattr(sqlite_store, "OPEN_ROWS_MAX", 4)
    monkeypatch.setattr(recent, "DELIVERIES_MAX", 9)
    dice = random.Random(seed)
    heads = dict.fromkeys((0, 2), 0)
    for number in range(120):
        commands: list[Command] = []
        for _ in range(dice.randint(1, 3)):
            urgency = dice.choice((0, 2))
            place = Place(B, urgency, dice.randint(1, max(1, heads[urgency])))
            if dice.random() < 0.45 or not heads[urgency]:
                heads[urgency] += 1
                commands.append(scribe.accept(f"{seed}-{number}-{len(commands)}", urgency=urgency))
            else:
                step = dice.choice((Step.OFFER, Step.DONE, Step.DONE, Step.FAIL, Step.RESET))
                commands.append(scribe.move(step, place, reason="x" * (step is Step.FAIL)))
        asked = [dice.random() < 0.5 for _ in range(2)]
        # Polls come while the group is written, and are answered from either.
        polls = [numbers(store, B) for one in asked if one]
        await asyncio.gather(store.apply(commands), *polls)
        after = {u: dice.randint(0, head) for u, head in heads.items() if dice.random() < 0.7}
        states = dice.choice((OPEN, (0,), (1,)))
        limit = dice.choice((1, 3, 50))
        tables = await store._read(sqlite_reads.inbox, store._kept, B, after, limit, states)
        assert await store.inbox(B, after, limit, states) == tables
        rows = await store._read(sqlite_reads.inbox, store._kept, B, {}, 999, tuple(Transport))
        for row in dice.choices(rows, k=3):
            assert await store.delivery(row.document.id, B) == row


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
    events = [event for event, _ in await store.stream(A, 0, 10)]
    assert len(events) == 3
    assert store._recent.stream(A, events[0].seq, 10) == events[1:]
    assert [event.doc for event, _ in await store.stream(A, 0, 10)] == [d.seq for d in documents]
    assert store._recent.bodies([documents[0].sha256]) == {}
    assert store._recent.bodies([documents[2].sha256]) == {documents[2].sha256: commands[2].body}
    assert len(await store.bodies([d.sha256 for d in documents])) == 3


async def test_one_package_that_comes_again_or_is_too_large_drives_out_no_other(
    store: SqliteStore, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent, "BODIES_BYTES_MAX", 25)
    digests = []
    for number, body in enumerate((b"a" * 10, b"b" * 10, b"b" * 10, b"c" * 26)):
        accepted = await one(store, scribe.accept(f"{number}/UBND", body=body))
        digests.append(document_of(accepted).sha256)
    assert set(store._recent.bodies(digests)) == set(digests[:2])


async def test_a_stream_is_known_from_the_first_event_that_was_learnt_on(
    store: SqliteStore, scribe: Scribe
):
    documents = [document_of(o) for o in await store.apply([scribe.accept(), scribe.accept("2")])]
    await store.apply([scribe.say(ById(documents[0].id, B), "01")])
    memory = recent.Recent()
    group = await store._turns.apply([scribe.say(ById(documents[1].id, B), "01")])
    memory.learn(group.changes)
    first = group.changes.events[0].seq
    assert memory.stream(A, first - 2, 10) is None, "the one before may be its, and is not known"
    known = memory.stream(A, first - 1, 10)
    tables = await store._read(sqlite_reads.stream, store._kept, A, first - 1, 10)
    assert known == [event for event, _ in tables] != []


async def test_after_a_failure_nothing_is_believed(store: SqliteStore, scribe: Scribe):
    await numbers(store, B)
    document = document_of(await one(store, scribe.accept()))
    assert store._recent.inbox(B, {}, 10, OPEN) is not None
    assert store._recent.delivery(document.id, B) is not None
    store._writing.execute("pragma query_only = on")
    with pytest.raises(Unavailable):
        await store.apply([scribe.accept("2/UBND")])
    store._writing.execute("pragma query_only = off")
    assert store._recent.inbox(B, {}, 10, OPEN) is None
    assert store._recent.stream(A, 0, 10) is None
    assert store._recent.delivery(document.id, B) is None
    assert await numbers(store, B) == [1]
