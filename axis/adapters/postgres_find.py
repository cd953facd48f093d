"""The operator's search: the filters decide which index leads, so that the newest come first
without sorting the books.

Words are looked for here and not by the server, whose idea of upper and lower case depends on the
locale of its database; every store finds the same.
"""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import json
import re
from typing import Any, Final

from axis.adapters import tables
from axis.adapters.postgres_server import Driver
from axis.adapters.rows import DELIVERY, delivery_from
from axis.adapters.search import mentions
from axis.core.document import Delivery
from axis.core.lifecycle import Transport
from axis.core.questions import Search

#: Rows looked through at a time for words.
PAGE_ROWS: Final = 500

_BY_STATE: Final = {
    Transport.WAITING: "d.transport < 2 and d.transport = 0",
    Transport.OFFERED: "d.transport < 2 and d.transport = 1",
    Transport.PARKED: "d.transport = 3",
}


async def find(driver: Driver, search: Search) -> list[Delivery]:
    """The newest deliveries that match, ``search.limit`` at the most."""
    sql, values = statement(search)
    if not search.text:
        found = await driver.fetch(f"{sql} limit {search.limit:d}", *values)
        return [delivery_from(row) for row in found]
    matching: list[Delivery] = []
    async with driver.transaction(readonly=True):
        cursor = await driver.cursor(sql, *values)
        while len(matching) < search.limit and (page := await cursor.fetch(PAGE_ROWS)):
            matching += (delivery_from(row) for row in page if _mentions(search.text, row))
    return matching[: search.limit]


def _mentions(text: str, row: Any) -> bool:
    document_id, meta = row[-2:]
    return mentions(text, document_id, json.loads(meta) if meta else {})


def statement(search: Search) -> tuple[str, list[object]]:
    """The SQL of a search without its words, and its values."""
    filters, values = _filters(search)
    if search.transport in _BY_STATE:
        return _queue(Transport(search.transport), filters), values
    if search.recipient and not search.sender and not search.text:
        return _lanes(filters, search.limit), values
    return _documents(filters), values


_FOUND: Final = f"{DELIVERY}, t.document_id, t.meta"


def _filters(search: Search) -> tuple[str, list[object]]:
    """Conditions on ``delivery d`` and ``document t``, each led by ``and``."""
    asked: list[tuple[str, object]] = [
        ("d.recipient = $", search.recipient or None),
        ("t.sender = $", search.sender or None),
        ("d.transport = $", None if search.transport is None else int(search.transport)),
        ("d.business = $", None if search.business is None else int(search.business)),
        ("t.occurred_at >= $", search.since),
        ("t.occurred_at < $", search.until),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    filters = "".join(f" and {condition}{i}" for i, (condition, _) in enumerate(given, 1))
    return filters, [value for _, value in given]


def _queue(state: Transport, filters: str) -> str:
    """Open and parked ones are few: they are walked and sorted."""
    return f"""
        select {_FOUND} from delivery d cross join document t
        where {_BY_STATE[state]} and t.seq = d.doc{filters}
        order by d.doc desc, d.recipient"""


def _lanes(filters: str, limit: int) -> str:
    """The lanes of one recipient, each from its newest number down."""
    lanes = [
        f"""(
            select {_FOUND} from delivery d cross join document t
            where d.urgency = {urgency} and t.seq = d.doc{filters}
            order by d.no desc limit {limit:d})"""
        for urgency in tables.URGENCIES
    ]
    return " union all ".join(lanes) + " order by doc desc"


def _documents(filters: str) -> str:
    """Documents from the newest down, each with its deliveries. Those of one sender are sorted."""
    # "is true": the deliveries of a document are found by it, and never by their recipient.
    filters = re.sub(r"d\.recipient = (\$\d)", r"(d.recipient = \1) is true", filters)
    return f"""
        select {_FOUND} from document t cross join delivery d
        where d.doc = t.seq{filters} order by t.seq desc, d.recipient"""
