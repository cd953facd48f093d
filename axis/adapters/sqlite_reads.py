"""The reader's half of the SQLite store: every question of the port as SQL.

Pages walk partial indexes, so rows that are done cost nothing. Conditions of a partial index stand
in the SQL as they stand in the index (``rows.SHOWN``), or SQLite would not see that they match.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from axis.adapters import rows, tables
from axis.adapters.documents_kept import DocumentsKept
from axis.adapters.recent import OPEN
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT, delivery_from, document_from, event_from
from axis.adapters.search import mentions
from axis.adapters.segments import Spot
from axis.adapters.sqlite_replays import marked
from axis.core.commands import Audit, Refuse
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event
from axis.core.lifecycle import Transport
from axis.core.tally import CARRIED, STANDING, Counted, Since, transport_metric
from axis.core.trust import Certificate
from axis.ports import Queue, Row

_T = Transport

_LANE: Final = f"""
    select {DELIVERY} from delivery d {{index}} cross join document t
    where d.recipient = ? and d.urgency = ? and d.no > ? and {{states}} and t.seq = d.doc
    order by d.no limit ?"""

#: How a lane is walked for each set of transport states that is asked for.
LANES: Final[Mapping[frozenset[Transport], str]] = {
    frozenset({_T.WAITING, _T.OFFERED}): _LANE.format(
        index="indexed by delivery_open", states=rows.SHOWN
    ),
    frozenset({_T.WAITING}): _LANE.format(
        index="indexed by delivery_open", states="d.transport < 2 and d.transport = 0"
    ),
    frozenset({_T.OFFERED}): _LANE.format(
        index="indexed by delivery_open", states="d.transport < 2 and d.transport = 1"
    ),
    frozenset({_T.PARKED}): _LANE.format(
        index="indexed by delivery_parked", states="d.transport = 3"
    ),
    frozenset({_T.DONE}): _LANE.format(index="indexed by delivery_lane", states="d.transport = 2"),
    frozenset({_T.WITHDRAWN}): _LANE.format(
        index="indexed by delivery_lane", states="d.transport = 4"
    ),
    frozenset(_T): _LANE.format(index="indexed by delivery_lane", states="true"),
}

QUERIES: Final = {
    "packages": """
        select p.sha256, p.size, p.segment, p.start
        from json_each(?) w cross join package p where p.sha256 = w.value""",
    "documents": f"""
        select {DOCUMENT} from json_each(?) w cross join document t where t.seq = w.value""",
    "document": f"select {DOCUMENT} from document t where t.id = ?",
    "document_of": f"""
        select {DOCUMENT} from package p cross join document t
        where p.sha256 = ? and t.seq = p.doc and t.sender = ? order by p.doc limit 1""",
    "delivery": f"""
        select {DELIVERY} from document t cross join delivery d
        where t.id = ? and d.doc = t.seq and d.recipient = ?""",
    "deliveries": f"""
        select {DELIVERY} from delivery d cross join document t
        where d.doc = ? and t.seq = d.doc order by d.recipient""",
    "events": f"select {EVENT} from event e where e.doc = ? order by e.seq",
    "stream": f"""
        select {EVENT} from event e
        where e.addressee = ? and e.addressee <> '' and e.seq > ? order by e.seq limit ?""",
    # From each day that was counted to the next: one descent per day and agency.
    "counts": """
        with recursive counted(day) as (
            select min(day) from tally where day >= ?
            union all
            select (select min(day) from tally where day > counted.day) from counted
            where counted.day < ?
        )
        select t.agency, t.day, t.metric, t.n
        from counted cross join json_each(?) w cross join tally t
        where t.day = counted.day and t.day <= ? and t.agency = w.value and t.n <> 0
        order by t.agency, t.day, t.metric""",
    "counts_of_all": """
        select t.agency, t.day, t.metric, t.n from tally t
        where t.day between ? and ? and t.n <> 0
        order by t.agency, t.day, t.metric""",
    # Grouped where the rows are: a year of the nation is a few hundred thousand.
    "sums": """
        select w.key, t.agency, t.metric, sum(t.n) from json_each(?) w cross join tally t
        where t.day between json_extract(w.value, '$[0]') and json_extract(w.value, '$[1]')
            and t.metric in (select value from json_each(?))
        group by w.key, t.agency, t.metric""",
    "counted": "select c.family, c.seq, c.day from counted c",
    "counted_days": f"""
        select (select min(day) from tally where day > {STANDING}),
            (select max(day) from tally where day > {STANDING}),
            (select day from tally where day > {STANDING} and metric in {CARRIED}
                order by day desc limit 1)""",
    # What waits is counted already; only the oldest is looked for, one descent per lane.
    "queues": f"""
        select a.code,
            (select n from tally where agency = a.code and day = {STANDING}
                and metric = '{transport_metric(_T.WAITING)}'),
            (select n from tally where agency = a.code and day = {STANDING}
                and metric = '{transport_metric(_T.OFFERED)}'),
            (select n from tally where agency = a.code and day = {STANDING}
                and metric = '{transport_metric(_T.PARKED)}'),
            (select t.recorded_at from (
                select min((
                    select d.doc from delivery d indexed by delivery_open
                    where d.recipient = a.code and d.urgency = u.value and d.transport < 2
                    order by d.no limit 1
                )) as doc from json_each('{list(tables.URGENCIES)}') u
            ) first cross join document t where t.seq = first.doc)
        from agency a order by a.code""",
    "last_open": f"""
        select max(d.no) from delivery d indexed by delivery_open
        where d.recipient = ? and d.urgency = ? and {rows.SHOWN}""",
    "agencies": f"select {rows.columns(tables.agency, 'a')} from agency a order by a.code",
    "certificates": f"""
        select {rows.columns(tables.certificate, "c")} from certificate c
        order by c.agency, c.fingerprint""",
    "client": f"select {rows.columns(tables.client, 'c')} from client c where c.id = ?",
    "audit_log": f"""
        select {rows.columns(tables.audit, "a")} from audit a order by a.no desc limit ?""",
    "refusals": f"""
        select {rows.columns(tables.refusal, "r")} from refusal r order by r.no desc limit ?""",
}


def prepare(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a reading connection the one function that SQL has not."""

    def found(text: str, document_id: str, meta: str) -> bool:
        return mentions(text, document_id, json.loads(meta) if meta else {})

    connection.create_function("mentions", 3, found, deterministic=True)
    return connection


