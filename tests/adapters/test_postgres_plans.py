"""Every question is answered by the index that was made for it, in empty books and in long ones.

Plans are the generic ones that the store's connections are given; none may depend on statistics.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from axis.adapters import (
    postgres_facts,
    postgres_find,
    postgres_history,
    postgres_lanes,
    postgres_reads,
    postgres_replays,
    postgres_writes,
)
from axis.adapters.postgres_migrate import migrate
from axis.adapters.postgres_server import Driver, Server
from axis.core.lifecycle import Transport
from axis.core.questions import Search
from axis.core.record import EVENTS, OBSERVERS
from axis.core.replay import Filter
from tests import postgres
from tests.contract.books import NOON, A, B

#: The index that each query must come by, in the order of the plan.
EXPECTED = {
    "names": ["document_by_name"],
    "lanes": ["delivery_lane"],
    "places": ["delivery_lane", "document_pkey"],
    "up_to": ["delivery_open", "document_pkey"],
    "by_id": ["document_by_id", "delivery_pkey"],
    "by_document": ["document_by_name", "delivery_pkey"],
    "whole_open": ["delivery_open", "document_pkey"],
    "whole_parked": ["delivery_parked", "document_pkey"],
    "jobs": ["replay_pkey"],
    "bodies": ["content_pkey"],
    "kept": ["package_pkey", "content_pkey"],
    "documents": ["document_pkey"],
    "document": ["document_by_id"],
    "documents_named": ["document_by_name"],
    "document_of": ["package_pkey", "document_pkey"],
    "linked_to": ["link_pkey", "document_pkey"],
    "linked_to_concerning": ["link_pkey", "document_pkey", "delivery_pkey", "document_pkey"],
    "delivery": ["document_by_id", "delivery_pkey"],
    "deliveries": ["delivery_pkey", "document_pkey"],
    "events": ["event_by_doc"],
    "stream": ["event_by_addressee"],
    # The step from one day to the next is one more; EXPLAIN does not show what recursion does.
    "counts": ["tally_pkey"] * 2,
    "counts_of_all": ["tally_pkey"],
    "sums": ["tally_pkey"],
    "counted_days": ["tally_pkey"] * 3,
    "queues": [*["tally_pkey"] * 3, "delivery_open", "document_pkey"],
    "client": ["client_pkey"],
    "audit_log": ["audit_pkey"],
    "refusals": ["refusal_pkey"],
}
#: Small tables.
WHOLE = {"agencies", "certificates", "counted"}

#: What leads a search: with nothing to go by, the newest documents.
SEARCHES = [
    (Search(sender="x", recipient="y"), {"document_by_name", "document_pkey", "delivery_pkey"}),
    (Search(transport=0), {"delivery_open", "document_pkey"}),
    (Search(transport=1, recipient="x"), {"delivery_open", "document_pkey"}),
    (Search(transport=3, text="x"), {"delivery_parked", "document_pkey"}),
    (Search(recipient="x"), {"delivery_lane", "document_pkey"}),
    (Search(recipient="x", text="y"), {"document_pkey", "delivery_pkey"}),
    (Search(text="x", since=1), {"document_pkey", "delivery_pkey"}),
]

#: 100,000 documents of A wait for B, each behind the other.
_LONG = f"""
    insert into agency values ('{A}', '', '', '', '', '', false), ('{B}', '', '', '', '', '', false);
    insert into document
        select n, 'doc_' || n, '{A}', '{A}', n || '/UBND', 0, 0, n::text, 22, '[["{B}",[],1]]',
            {NOON} + n, {NOON} + n, 'valid', '', ''
        from generate_series(1, 100000) n;
    insert into delivery
        select n, '{B}', 0, n, 0, 0, 0, 0, '', 1 from generate_series(1, 100000) n;
    insert into event
        select n, 'accepted', n, '', '{A}', {NOON}, {NOON}, '', '', ''
        from generate_series(1, 100000) n;
    update head set seq = 100000;
    analyze
