"""The packages of one document by its name, and those that speak of it, read from SQLite.

A name may have packages without end, so both are read in pages, and what is only counted is
counted in an index.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import sqlite3
from typing import Final

from axis.adapters.rows import DOCUMENT, document_from
from axis.core.document import Document
from axis.core.questions import Linked

_LINKED: Final = f"""
    select {DOCUMENT}, listed.relation, listed.n from (
        select l.doc, l.relation, count(*) over () as n from {{links}}
        where l.sender = ? and l.document_id = ?{{reached}} order by l.doc, l.relation limit ?
    ) listed cross join document t
    where t.seq = listed.doc order by listed.doc, listed.relation"""

#: All plans are under test.
QUERIES: Final = {
    "documents_named": f"""
        select {DOCUMENT} from document t where t.sender = ? and t.document_id = ? and t.seq > ?
        order by t.seq limit ?""",
    "linked_to": _LINKED.format(links="link l", reached=""),
    "linked_to_concerning": _LINKED.format(
        links="""link l cross join document s on s.seq = l.doc
            left join delivery d on d.doc = l.doc and d.recipient = ?""",
        reached=" and (s.sender = ? or d.doc is not null)",
    ),
}


def documents_named(
    connection: sqlite3.Connection, sender: str, document_id: str, after: int, limit: int
) -> list[Document]:
    values = (sender, document_id, after, limit)
    return list(map(document_from, connection.execute(QUERIES["documents_named"], values)))


def linked_to(
    connection: sqlite3.Connection, sender: str, document_id: str, agency: str, limit: int
) -> Linked:
    query = QUERIES["linked_to_concerning" if agency else "linked_to"]
    named = (sender, document_id)
    values = (agency, *named, agency, limit) if agency else (*named, limit)
    found = connection.execute(query, values).fetchall()
    listed = tuple((row[-2], document_from(row)) for row in found)
    return Linked(listed, found[0][-1] if found else 0)
