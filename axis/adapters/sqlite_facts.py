"""Load what a group of commands needs to know: one query for each kind of want, never one per row.

What is asked for travels as one JSON array; ``cross join`` keeps SQLite from turning the loops
round, so every row wanted is one descent of an index.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from axis.adapters import rows, tables
from axis.adapters.replay_rows import JOB, job_from
from axis.adapters.rows import DELIVERY, DOCUMENT, delivery_from, document_from, encode
from axis.core.commands import TOGETHER_MAX, ByDocument, ById
from axis.core.document import Delivery, Lane
from axis.core.facts import Facts, Wants

_W0, _W1, _W2, _W3 = (f"json_extract(w.value, '$[{i}]')" for i in range(4))

#: The SQL of each want. The plans of all of them are under test.
QUERIES: Final = {
    "names": f"""
        select {DOCUMENT} from json_each(?) w cross join document t
        where t.sender = {_W0} and t.document_id = {_W1} and (t.kind = 0 or t.sha256 = {_W2})
        order by t.seq""",
    "lanes": f"""
        select {_W0}, {_W1}, (
            select max(d.no) from delivery d where d.recipient = {_W0} and d.urgency = {_W1}
        ) from json_each(?) w""",
    "places": f"""
        select {DELIVERY}
        from json_each(?) w cross join delivery d cross join document t
        where d.recipient = {_W0} and d.urgency = {_W1} and d.no = {_W2} and t.seq = d.doc""",
    "up_to": f"""
        select {DELIVERY}
        from json_each(?) w cross join delivery d indexed by delivery_open cross join document t
        where d.recipient = {_W0} and d.urgency = {_W1} and d.no > {_W2} and d.no <= {_W3}
            and {rows.SHOWN} and t.seq = d.doc
        order by d.no limit {TOGETHER_MAX}""",
    "by_id": f"""
        select {DELIVERY}
        from json_each(?) w cross join document t cross join delivery d
        where t.id = {_W0} and d.doc = t.seq and d.recipient = {_W1}""",
    "by_document": f"""
        select {DELIVERY}, t.document_id
        from json_each(?) w cross join document t cross join delivery d
        where t.sender = {_W0} and t.document_id = {_W1} and d.doc = t.seq
            and d.recipient = {_W2}
        order by t.seq""",
    "whole_open": f"""
        select {DELIVERY}
        from json_each(?) w cross join delivery d indexed by delivery_open cross join document t
        where d.recipient = {_W0} and (d.urgency, d.no) > ({_W1}, {_W2}) and {rows.SHOWN}
            and t.seq = d.doc
        order by d.urgency, d.no limit {TOGETHER_MAX}""",
    "whole_parked": f"""
        select {DELIVERY}
        from json_each(?) w cross join delivery d indexed by delivery_parked cross join document t
        where d.recipient = {_W0} and (d.urgency, d.no) > ({_W1}, {_W2}) and d.transport = 3
            and t.seq = d.doc
        order by d.urgency, d.no limit {TOGETHER_MAX}""",
    "jobs": f"""
        select {JOB} from json_each(?) w cross join replay r where r.id = w.value""",
    "stored": """
        select p.sha256, p.size, p.segment, p.start
        from json_each(?) w cross join package p where p.sha256 = w.value""",
}

#: The whole trust list: a small table.
CERTIFICATES: Final = f"""
    select {rows.columns(tables.certificate, "c")} from certificate c
    order by c.agency, c.fingerprint"""


def ask(connection: sqlite3.Connection, query: str, wanted: Iterable[Any]) -> list[Any]:
    """The rows of ``QUERIES[query]`` for everything ``wanted``; no query when that is nothing."""
    values = list(wanted)
    if not values:
        return []
    return connection.execute(QUERIES[query], (encode(values),)).fetchall()


def load(
    connection: sqlite3.Connection, wants: Wants, facts: Facts, lanes: dict[Lane, int]
) -> None:
    """Add to ``facts`` what is wanted. ``lanes`` holds the lanes met so far and learns the new."""
    for row in ask(connection, "names", wants.names):
        document = document_from(row)
        facts.documents.setdefault((document.sender, document.document_id), []).append(document)
    for recipient, urgency, no in ask(connection, "lanes", wants.lanes - lanes.keys()):
        lanes[Lane(recipient, urgency)] = no or 0
    facts.lanes.update((lane, lanes[lane]) for lane in wants.lanes)

    ranges = [(want.recipient, want.urgency, want.above, want.no) for want in wants.up_to]
    # Each of those that are bounded by itself.
    bounded: list[tuple[str, tuple[Any, ...]]] = [("up_to", want) for want in ranges]
    bounded += [(query, want) for want in wants.whole for query in ("whole_open", "whole_parked")]
    for query, wanted in [("places", wants.places), *((query, [one]) for query, one in bounded)]:
        for row in ask(connection, query, wanted):
            _put(facts, delivery_from(row))
    for row in ask(connection, "by_id", [(want.doc_id, want.recipient) for want in wants.by_id]):
        delivery = _put(facts, delivery_from(row))
        facts.found[ById(delivery.doc_id, delivery.place.recipient)] = delivery.place
    if wants.certificates:
        facts.certificates = {
            certificate.fingerprint: certificate
            for certificate in map(rows.certificate_from, connection.execute(CERTIFICATES))
        }
    for job in map(job_from, ask(connection, "jobs", wants.jobs)):
        facts.jobs[job.id] = job
    named = [(want.sender, want.document_id, want.recipient) for want in wants.by_document]
    for row in ask(connection, "by_document", named):
        delivery = _put(facts, delivery_from(row))
        target = ByDocument(delivery.sender, row[-1], delivery.place.recipient)
        facts.named.setdefault(target, []).append(delivery.place)


def _put(facts: Facts, delivery: Delivery) -> Delivery:
    facts.deliveries[delivery.place] = delivery
    return delivery