"""


@pytest.fixture
async def driver(postgres_url: str, postgres_run: str) -> AsyncIterator[Driver]:
    server = Server(postgres_url, postgres_run)
    await migrate(server)
    async with server.writing() as opened:
        yield opened
    await server.close()


@pytest.fixture(scope="module")
def long_run(postgres_url: str) -> Iterator[str]:
    """A run with long books."""
    with postgres.fresh_run(postgres_url) as run:
        postgres.apart(_write(postgres_url, run))
        yield run


async def _write(url: str, run: str) -> None:
    server = Server(url, run)
    await migrate(server)
    async with server.writing() as opened:
        await opened.execute(_LONG)
    await server.close()


@pytest.fixture
async def long(postgres_url: str, long_run: str) -> AsyncIterator[Driver]:
    """Long books; what a test writes into them is taken back."""
    server = Server(postgres_url, long_run)
    async with server.writing() as opened:
        transaction = opened.transaction()
        await transaction.start()
        yield opened
        await transaction.rollback()
    await server.close()


async def _plan(driver: Driver, sql: str) -> list[str]:
    """The indexes that the generic plan reads, in its order; a table that is scanned by its name."""
    types = [t.name for t in (await driver.prepare(sql)).get_parameters()]
    await driver.execute(f"prepare asked as {sql}")
    nothing = f"({', '.join(['null'] * len(types))})" if types else ""
    try:
        (found,) = await driver.fetchval(f"explain (format json) execute asked{nothing}")
    finally:
        await driver.execute("deallocate asked")
    return [step for step in _steps(found["Plan"]) if step not in ("agency", "head")]


def _steps(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan:
        assert "Index Cond" in plan or not plan["Node Type"].startswith("Bitmap")
        if plan["Index Name"] != "agency_pkey":
            yield plan["Index Name"]
    elif plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _steps(inner)


def _facts(name: str) -> str:
    return postgres_facts.statement((name,))


async def test_every_query_comes_by_its_index(driver: Driver, long: Driver):
    questions = {name: _facts(name) for name in postgres_facts.QUERIES}
    questions |= postgres_reads.QUERIES | {"kept": postgres_history.KEPT}
    questions = {name: sql for name, sql in questions.items() if name not in WHOLE}
    assert questions.keys() == EXPECTED.keys()
    found = {name: await _plan(driver, sql) for name, sql in questions.items()}
    # Of a lateral join the plan names the inner side where it stands; the order is the query's.
    assert {n: sorted(p) for n, p in found.items()} == {n: sorted(p) for n, p in EXPECTED.items()}
    assert {name: await _plan(long, sql) for name, sql in questions.items()} == found


async def test_every_lane_is_walked_by_the_index_of_its_states(driver: Driver, long: Driver):
    async def plans(books: Driver) -> dict[frozenset[Transport], list[str]]:
        return {states: await _plan(books, sql) for states, sql in postgres_reads.LANES.items()}

    found = await plans(driver)
    for states, steps in found.items():
        index = "delivery_lane"
        if states <= {Transport.WAITING, Transport.OFFERED}:
            index = "delivery_open"
        if states == {Transport.PARKED}:
            index = "delivery_parked"
        assert steps == [index, "document_pkey"]
    assert await plans(long) == found


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
async def test_the_filters_of_a_search_choose_what_leads(
    driver: Driver, search: Search, expected: set[str]
):
    sql, _ = postgres_find.statement(search)
    assert set(await _plan(driver, sql)) <= expected


async def test_what_a_group_changes_is_written_by_keys(driver: Driver):
    steps = {
        name: await _plan(driver, postgres_writes.statement((name,), told=False))
        for name in postgres_writes.STEPS
    }
    assert steps.pop("updated") == ["delivery_pkey"]
    assert steps.pop("forget") == ["refusal_pkey"] * 2
    assert steps.pop("head") == ["head_pkey"]
    for name in ("handed", "skipped", "verdict"):
        assert steps.pop(name) == ["replay_item_pkey"]
    assert steps.pop("heard") == ["replay_item_handed"]
    # Once for each plan, of which few are kept.
    assert "replay_item_pkey" in steps.pop("forget_items")
    assert len(steps.pop("forget_jobs")) == 1
    assert steps.pop("rewound") == ["lane_pkey"]
    assert all(indexes == [] for indexes in steps.values()), steps


#: What the relay asks: its own small tables are scanned where all of them is wanted.
RELAYED = {
    "unpublished": [
        *("lane_pkey", "event_of_change", "delivery_pkey", "lane_pkey", "document_pkey"),
        *("lane_pkey", "event_by_addressee"),
        *("lane_pkey", "delivery_lane", "document_pkey"),
    ],
    "lag": ["lane_pkey", "delivery_lane"],
    "published": ["lane_pkey"],
    "relays": ["relay"],
    "agencies": ["lease_pkey"],
    "observing": ["lease_pkey"],
    "unobserved": ["lane_pkey", "event_pkey", "document_pkey"],
    "events_behind": ["event_pkey", "lane_pkey"],
}
MOVED = {
    "beat": ["relay", "lease"],
    "take": [],
    "release": ["lease_pkey"],
    "leave": ["lease", "relay_pkey"],
    "advance": ["lane_pkey", "lease_pkey"],
}


async def test_what_the_relay_asks_comes_by_its_index(driver: Driver, long: Driver):
    async def plans(books: Driver) -> dict[str, list[str]]:
        questions = postgres_lanes.QUERIES | postgres_lanes.STEPS
        return {name: sorted(await _plan(books, sql)) for name, sql in questions.items()}

    found = await plans(driver)
    assert found == {name: sorted(steps) for name, steps in (RELAYED | MOVED).items()}
    assert await plans(long) == found


_CANDIDATE = ["event_by_doc", *["link_pkey", "document_pkey", "delivery_pkey"] * 2]
#: What replay jobs ask.
REPLAYED = {
    "redeliveries": ["replay_item_handed"],
    "page": ["replay_item_pkey", "delivery_pkey", "document_pkey", *_CANDIDATE],
    "job": ["replay_pkey"],
    "jobs": ["replay_by_agency"],
    "items": ["replay_item_pkey", "document_pkey"],
    "outcomes": ["replay_item_pkey"],
}


async def test_what_replay_jobs_ask_comes_by_its_index(driver: Driver, long: Driver):
    async def plans(books: Driver) -> dict[str, list[str]]:
        questions = {name: postgres_replays.QUERIES[name] for name in REPLAYED}
        return {name: sorted(await _plan(books, sql)) for name, sql in questions.items()}

    found = await plans(driver)
    assert found == {name: sorted(steps) for name, steps in REPLAYED.items()}
    assert await plans(long) == found


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        (Filter(named=(("doc_1", ""),)), "document_by_id"),
        (Filter(recipient="x", transport=Transport.PARKED), "delivery_parked"),
        (Filter(transport=Transport.PARKED, reason="y"), "delivery_parked"),
        (Filter(sender="x", transport=Transport.PARKED, reason="y"), "document_by_name"),
        (Filter(recipient="x", since=1, until=2), "delivery_lane"),
        (Filter(sender="x", reason="y"), "document_by_name"),
    ],
)
async def test_the_filters_of_a_plan_choose_what_leads(driver: Driver, asked: Filter, leads: str):
    sql, _ = postgres_replays.statement(asked)
    found = set(await _plan(driver, sql))
    assert leads in found
    assert found <= {leads, "document_pkey", "delivery_pkey", "event_by_doc", "link_pkey"}


async def test_a_relay_reads_no_more_of_a_long_lane_than_of_a_short_one(long: Driver):
    async def rows_read(published: int, each: int = 20) -> int:
        await long.execute(f"update lane set published = {published}")
        sql = postgres_lanes.QUERIES["unpublished"]
        (found,) = await long.fetchval(
            f"explain (analyze, format json) {sql}", [B], each, 50, [B, B], [4, 0]
        )
        return sum(_rows(found["Plan"]))

    await long.execute(f"insert into lane values ('{B}', 4, 0), ('{B}', 0, 0)")
    assert await rows_read(0) == await rows_read(99_980)
    # The whole page is bounded as well as each lane: two cursors, fifty numbers, fifty documents.
    assert await rows_read(0, each=100_000) == 102


async def test_observers_far_behind_cost_no_more_than_those_near_the_end(long: Driver):
    async def rows_read(published: int) -> int:
        await long.execute(f"update lane set published = {published}")
        sql = postgres_lanes.QUERIES["unobserved"]
        (found,) = await long.fetchval(f"explain (analyze, format json) {sql}", 20)
        return sum(_rows(found["Plan"]))

    await long.execute(f"insert into lane values ('{OBSERVERS}', {EVENTS}, 0)")
    # The cursor, twenty events, and the document of each.
    assert await rows_read(0) == await rows_read(99_980) == 41


@pytest.mark.parametrize("name", ["by_id", "by_document"])
async def test_a_delivery_is_found_without_the_others_of_its_document(driver: Driver, name: str):
    # Most documents go to two agencies, and a few to ninety.
    await driver.execute(
        f"""insert into document
            select n, 'doc_' || n, '{A}', '{A}', n || '/UBND', 0, 0, n::text, 22, '[]',
                {NOON}, {NOON}, 'valid', '', ''
            from generate_series(1, 1000) n;
        insert into delivery
            select n, 'to ' || m, 0, n, 0, 0, 0, 0, '', 1
            from generate_series(1, 1000) n, generate_series(1, 90) m where n <= 9 or m <= 2;
        analyze"""
    )
    wanted = {
        "by_id": "array['doc_1', 'doc_2'], array['to 7', 'to 9']",
        "by_document": f"array['{A}', '{A}'], array['1/UBND', '2/UBND'], array['to 7', 'to 9']",
    }
    await driver.execute(f"prepare asked as {_facts(name)}")
    (found,) = await driver.fetchval(
        f"explain (analyze, format json) execute asked(0, '', {wanted[name]})"
    )
    # Of each the document and the one delivery.
    assert sum(_rows(found["Plan"])) == 4


async def test_a_page_reads_no_more_of_a_long_lane_than_of_a_short_one(long: Driver):
    async def rows_read(behind: int) -> int:
        sql = postgres_reads.LANES[frozenset({Transport.WAITING, Transport.OFFERED})]
        (found,) = await long.fetchval(
            f"explain (analyze, format json) {sql}", B, [0], [behind], 20
        )
        return sum(_rows(found["Plan"]))

    assert await rows_read(0) == await rows_read(99_980)


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    if "Index Name" in plan:
        yield plan["Actual Rows"] * plan["Actual Loops"]
    for inner in plan.get("Plans", ()):
        yield from _rows(inner)
