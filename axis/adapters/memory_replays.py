"""Replay jobs on dicts (``axis.replays.Replays``): beside ``memory_store``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from axis.adapters.replay_rows import forgotten_before, outcomes_of
from axis.core.document import Delivery, Details, Place, Redelivery
from axis.core.facts import Changes
from axis.core.lifecycle import Again
from axis.core.replay import (
    Candidate,
    Filter,
    Heard,
    Item,
    ItemRow,
    Job,
    Key,
    Outcomes,
    Stage,
    Word,
)
from axis.ports import Row

if TYPE_CHECKING:
    from axis.adapters.memory_store import MemoryBooks

_NOTHING = Heard(False, Word.SILENT)


@dataclass(slots=True)
class Kept:
    """A row of the items."""

    item: Item
    attempt: int = 0
    heard: Heard = _NOTHING
    skipped: str = ""
    compared: Details = field(default_factory=dict)


@dataclass(slots=True)
class Replaying:
    """What is durable of jobs; the items of each by number, from 1."""

    jobs: dict[str, Job] = field(default_factory=dict)
    items: dict[str, list[Kept]] = field(default_factory=dict)
    handed: dict[Key, tuple[str, int]] = field(default_factory=dict)

    def copy(self) -> Replaying:
        """Another that does not move with this one."""
        items = {job: [replace(one) for one in kept] for job, kept in self.items.items()}
        return Replaying(dict(self.jobs), items, dict(self.handed))


def write(state: Replaying, changes: Changes) -> None:
    """Write what a group changes of jobs and their items."""
    long_ago = forgotten_before(changes)
    for job in [j for j in state.jobs.values() if long_ago and j.stage is Stage.PLANNED]:
        if job.planned_at < long_ago:
            del state.jobs[job.id], state.items[job.id]
    state.jobs |= changes.jobs
    for id_, items in changes.items.items():
        state.items[id_] = [Kept(item) for item in items]
    for key, handed in changes.handed.items():
        state.handed[key] = (handed.job, handed.no)
        kept = state.items[handed.job][handed.no - 1]
        kept.attempt, kept.heard = key.attempt, handed.heard
    for id_, no, code in changes.skipped:
        state.items[id_][no - 1].skipped = code
    for id_, verdict in changes.verdicts:
        kept = state.items[id_][verdict.no - 1]
        kept.heard, kept.compared = Heard(False, verdict.word), verdict.told
    for key, heard in changes.heard.items():
        if key in state.handed:
            id_, no = state.handed[key]
            kept = state.items[id_][no - 1]
            kept.heard = kept.heard.then(heard)


class MemoryReplays:
    """``axis.replays.Replays`` on ``MemoryBooks``."""

    def __init__(self, books: MemoryBooks) -> None:
        self._books = books
        self._state = books.replaying

    def marked(self, row: Row) -> Row:
        """A row of an inbox with the job that gives it back, where one does."""
        delivery = row.delivery
        key = Key(delivery.doc, delivery.place.recipient, delivery.attempt)
        if delivery.again is Again.NONE or key not in self._state.handed:
            return row
        job, no = self._state.handed[key]
        done_at = self._state.items[job][no - 1].item.done_at
        return replace(row, redelivery=Redelivery(job, done_at))

    async def candidates(self, asked: Filter, limit: int) -> list[Candidate]:
        assert asked.bounded
        found = [
            candidate
            for candidate in map(self._candidate, sorted(self._books.deliveries, key=self._order))
            if self._matches(asked, candidate)
        ]
        return found[:limit]

    def _order(self, place: Place) -> tuple[int, str]:
        return self._books.deliveries[place].doc, place.recipient

    def _candidate(self, place: Place) -> Candidate:
        delivery = self._books.deliveries[place]
        document = self._books.documents[delivery.doc]
        done = (
            event.occurred_at
            for event in self._books.events
            if (event.kind, event.doc, event.recipient) == ("done", delivery.doc, place.recipient)
        )
        relations = set(self._relations(delivery))
        return Candidate(
            delivery,
            document.sha256,
            document.size,
            document.occurred_at,
            next(done, 0),
            "recalls" in relations,
            "replaces" in relations,
        )

    def _relations(self, delivery: Delivery) -> Iterable[str]:
        document = self._books.documents[delivery.doc]
        for other in self._books.documents.values():
            sent_too = any(r.agency == delivery.place.recipient for r in other.recipients)
            if other.seq > document.seq and other.sender == document.sender and sent_too:
                for link in other.links:
                    if (link.sender, link.document_id) == (document.sender, document.document_id):
                        yield link.relation

    def _matches(self, asked: Filter, one: Candidate) -> bool:
        delivery = one.delivery
        at = one.done_at or one.occurred_at
        return (
            asked.sender in ("", delivery.sender)
            and asked.recipient in ("", delivery.place.recipient)
            and asked.kind in (None, delivery.kind)
            and asked.transport in (None, delivery.transport)
            and asked.business in (None, delivery.business)
            and asked.reason in ("", delivery.reason)
            and (asked.since is None or at >= asked.since)
            and (asked.until is None or (at < asked.until and one.occurred_at < asked.until))
            and (not asked.named or _named(asked, delivery))
        )

    async def page(self, job: str, after: int, limit: int) -> list[tuple[int, Candidate]]:
        found = []
        for kept in self._state.items.get(job, ())[after : after + limit]:
            no, doc, recipient, _ = kept.item
            (place,) = (p for p in self._books.by_doc[doc] if p.recipient == recipient)
            found.append((no, self._candidate(place)))
        return found

    async def job(self, job: str) -> Job | None:
        return self._state.jobs.get(job)

    async def jobs(self, agency: str | None, limit: int) -> list[Job]:
        found = [job for job in self._state.jobs.values() if agency in (None, job.agency)]
        return sorted(found, key=lambda job: (job.planned_at, job.id), reverse=True)[:limit]

    async def running(self) -> list[Job]:
        found = [job for job in self._state.jobs.values() if job.stage is Stage.RUNNING]
        return sorted(found, key=lambda job: job.id)

    async def items(self, job: str, after: int, limit: int) -> list[ItemRow]:
        return [
            ItemRow(
                kept.item.no,
                self._books.documents[kept.item.doc].id,
                kept.item.recipient,
                kept.item.done_at,
                kept.attempt,
                *kept.heard,
                kept.skipped,
                kept.compared,
            )
            for kept in self._state.items.get(job, ())[after : after + limit]
        ]

    async def outcomes(self, job: str) -> Outcomes:
        counted = Counter(
            (int(kept.attempt > 0), int(kept.heard.handed), str(kept.heard.word), kept.skipped)
            for kept in self._state.items.get(job, ())
        )
        return outcomes_of((*key, n) for key, n in counted.items())


def _named(asked: Filter, delivery: Delivery) -> bool:
    return any(
        doc_id == delivery.doc_id and recipient in ("", delivery.place.recipient)
        for doc_id, recipient in asked.named
    )
