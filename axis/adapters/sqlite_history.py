"""Everything the counters are made of, read from SQLite books, open or at rest.

A recount reads a running axis's books beside its groups, and books at rest where they lie
(``axis.cli.archive``): both are answered from here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from axis.adapters.histories import COUNTERS, HEAD, HISTORY_ROWS, SECTIONS, Section, values
from axis.books import Head, Item, Torn


def history(connection: sqlite3.Connection) -> Iterator[Sequence[Item]]:
    """The counters and all they are made of, a page at a time, from one snapshot.

    ``connection`` is the caller's, and only it may use it meanwhile.
    """
    connection.execute("begin")
    counters = connection.execute(COUNTERS)
    yield [{(agency, day, metric): n for agency, day, metric, n in counters}]
    heads = [Head(seq) for (seq,) in connection.execute(HEAD)]
    yield heads or [Torn("head", "of the books", "missing")]
    for section in SECTIONS:
        yield from _read(connection, section)


def _read(connection: sqlite3.Connection, section: Section) -> Iterator[Sequence[Item]]:
    done = 0
    try:
        found = connection.execute(section.sql)
        while page := found.fetchmany(HISTORY_ROWS):
            done += len(page)
            yield values(section, page)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and hasattr(error, "sqlite_errorcode"):
            # A lock or a disk, and none of the rows.
            raise
        yield [Torn(section.kind, f"{done + 1} and on", f"cannot be read: {error}")]
