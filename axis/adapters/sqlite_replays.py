"""Replay jobs in SQLite: reads (``axis.replays.Replays``), and what a group writes of them."""

# ruff: noqa: S608 - SQL is made of our own names; values travel as parameters.
from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any, Final

from axis.adapters import replay_tables, rows
from axis.adapters.replay_rows import (
    CANDIDATE,
    ITEM,
    JOB,
    JOB_NAMES,
    TIME,
    candidate_from,
    conditions,
    forgotten_before,
    handed_values,
    heard_values,
    item_from,
    item_values,
    job_from,
    job_values,
    outcomes_of,
    running_from,
    verdict_values,
)
from axis.adapters.sqlite_lanes import Run
from axis.core.document import Redelivery
from axis.core.facts import Changes
from axis.core.lifecycle import Again, Transport
from axis.core.replay import Candidate, Filter, ItemRow, Job, Outcomes
from axis.ports import Row

_W0, _W1, _W2 = (f"json_extract(w.value, '$[{i}]')" for i in range(3))
_PLANNED_LONG_AGO: Final = "stage = 'planned' and planned_at < ?"

#: All plans are under test.
QUERIES: Final = {
    "redeliveries": f"""
        select i.doc, i.attempt, i.job, i.done_at
        from json_each(?) w cross join replay_item i
        where i.doc = {_W0} and i.recipient = {_W1} and i.attempt = {_W2} and i.attempt <> 0""",
    "page": f"""
        select i.no, {CANDIDATE}
        from replay_item i cross join delivery d cross join document t
        where i.job = ? and i.no > ? and d.doc = i.doc and d.recipient = i.recipient
            and t.seq = d.doc
        order by i.no limit ?""",
    "job": f"select {JOB} from replay r where r.id = ?",
    "jobs": f"""
        select {JOB} from replay r
        where r.agency = ? order by r.planned_at desc, r.id desc limit ?""",
    # Jobs are few, and only operators ask for all.
    "jobs_of_all": f"""
        select {JOB} from replay r order by r.planned_at desc, r.id desc limit ?""",
    "running": f"select {JOB} from replay r where r.stage = 'running' order by r.id",
    "items": f"""
        select {ITEM} from replay_item i cross join document t
        where i.job = ? and i.no > ? and t.seq = i.doc order by i.no limit ?""",
    "outcomes": """
        select i.attempt <> 0, i.handed, i.word, i.skipped, count(*) from replay_item i
        where i.job = ? group by 1, 2, 3, 4""",
}

#: Where candidates are looked for: by their names, the parked ones of a cause or a recipient,
#: a recipient's lanes, a sender's documents.
_NAMED: Final = f"""
    json_each(?) w cross join document t cross join delivery d
    where t.id = {_W0} and d.doc = t.seq and ({_W1} = '' or d.recipient = {_W1})"""
_PARKED: Final = """
    delivery d indexed by delivery_parked cross join document t
    where d.transport = 3 and t.seq = d.doc"""
_LANES: Final = """
    delivery d indexed by delivery_lane cross join document t where t.seq = d.doc"""
_SENT: Final = """
    document t indexed by document_by_name cross join delivery d where d.doc = t.seq"""

STEPS: Final = {
    "job": f"""
        {rows.insert(replay_tables.replay)} on conflict (id) do update
        set {", ".join(f"{name} = excluded.{name}" for name in JOB_NAMES[1:])}""",
    "item": rows.insert(replay_tables.replay_item),
    "handed": "update replay_item set attempt = ?, handed = ?, word = ? where job = ? and no = ?",
    "skipped": "update replay_item set skipped = ? where job = ? and no = ?",
    "verdict": "update replay_item set word = ?, compared = ? where job = ? and no = ?",
    "heard": """
        update replay_item set handed = max(handed, ?1),
            word = case when ?2 = '' then word else ?2 end
        where doc = ?3 and recipient = ?4 and attempt = ?5 and attempt <> 0""",
    "forget_items": f"""
        delete from replay_item where job in (select id from replay where {_PLANNED_LONG_AGO})""",
    "forget": f"delete from replay where {_PLANNED_LONG_AGO}",
}


def statement(asked: Filter) -> tuple[str, list[object]]:
    """The SQL that finds candidates, but for its limit, and its values."""
    assert asked.bounded
    given = conditions(asked)
    filters = "".join(f" and {condition.replace('%s', '?')}" for condition, _ in given)
    values = [value for _, value in given]
    if asked.named:
        where, values = _NAMED, [rows.encode(asked.sought), *values]
    elif asked.transport == Transport.PARKED and (asked.recipient or not asked.sender):
        where = _PARKED
    else:
        where = _LANES if asked.recipient else _SENT
    since, until = asked.since or 0, 2**62 if asked.until is None else asked.until
    sql = f"""
        with c as materialized (select {CANDIDATE} from {where}{filters})
        select * from c where {TIME} >= ? and {TIME} < ? order by c.doc, c.recipient limit ?"""
    return sql, [*values, since, until]


def marked(connection: sqlite3.Connection, page: list[Row]) -> list[Row]:
    """Rows of an inbox with the job that gives each back, where one does."""
    again = [
        (d.doc, d.place.recipient, d.attempt)
        for d in (row.delivery for row in page)
        if d.again is not Again.NONE
    ]
    if not again:
        return page
    found = connection.execute(QUERIES["redeliveries"], (rows.encode(again),))
    jobs = {(doc, attempt): Redelivery(job, done_at) for doc, attempt, job, done_at in found}
    return [
        replace(row, redelivery=jobs.get((row.delivery.doc, row.delivery.attempt))) for row in page
    ]


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Write what a group changes of jobs and their items."""
    long_ago = forgotten_before(changes)
    if long_ago:
        connection.execute(STEPS["forget_items"], (long_ago,))
        connection.execute(STEPS["forget"], (long_ago,))
    many: dict[str, list[rows.Values]] = {
        "job": list(map(job_values, changes.jobs.values())),
        "item": item_values(changes),
        "handed": handed_values(changes),
        "skipped": [(code, job, no) for job, no, code in changes.skipped],
        "heard": heard_values(changes),
        "verdict": verdict_values(changes),
    }
    for name, values in many.items():
        if values:
            connection.executemany(STEPS[name], values)


class SqliteReplays:
    """``axis.replays.Replays`` beside the store whose connections it borrows."""

    def __init__(self, read: Run) -> None:
        self._read = read

    async def _ask(self, sql: str, *values: object) -> list[Any]:
        return await self._read(lambda connection: connection.execute(sql, values).fetchall())

    async def candidates(self, asked: Filter, limit: int) -> list[Candidate]:
        sql, values = statement(asked)
        return [candidate_from(row) for row in await self._ask(sql, *values, limit)]

    async def page(self, job: str, after: int, limit: int) -> list[tuple[int, Candidate]]:
        found = await self._ask(QUERIES["page"], job, after, limit)
        return [(row[0], candidate_from(row[1:])) for row in found]

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
