"""Replay jobs to rows of their tables and back, and the SQL that both databases share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
import structlog

from axis.adapters import replay_tables, rows
from axis.adapters.rows import DELIVERY, Values, delivery_from
from axis.core.facts import Changes
from axis.core.recount import DAMAGE
from axis.core.replay import (
    KEPT_US,
    VALID_US,
    Candidate,
    Filter,
    ItemRow,
    Job,
    Kind,
    Outcomes,
    Stage,
    Word,
)

log = structlog.get_logger()

JOB_NAMES: Final = tuple(column.name for column in replay_tables.replay.columns)
#: What ``job_from`` reads, of ``replay r``.
JOB: Final = rows.columns(replay_tables.replay, "r")
#: What ``item_from`` reads, of ``replay_item i`` and its ``document t``.
ITEM: Final = (
    "i.no, t.id, i.recipient, i.done_at, i.attempt, i.handed, i.word, i.skipped, i.compared"
)

#: What ``candidate_from`` reads, of ``delivery d`` and its ``document t``. A document is recalled
#: or replaced for a recipient by a later package of the same sender that this recipient was sent
#: too: those that share its id, as a second replacement does, are linked to it both ways.
#: "is true": of all packages of a sender none is looked for by the sender.
_LINKED: Final = """
    (exists (
        select 1 from link k cross join document o cross join delivery x
        where k.sender = t.sender and k.document_id = t.document_id and k.relation = '{relation}'
            and k.doc > t.seq and o.seq = k.doc and (o.sender = t.sender) is true
            and x.doc = k.doc and x.recipient = d.recipient
    ))"""
#: When a delivery was first done; it is done once.
DONE_AT: Final = """
    coalesce((
        select e.occurred_at from event e
        where e.doc = d.doc and e.recipient = d.recipient and e.kind = 'done' limit 1
    ), 0)"""
CANDIDATE: Final = (
    f"{DELIVERY}, t.sha256, t.size, t.occurred_at, {DONE_AT} as done_at, "
    f"{_LINKED.format(relation='recalls')} as recalled, "
    f"{_LINKED.format(relation='replaces')} as replaced"
)


def job_values(job: Job) -> Values:
    return tuple(
        rows.encode(dict(job.told)) if name == "told" else _plain(getattr(job, name))
        for name in JOB_NAMES
    )


def _plain(value: object) -> object:
    # Drivers take no subclasses of str.
    return str(value) if isinstance(value, str) else value


def job_from(row: Sequence[Any]) -> Job:
    fields = dict(zip(JOB_NAMES, row, strict=True))
    return Job(
        **{
            **fields,
            "kind": Kind(fields["kind"]),
            "stage": Stage(fields["stage"]),
            "told": orjson.loads(fields["told"]),
        }
    )


def running_from(found: Iterable[Sequence[Any]]) -> list[Job]:
    """The jobs of some rows; one that is no job is told, and keeps no other from running."""
    jobs: list[Job] = []
    for row in found:
        try:
            jobs.append(job_from(row))
        except DAMAGE as error:
            log.exception("damaged", action="replay.damaged", job=row[0], exc_info=error)
    return jobs


def item_values(changes: Changes) -> list[Values]:
    """The rows of the items of new jobs."""
    return [
        (job, item.no, item.doc, item.recipient, item.done_at, 0, 0, "", "", "")
        for job, items in changes.items.items()
        for item in items
    ]


def handed_values(changes: Changes) -> list[Values]:
    """(attempt, handed, word, job, no) of items that were handed over."""
    return [
        (key.attempt, int(one.heard.handed), str(one.heard.word), one.job, one.no)
        for key, one in changes.handed.items()
    ]


def heard_values(changes: Changes) -> list[Values]:
    """(handed, word, doc, recipient, attempt) of attempts that earlier groups began."""
    return [(int(heard.handed), str(heard.word), *key) for key, heard in changes.heard.items()]


def verdict_values(changes: Changes) -> list[Values]:
    """(word, compared, job, no) of items of shadows; the last word where there are several."""
    newest = {(job, one.no): one for job, one in changes.verdicts}
    return [(str(one.word), rows.encode(dict(one.told)), *key) for key, one in newest.items()]


def forgotten_before(changes: Changes) -> int:
    """Plans made before this are forgotten with the jobs that are new; 0 when there are none."""
    fresh = (job.planned_at for job in changes.jobs.values() if job.id in changes.items)
    return max(fresh, default=VALID_US + KEPT_US) - VALID_US - KEPT_US


def item_from(row: Sequence[Any]) -> ItemRow:
    no, doc_id, recipient, done_at, attempt, handed, word, skipped, compared = row
    told = orjson.loads(compared or "{}")
    return ItemRow(no, doc_id, recipient, done_at, attempt, bool(handed), Word(word), skipped, told)


def candidate_from(row: Sequence[Any]) -> Candidate:
    sha256, size, occurred_at, done_at, recalled, replaced = row[-6:]
    return Candidate(
        delivery_from(row), sha256, size, occurred_at, done_at, bool(recalled), bool(replaced)
    )


def outcomes_of(found: Iterable[tuple[int, int, str, str, int]]) -> Outcomes:
    """Count (attempt > 0, handed, word, skipped, how many) rows."""
    n = dict.fromkeys(Outcomes._fields, 0)
    for begun, handed, word, skipped, count in found:
        if begun:
            n["handed"] += count if handed else 0
            n[Word(word).value or "silent"] += count
        elif skipped:
            n["skipped"] += count
        elif word:
            n[Word(word).value] += count
    return Outcomes(**n)


def conditions(asked: Filter) -> list[tuple[str, object]]:
    """Conditions on ``delivery d`` and ``document t``, each with its value in place of %s; those
    about time stand outside (``done_at`` is found only then).
    """
    given: list[tuple[str, object]] = [
        ("d.recipient = %s", asked.recipient or None),
        ("t.sender = %s", asked.sender or None),
        ("t.kind = %s", asked.kind),
        ("d.transport = %s", asked.transport),
        ("d.business = %s", asked.business),
        ("d.reason = %s", asked.reason or None),
        # What was not accepted before the end cannot have been done before it.
        ("t.occurred_at < %s", asked.until),
    ]
    return [(condition, value) for condition, value in given if value is not None]


#: A delivery's own time, over the rows of ``CANDIDATE`` named ``c``.
TIME: Final = "case when c.done_at > 0 then c.done_at else c.occurred_at end"
