"""A window of the books, read from SQLite: a running axis's, and those at rest."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import sqlite3
from typing import Final

from axis.adapters import rows
from axis.adapters.extracts import LOOKED_AT_MAX, filled, page
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT, delivery_from, document_from, event_from
from axis.core.questions import Extracts, Window

#: All plans are under test.
QUERIES: Final = {
    "reached": """
        select max(s.seq) from (
            select t.seq from document t where t.seq > ? order by t.seq limit ?
        ) s""",
    "window": f"""
        select {DOCUMENT} from document t
        where t.seq > ? and t.seq <= ? and t.occurred_at >= ? and t.occurred_at < ?
        order by t.seq limit ?""",
    "deliveries_of": f"""
        select {DELIVERY}
        from json_each(?) w cross join delivery d cross join document t
        where d.doc = w.value and t.seq = d.doc order by d.doc, d.recipient""",
    "events_of": f"""
        select {EVENT} from json_each(?) w cross join event e indexed by event_by_doc
        where e.doc = w.value order by e.seq""",
}


def extract(connection: sqlite3.Connection, window: Window, after: int, limit: int) -> Extracts:
    # One transaction, so that states and events are those of one moment.
    connection.execute("begin")
    try:
        return _extract(connection, window, after, limit)
    finally:
        connection.execute("rollback")


def _extract(connection: sqlite3.Connection, window: Window, after: int, limit: int) -> Extracts:
    ((reached,),) = connection.execute(QUERIES["reached"], (after, LOOKED_AT_MAX))
    if reached is None:
        return Extracts((), 0)
    values = (after, reached, window.since, window.until, limit)
    documents = [document_from(row) for row in connection.execute(QUERIES["window"], values)]
    found = page(documents, window, limit, reached)
    wanted = (rows.encode([document.seq for document, _, _ in found.found]),)
    return filled(
        found,
        map(delivery_from, connection.execute(QUERIES["deliveries_of"], wanted)),
        map(event_from, connection.execute(QUERIES["events_of"], wanted)),
    )
