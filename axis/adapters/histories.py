"""What a history is read from, the same for SQLite and PostgreSQL, and rows that are no values."""

# ruff: noqa: S608 - SQL is made of our own names.
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from axis.adapters import rows
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT
from axis.books import Torn
from axis.core.document import Delivery, Document, Event
from axis.core.recount import DAMAGE

#: Rows that a recount holds at a time.
HISTORY_ROWS: Final = 1000

COUNTERS: Final = "select t.agency, t.day, t.metric, t.n from tally t where t.n <> 0"
HEAD: Final = "select h.seq from head h"


class Section(NamedTuple):
    """Rows of one kind in their order: ``value_from`` makes the value, ``named`` the name."""

    kind: str
    sql: str
    value_from: Callable[[Any], Document | Event | Delivery]
    named: Callable[[Any], str]


def _delivery_from(row: Sequence[Any]) -> Delivery:
    delivery = rows.delivery_from(row)
    if row[4] is None:
        # Its document is not there.
        return delivery._replace(doc_id="", sender="", kind=0)
    return delivery


SECTIONS: Final = (
    Section(
        "document",
        f"select {DOCUMENT} from document t order by t.seq",
        rows.document_from,
        lambda row: str(row[1]),
    ),
    Section(
        "event",
        f"select {EVENT} from event e order by e.seq",
        rows.event_from,
        lambda row: str(row[0]),
    ),
    Section(
        "delivery",
        f"""
        select {DELIVERY} from delivery d left join document t on t.seq = d.doc
        order by d.recipient, d.urgency, d.no""",
        _delivery_from,
        lambda row: f"{row[4] or ''}.{row[0]}",
    ),
)


def values(section: Section, page: Sequence[Any]) -> Sequence[Document | Event | Delivery | Torn]:
    """A page of rows as values."""
    try:
        return [section.value_from(row) for row in page]
    except DAMAGE:
        return [_value(section, row) for row in page]


def _value(section: Section, row: Any) -> Document | Event | Delivery | Torn:
    try:
        return section.value_from(row)
    except DAMAGE as error:
        return Torn(section.kind, section.named(row), f"its row is no {section.kind}: {error}")
