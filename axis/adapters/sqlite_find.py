"""The operator's search: the filters decide which index leads, so that the newest come first
without sorting the books.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from typing import Final

from axis.adapters import tables
from axis.adapters.rows import DELIVERY
from axis.core.lifecycle import Transport
from axis.core.questions import Search

_BY_STATE: Final = {
    Transport.WAITING: ("delivery_open", "d.transport < 2 and d.transport = 0"),
    Transport.OFFERED: ("delivery_open", "d.transport < 2 and d.transport = 1"),
    Transport.PARKED: ("delivery_parked", "d.transport = 3"),
}


def statement(search: Search) -> tuple[str, list[object]]:
    """The SQL of a search and its values."""
    filters, values = _filters(search)
    if search.transport in _BY_STATE:
        return _queue(Transport(search.transport), filters), [*values, search.limit]
    if search.recipient and not search.sender:
        return _lanes(filters), [*values, search.limit] * len(tables.URGENCIES) + [search.limit]
    return _documents(search, filters), [*values, search.limit]


def _filters(search: Search) -> tuple[str, list[object]]:
    """Conditions on ``delivery d`` and ``document t``, each led by ``and``."""
    asked: list[tuple[str, object]] = [
        ("d.recipient = ?", search.recipient or None),
        ("t.sender = ?", search.sender or None),
        ("d.transport = ?", None if search.transport is None else int(search.transport)),
        ("d.business = ?", None if search.business is None else int(search.business)),
        ("t.occurred_at >= ?", search.since),
        ("t.occurred_at < ?", search.until),
        ("mentions(?, t.document_id, t.meta)", search.text or None),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    filters = "".join(f" and {condition}" for condition, _ in given)
    return filters, [value for _, value in given]


def _queue(state: Transport, filters: str) -> str:
    """Open and parked ones are few: they are walked and sorted."""
    index, condition = _BY_STATE[state]
    return f"""
        select {DELIVERY} from delivery d indexed by {index} cross join document t
        where {condition} and t.seq = d.doc{filters}
        order by d.doc desc, d.recipient limit ?"""


def _lanes(filters: str) -> str:
    """The lanes of one recipient, each from its newest number down."""
    lanes = [
        f"""select * from (
            select {DELIVERY} from delivery d indexed by delivery_lane cross join document t
            where d.urgency = {urgency} and t.seq = d.doc{filters}
            order by d.no desc limit ?)"""
        for urgency in tables.URGENCIES
    ]
    return " union all ".join(lanes) + " order by doc desc limit ?"


def _documents(search: Search, filters: str) -> str:
    """Documents from the newest down, each with its deliveries. Those of one sender are sorted."""
    index = "indexed by document_by_name" if search.sender else ""
    return f"""
        select {DELIVERY} from document t {index} cross join delivery d
        where d.doc = t.seq{filters} order by t.seq desc, d.recipient limit ?"""
