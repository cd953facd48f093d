"""Everything the counters are made of, read from SQLite books, open or at rest.

A recount reads a running axis's books beside its groups, and books at rest where they lie
(``axis.cli.archive``): both are answered from here.
"""

# ruff: noqa: S608 - SQL is made of our own names.
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from axis.adapters import rows
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT
from axis.books import Counters
from axis.core.document import Delivery, Document, Event

#: Rows that a recount holds at a time.
HISTORY_ROWS: Final = 1000

_COUNTERS: Final = "select t.agency, t.day, t.metric, t.n from tally t where t.n <> 0"
_HISTORY: Final[Sequence[tuple[str, Callable[[Any], Document | Event | Delivery]]]] = (
    (f"select {DOCUMENT} from document t order by t.seq", rows.document_from),
    (f"select {EVENT} from event e order by e.seq", rows.event_from),
    (
        f"""
        select {DELIVERY} from delivery d cross join document t where t.seq = d.doc
        order by d.recipient, d.urgency, d.no""",
        rows.delivery_from,
    ),
)


def history(
    connection: sqlite3.Connection,
) -> Iterator[Sequence[Counters | Document | Event | Delivery]]:
    """The counters and all they are made of, a page at a time, from one snapshot.

    ``connection`` is the caller's, and only it may use it meanwhile.
    """
    connection.execute("begin")
    counters = connection.execute(_COUNTERS)
    yield [{(agency, day, metric): n for agency, day, metric, n in counters}]
    for sql, value_from in _HISTORY:
        found = connection.execute(sql)
        while page := found.fetchmany(HISTORY_ROWS):
            yield [value_from(row) for row in page]