def _ask(connection: sqlite3.Connection, query: str, *values: object) -> Sequence[Any]:
    return connection.execute(QUERIES[query], values).fetchall()


def spots(connection: sqlite3.Connection, digests: Iterable[str]) -> list[Spot]:
    return [Spot(*row) for row in _ask(connection, "packages", rows.encode(list(digests)))]


def document(connection: sqlite3.Connection, doc_id: str) -> Document | None:
    return next(map(document_from, _ask(connection, "document", doc_id)), None)


def document_of(connection: sqlite3.Connection, sender: str, sha256: str) -> Document | None:
    return next(map(document_from, _ask(connection, "document_of", sha256, sender)), None)


def delivery(
    connection: sqlite3.Connection, kept: DocumentsKept, doc_id: str, recipient: str
) -> Row | None:
    found = [delivery_from(row) for row in _ask(connection, "delivery", doc_id, recipient)]
    return next(iter(with_documents(connection, kept, found)), None)


def deliveries(connection: sqlite3.Connection, doc: int) -> list[Delivery]:
    return [delivery_from(row) for row in _ask(connection, "deliveries", doc)]


def events(connection: sqlite3.Connection, doc: int) -> list[Event]:
    return [event_from(row) for row in _ask(connection, "events", doc)]


def with_documents(
    connection: sqlite3.Connection, kept: DocumentsKept, found: Sequence[Delivery]
) -> list[Row]:
    """Deliveries as rows of a list."""
    documents = kept.get({d.doc for d in found}, lambda seqs: _documents(connection, seqs))
    return [Row(delivery, documents[delivery.doc]) for delivery in found]


def _documents(connection: sqlite3.Connection, seqs: Sequence[int]) -> list[Document]:
    return [document_from(row) for row in _ask(connection, "documents", rows.encode(seqs))]


