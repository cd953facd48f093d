"""Every question is answered by the index that was made for it, however long the books are."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from axis.adapters import (
    rows,
    sqlite_facts,
    sqlite_find,
    sqlite_lanes,
    sqlite_named,
    sqlite_packages,
    sqlite_reads,
    sqlite_replays,
)
from axis.adapters.sqlite_file import Database, migrate
from axis.core.lifecycle import Transport
from axis.core.questions import Search
from axis.core.replay import Filter

#: The index or key that each query must come by, in the order of the plan.
EXPECTED = {
    "names": ["document_by_name"],
    "lanes": ["delivery_lane"],
    "places": ["delivery_lane", "INTEGER PRIMARY KEY"],
    "up_to": ["delivery_open", "INTEGER PRIMARY KEY"],
    "by_id": ["document_by_id", "PRIMARY KEY (doc=? AND recipient=?)"],
    "by_document": ["document_by_name", "PRIMARY KEY (doc=? AND recipient=?)"],
    "whole_open": ["delivery_open", "INTEGER PRIMARY KEY"],
    "whole_parked": ["delivery_parked", "INTEGER PRIMARY KEY"],
    "jobs": ["PRIMARY KEY (id=?)"],
    "stored": ["PRIMARY KEY (sha256=?)"],
    "packages": ["PRIMARY KEY (sha256=?)"],
    "kept": ["PRIMARY KEY (sha256=? AND doc=?)"],
    "documents": ["INTEGER PRIMARY KEY"],
    "document": ["document_by_id"],
    "documents_named": ["document_by_name"],
    "document_of": ["PRIMARY KEY (sha256=?)", "INTEGER PRIMARY KEY"],
    "linked_to": ["PRIMARY KEY (sender=? AND document_id=?)", "INTEGER PRIMARY KEY"],
    "linked_to_concerning": [
        "PRIMARY KEY (sender=? AND document_id=?)",
        "INTEGER PRIMARY KEY",
        "PRIMARY KEY (doc=? AND recipient=?)",
        "INTEGER PRIMARY KEY",
    ],
    "delivery": ["document_by_id", "PRIMARY KEY (doc=? AND recipient=?)"],
    "deliveries": ["PRIMARY KEY (doc=?)", "INTEGER PRIMARY KEY"],
    "events": ["event_by_doc"],
    "stream": ["event_by_addressee"],
    "counts": ["(day>?)", "(day>?)", "(day=? AND agency=?)"],
    "counts_of_all": ["(day>? AND day<?)"],
    "sums": ["(day>? AND day<?)"],
    "counted_days": ["(day>?)", "(day>?)", "(day>?)"],
    "queues": [*["(day=? AND agency=? AND metric=?)"] * 3, "delivery_open", "INTEGER PRIMARY KEY"],
    "client": ["sqlite_autoindex_client_1"],
    "cursors": ["PRIMARY KEY (recipient=? AND urgency=?)"],
    "changes": [
        "event_of_change (recipient=? AND seq>?)",
        "PRIMARY KEY (doc=? AND recipient=?)",
        "PRIMARY KEY (recipient=? AND urgency=?)",
        "INTEGER PRIMARY KEY",
    ],
    "newest": ["event_by_addressee (addressee=? AND seq>?)"],
    "observing": ["PRIMARY KEY (recipient=?)"],
    "unobserved": ["INTEGER PRIMARY KEY (rowid>?)", "INTEGER PRIMARY KEY (rowid=?)"],
    "last_open": ["delivery_open (recipient=? AND urgency=?)"],
    "lane": ["delivery_lane (recipient=? AND urgency=? AND no>?)", "INTEGER PRIMARY KEY"],
}
#: Small tables, and logs that are read from their end.
WHOLE = {
    "agencies",
    "counted",
    "certificates",
    "audit_log",
    "refusals",
    "relays",
    "lag",
    "published",
    "events_behind",
    "end",
}
QUERIES = (
    sqlite_facts.QUERIES
    | sqlite_reads.QUERIES
    | sqlite_named.QUERIES
    | sqlite_lanes.QUERIES
    | sqlite_packages.QUERIES
)

#: What leads a search: with nothing to go by, the newest documents.
SEARCHES = [
    (Search(sender="x"), ["SEARCH t USING INDEX document_by_name", "SEARCH d USING PRIMARY KEY"]),
    (
        Search(sender="x", recipient="y"),
        ["SEARCH t USING INDEX document_by_name", "PRIMARY KEY (doc=? AND recipient=?)"],
    ),
    (Search(transport=0), ["SCAN d USING INDEX delivery_open", "SEARCH t USING INTEGER"]),
    (Search(transport=1, recipient="x"), ["SEARCH d USING INDEX delivery_open", "SEARCH t"]),
    (Search(transport=3, text="x"), ["SCAN d USING INDEX delivery_parked", "SEARCH t"]),
    (Search(recipient="x"), ["SEARCH d USING INDEX delivery_lane", "SEARCH t"] * 5),
    (Search(text="x", since=1), ["SCAN t", "SEARCH d USING PRIMARY KEY (doc=?)"]),
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "books.sqlite"
    with closing(Database(path).writer()) as opened:
        migrate(opened)
        yield sqlite_reads.prepare(opened)


def _plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """The steps that touch a table of the books."""
    found = connection.execute("explain query plan " + sql, (None,) * sql.count("?"))
    steps = [row[3] for row in found]
    touched = ("SEARCH", "SCAN")
    passing = (
        "VIRTUAL TABLE",
        "CONSTANT ROW",
        "SCAN counted",
        "SCAN first",
        "SCAN listed",
        "SCAN (subquery",
    )
    return [s for s in steps if s.startswith(touched) and not any(word in s for word in passing)]


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE))
def test_every_query_comes_by_its_index(connection: sqlite3.Connection, name: str):
    steps = [step for step in _plan(connection, QUERIES[name]) if "autoindex_agency" not in step]
    assert len(steps) == len(EXPECTED[name]), steps
    for step, index in zip(steps, EXPECTED[name], strict=True):
        assert step.startswith("SEARCH"), step
        assert index in step, step


@pytest.mark.parametrize("states", sqlite_reads.LANES, ids=str)
def test_every_lane_is_walked_by_the_index_of_its_states(
    connection: sqlite3.Connection, states: frozenset[Transport]
):
    lane, document = _plan(connection, sqlite_reads.LANES[states])
    index = "delivery_lane"
    if states <= {Transport.WAITING, Transport.OFFERED}:
        index = "delivery_open"
    if states == {Transport.PARKED}:
        index = "delivery_parked"
    assert lane == f"SEARCH d USING INDEX {index} (recipient=? AND urgency=? AND no>?)"
    assert document.startswith("SEARCH t USING INTEGER PRIMARY KEY")


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_the_filters_of_a_search_choose_what_leads(
    connection: sqlite3.Connection, search: Search, expected: list[str]
):
    steps = _plan(connection, sqlite_find.statement(search)[0])
    assert len(steps) == len(expected), steps
    for step, beginning in zip(steps, expected, strict=True):
        assert beginning in step, step


def test_a_delivery_is_written_by_its_key(connection: sqlite3.Connection):
    (step,) = _plan(connection, rows.UPDATE_DELIVERY)
    assert step == "SEARCH delivery USING PRIMARY KEY (doc=? AND recipient=?)"


def test_of_events_only_the_last_is_looked_at_to_say_how_many_are_behind(
    connection: sqlite3.Connection,
):
    found = connection.execute("explain query plan " + QUERIES["events_behind"]).fetchall()
    steps = [row[3] for row in found if row[3].startswith(("SEARCH", "SCAN e", "SCAN l", "USE"))]
    # Its own row number is the order of the table: what is sorted would be told (USE TEMP B-TREE).
    assert steps == ["SCAN e", "SEARCH l USING PRIMARY KEY (recipient=? AND urgency=?)"]


@pytest.mark.parametrize("name", ["audit_log", "refusals"])
def test_logs_are_read_from_their_end_without_sorting(connection: sqlite3.Connection, name: str):
    found = connection.execute("explain query plan " + QUERIES[name], (1,)).fetchall()
    assert [row[3] for row in found] == [f"SCAN {name[0]}"]


#: How a recipient's package of the same sender is found that recalls or replaces a document.
_LINKED = ["(sender=? AND document_id=? AND doc>?)", "INTEGER PRIMARY KEY", "(doc=? AND rec"]
_CANDIDATE = ["event_by_doc", *_LINKED, *_LINKED]
#: What replay jobs ask.
REPLAYS = {
    "redeliveries": ["replay_item_handed (doc=? AND recipient=? AND attempt=?)"],
    "page": ["(job=? AND no>?)", "(doc=? AND recipient=?)", "INTEGER PRIMARY", *_CANDIDATE],
    "job": ["PRIMARY KEY (id=?)"],
    "jobs": ["replay_by_agency (agency=?)"],
    "items": ["(job=? AND no>?)", "INTEGER PRIMARY KEY"],
    "outcomes": ["(job=?)"],
}


@pytest.mark.parametrize("name", REPLAYS)
def test_what_replay_jobs_ask_comes_by_its_index(connection: sqlite3.Connection, name: str):
    steps = _plan(connection, sqlite_replays.QUERIES[name])
    assert len(steps) == len(REPLAYS[name]), steps
    for step, index in zip(steps, REPLAYS[name], strict=True):
        assert step.startswith("SEARCH"), step
        assert index in step, step


def test_only_running_jobs_are_looked_through(connection: sqlite3.Connection):
    assert _plan(connection, sqlite_replays.QUERIES["running"]) == [
        "SCAN r USING INDEX replay_running"
    ]


def test_what_was_heard_is_written_by_the_attempt(connection: sqlite3.Connection):
    (step,) = _plan(connection, re.sub(r"\?\d", "?", sqlite_replays.STEPS["heard"]))
    assert "replay_item_handed (doc=? AND recipient=? AND attempt=?)" in step


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        (Filter(named=(("doc_1", ""),)), "document_by_id"),
        (Filter(recipient="x", transport=Transport.PARKED), "delivery_parked (recipient=?"),
        (Filter(transport=Transport.PARKED, reason="y"), "SCAN d USING INDEX delivery_parked"),
        (Filter(sender="x", transport=Transport.PARKED, reason="y"), "document_by_name"),
        (Filter(recipient="x", since=1, until=2), "delivery_lane (recipient=?"),
        (Filter(sender="x", reason="y"), "document_by_name (sender=?"),
    ],
)
def test_the_filters_of_a_plan_choose_what_leads(
    connection: sqlite3.Connection, asked: Filter, leads: str
):
    sql, values = sqlite_replays.statement(asked)
    assert len(values) + 1 == sql.count("?")
    first, *rest = _plan(connection, sql)
    assert leads in first
    assert all(step.startswith("SEARCH") or step == "SCAN c" for step in rest), rest
