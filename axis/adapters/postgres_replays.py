"""Replay jobs in PostgreSQL: reads (``axis.replays.Replays``). ``postgres_writes`` writes them."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from axis.adapters.postgres_server import Driver, Server
from axis.adapters.replay_rows import (
    CANDIDATE,
    ITEM,
    JOB,
    TIME,
    candidate_from,
    conditions,
    item_from,
    job_from,
    outcomes_of,
    running_from,
)
from axis.core.document import Redelivery
from axis.core.lifecycle import Again, Transport
from axis.core.replay import Candidate, Filter, ItemRow, Job, Outcomes
from axis.ports import Row

#: All plans are under test.
QUERIES: Final = {
    "redeliveries": """
        select i.doc, i.attempt, i.job, i.done_at
        from unnest($1::bigint[], $2::text[], $3::bigint[]) w(doc, recipient, attempt)
        cross join replay_item i
        where i.doc = w.doc and i.recipient = w.recipient and i.attempt = w.attempt
            and i.attempt <> 0""",
    "page": f"""
        select i.no, {CANDIDATE}
        from (
            select i.* from replay_item i where i.job = $1 and i.no > $2 order by i.no limit $3
        ) i cross join delivery d cross join document t
        where d.doc = i.doc and d.recipient = i.recipient and t.seq = d.doc
        order by i.no""",
    "job": f"select {JOB} from replay r where r.id = $1",
    "jobs": f"""
        select {JOB} from replay r
        where r.agency = $1 order by r.planned_at desc, r.id desc limit $2""",
    # Jobs are few, and only operators ask for all.
    "jobs_of_all": f"""
        select {JOB} from replay r order by r.planned_at desc, r.id desc limit $1""",
    "running": f"select {JOB} from replay r where r.stage = 'running' order by r.id",
    "items": f"""
        select {ITEM}
        from (
            select i.* from replay_item i where i.job = $1 and i.no > $2 order by i.no limit $3
        ) i cross join document t
        where t.seq = i.doc order by i.no""",
    "outcomes": """
        select (i.attempt <> 0)::int, i.handed, i.word, i.skipped, count(*) from replay_item i
        where i.job = $1 group by 1, 2, 3, 4""",
}

#: Where candidates are looked for: by their names, the parked ones of a cause or a recipient,
#: a recipient's lanes, a sender's documents.
_NAMED: Final = """
    unnest($1::text[], $2::text[]) w(id, recipient) cross join document t cross join delivery d
    where t.id = w.id and d.doc = t.seq and (w.recipient = '' or d.recipient = w.recipient)"""
_PARKED: Final = """
    delivery d cross join document t where d.transport = 3 and t.seq = d.doc"""
_ALL: Final = """
    delivery d cross join document t where t.seq = d.doc"""
# "is true": the documents of a sender are found by it, and their deliveries by them.
_SENT: Final = """
    document t cross join delivery d where d.doc = t.seq"""


def statement(asked: Filter) -> tuple[str, list[object]]:
    """The SQL that finds candidates, but for its limit, and its values."""
    assert asked.bounded
    values: list[object] = []
    if asked.named:
        where = _NAMED
        values += map(list, zip(*asked.sought, strict=True))
    elif asked.transport == Transport.PARKED and (asked.recipient or not asked.sender):
        where = _PARKED
    else:
        where = _ALL if asked.recipient else _SENT
    for condition, value in conditions(asked):
        values.append(value)
        where += f" and {condition.replace('%s', f'${len(values)}')}"
    values += [asked.since or 0, 2**62 if asked.until is None else asked.until]
    n = len(values)
    sql = f"""
        with c as materialized (select {CANDIDATE} from {where})
        select * from c where {TIME} >= ${n - 1} and {TIME} < ${n} order by c.doc, c.recipient"""
    return sql, values


async def marked(driver: Driver, page: list[Row]) -> list[Row]:
    """Rows of an inbox with the job that gives each back, where one does."""
    again = [row.delivery for row in page if row.delivery.again is not Again.NONE]
    if not again:
        return page
    keys = [(one.doc, one.place.recipient, one.attempt) for one in again]
    found = await driver.fetch(QUERIES["redeliveries"], *map(list, zip(*keys, strict=True)))
    jobs = {(doc, attempt): Redelivery(job, done_at) for doc, attempt, job, done_at in found}
    return [
        replace(row, redelivery=jobs.get((row.delivery.doc, row.delivery.attempt))) for row in page
    ]


class PostgresReplays:
    """``axis.replays.Replays`` on the connections of a ``Server`` that it does not close."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def _ask(self, sql: str, *values: object) -> list[Any]:
        async with self._server.reading() as driver:
            found: list[Any] = await driver.fetch(sql, *values)
            return found

    async def candidates(self, asked: Filter, limit: int) -> list[Candidate]:
        sql, values = statement(asked)
        return [candidate_from(row) for row in await self._ask(f"{sql} limit {limit:d}", *values)]

    async def page(self, job: str, after: int, limit: int) -> list[tuple[int, Candidate]]:
        found = await self._ask(QUERIES["page"], job, after, limit)
        return [(row[0], candidate_from(tuple(row)[1:])) for row in found]

    async def job(self, job: str) -> Job | None:
        return next(map(job_from, await self._ask(QUERIES["job"], job)), None)

    async def jobs(self, agency: str | None, limit: int) -> list[Job]:
        asked = ("jobs_of_all", limit) if agency is None else ("jobs", agency, limit)
        return [job_from(row) for row in await self._ask(QUERIES[asked[0]], *asked[1:])]

    async def running(self) -> list[Job]:
        return running_from(await self._ask(QUERIES["running"]))

    async def items(self, job: str, after: int, limit: int) -> list[ItemRow]:
        return [item_from(row) for row in await self._ask(QUERIES["items"], job, after, limit)]

    async def outcomes(self, job: str) -> Outcomes:
        return outcomes_of(await self._ask(QUERIES["outcomes"], job))