def inbox(
    connection: sqlite3.Connection,
    kept: DocumentsKept,
    recipient: str,
    after: Mapping[int, int],
    limit: int,
    transports: Sequence[int],
) -> list[Row]:
    # In one statement: what moves from one state to another meanwhile is seen once.
    walk = LANES.get(frozenset(map(Transport, transports))) or _LANE.format(
        index="indexed by delivery_lane",
        states=f"d.transport in ({', '.join(str(int(state)) for state in transports)})",
    )
    found: list[Delivery] = []
    for urgency in tables.URGENCIES:
        left = limit - len(found)
        if left <= 0:
            break
        values = (recipient, urgency, after.get(urgency, 0), left)
        found += map(delivery_from, connection.execute(walk, values))
    return marked(connection, with_documents(connection, kept, found))


def standing(
    connection: sqlite3.Connection, kept: DocumentsKept, recipient: str, limit: int
) -> tuple[list[Row], dict[int, int]]:
    """What is open in an inbox, the oldest ``limit`` of it, and the last number of each lane."""
    found = inbox(connection, kept, recipient, {}, limit, tuple(OPEN))
    last_open = {
        urgency: no
        for urgency in tables.URGENCIES
        for (no,) in _ask(connection, "last_open", recipient, urgency)
        if no is not None
    }
    return found, last_open


def stream(
    connection: sqlite3.Connection, kept: DocumentsKept, addressee: str, after: int, limit: int
) -> list[tuple[Event, Document]]:
    found = [event_from(row) for row in _ask(connection, "stream", addressee, after, limit)]
    documents = kept.get({e.doc for e in found}, lambda seqs: _documents(connection, seqs))
    return [(event, documents[event.doc]) for event in found]


def counts(
    connection: sqlite3.Connection, agencies: Sequence[str] | None, first_day: int, last_day: int
) -> list[tuple[str, int, str, int]]:
    if (first_day, last_day) != (STANDING, STANDING):
        # A span of days holds flows; what stands now is asked for by itself.
        first_day = max(first_day, STANDING + 1)
    if agencies is None:
        found = _ask(connection, "counts_of_all", first_day, last_day)
    else:
        wanted = rows.encode(sorted(set(agencies)))
        found = _ask(connection, "counts", first_day, last_day, wanted, last_day)
    return [tuple(row) for row in found]


def sums(
    connection: sqlite3.Connection, spans: Sequence[tuple[int, int]], metrics: Iterable[str]
) -> list[tuple[int, str, str, int]]:
    flows = [(max(first, STANDING + 1), last) for first, last in spans]
    found = _ask(connection, "sums", rows.encode(flows), rows.encode(list(metrics)))
    return [tuple(row) for row in found]


def counted(connection: sqlite3.Connection) -> Counted:
    ((first, last, carried),) = _ask(connection, "counted_days")
    since = {family: Since(seq, day) for family, seq, day in _ask(connection, "counted")}
    return Counted(first, last, carried, since)


def queues(connection: sqlite3.Connection) -> list[Queue]:
    found = [
        Queue(code, waiting or 0, offered or 0, parked or 0, oldest)
        for code, waiting, offered, parked, oldest in _ask(connection, "queues")
    ]
    return [queue for queue in found if queue.waiting or queue.offered or queue.parked]


def agencies(connection: sqlite3.Connection) -> list[Agency]:
    return [rows.agency_from(row) for row in _ask(connection, "agencies")]


def certificates(connection: sqlite3.Connection) -> list[Certificate]:
    return [rows.certificate_from(row) for row in _ask(connection, "certificates")]


def client(connection: sqlite3.Connection, client_id: str) -> Client | None:
    return next(map(rows.client_from, _ask(connection, "client", client_id)), None)


def ready(connection: sqlite3.Connection, folder: Path) -> None:
    """Raises ``OSError`` where the disk is read only: Linux makes it so when it has met a fault."""
    client(connection, "")
    if not os.access(folder, os.W_OK):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))


def audit_log(connection: sqlite3.Connection, limit: int) -> list[Audit]:
    return [rows.audit_from(row) for row in _ask(connection, "audit_log", limit)]


def refusals(connection: sqlite3.Connection, limit: int) -> list[Refuse]:
    return [rows.refusal_from(row) for row in _ask(connection, "refusals", limit)]
