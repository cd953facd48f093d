"""A window of the books, read from PostgreSQL."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from typing import Final

from axis.adapters.extracts import LOOKED_AT_MAX, filled, page
from axis.adapters.postgres_server import Driver
from axis.adapters.rows import DELIVERY, DOCUMENT, EVENT, delivery_from, document_from, event_from
from axis.core.questions import Extracts, Window

#: All plans are under test.
QUERIES: Final = {
    "reached": """
        select max(s.seq) from (
            select t.seq from document t where t.seq > $1 order by t.seq limit $2
        ) s""",
    "window": f"""
        select {DOCUMENT} from document t
        where t.seq > $1 and t.seq <= $2 and t.occurred_at >= $3 and t.occurred_at < $4
        order by t.seq limit $5""",
    "deliveries_of": f"""
        select {DELIVERY}
        from unnest($1::bigint[]) w(doc) cross join delivery d cross join document t
        where d.doc = w.doc and t.seq = d.doc order by d.doc, d.recipient collate "C\"""",
    "events_of": f"""
        select {EVENT} from unnest($1::bigint[]) w(doc) cross join event e
        where e.doc = w.doc order by e.seq""",
}


async def extract(driver: Driver, window: Window, after: int, limit: int) -> Extracts:
    # One snapshot, so that states and events are those of one moment.
    async with driver.transaction(isolation="repeatable_read", readonly=True):
        reached = await driver.fetchval(QUERIES["reached"], after, LOOKED_AT_MAX)
        if reached is None:
            return Extracts((), 0)
        values = (after, reached, window.since, window.until, limit)
        documents = [document_from(row) for row in await driver.fetch(QUERIES["window"], *values)]
        found = page(documents, window, limit, reached)
        wanted = [document.seq for document, _, _ in found.found]
        return filled(
            found,
            map(delivery_from, await driver.fetch(QUERIES["deliveries_of"], wanted)),
            map(event_from, await driver.fetch(QUERIES["events_of"], wanted)),
        )
