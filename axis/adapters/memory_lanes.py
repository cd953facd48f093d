"""How far lanes are published, on dicts (``axis.lanes.Lanes``): beside ``memory_store``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from axis.core.document import Delivery, Place
from axis.core.record import (
    CHANGES,
    CHANGING,
    EVENTS,
    LANES,
    OBSERVERS,
    STATUSES,
    TOLD,
    EventPage,
    Found,
    Page,
    Record,
    Stretch,
    cursors_of,
    event_page,
    page_of,
)
from axis.lanes import Lag, Lease, Pace, Roll, roll_of

if TYPE_CHECKING:
    from axis.adapters.memory_store import MemoryBooks


@dataclass(slots=True)
class Held:
    """A row of the leases; ``owner`` is empty when nobody has it."""

    owner: str
    epoch: int
    until: int


_NOBODY = Held("", 0, 0)


@dataclass(slots=True)
class Relaying:
    """What is durable of the relays: cursors by (recipient, urgency), leases, and who lives."""

    published: dict[tuple[str, int], int] = field(default_factory=dict)
    leases: dict[str, Held] = field(default_factory=dict)
    relays: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Relaying:
        """Another that does not move with this one."""
        held = {code: replace(lease) for code, lease in self.leases.items()}
        return Relaying(dict(self.published), held, dict(self.relays))


class MemoryLanes:
    """``axis.lanes.Lanes`` on ``MemoryBooks``."""

    def __init__(self, books: MemoryBooks) -> None:
        self._books = books
        self._state = books.relaying

    async def beat(self, owner: str, now: int, until: int, *, events: bool = False) -> Roll:
        relays, leases = self._state.relays, self._state.leases
        relays[owner] = until
        for other in [name for name, seen in relays.items() if seen <= now]:
            del relays[other]
        for lease in leases.values():
            if lease.owner == owner:
                lease.until = until
        codes = sorted(self._books.agencies)
        observers = [self._row(OBSERVERS)] if events else None
        return roll_of(len(relays), map(self._row, codes), owner, now, observers)

    def _row(self, code: str) -> tuple[str, str, int, int]:
        held = self._state.leases.get(code, _NOBODY)
        return code, held.owner, held.epoch, held.until

    def _free(self, code: str, now: int) -> bool:
        lease = self._state.leases.get(code)
        return lease is None or not lease.owner or lease.until <= now

    async def take(
        self, owner: str, recipients: Sequence[str], now: int, until: int
    ) -> list[Lease]:
        taken = []
        for code in sorted(recipients):
            if self._free(code, now):
                known = self._state.leases.get(code)
                epoch = 1 if known is None else known.epoch + 1
                self._state.leases[code] = Held(owner, epoch, until)
                for cursor in cursors_of(code):
                    self._state.published.setdefault((code, cursor), 0)
                taken.append(Lease(code, epoch))
        return taken

    async def release(self, owner: str, recipients: Sequence[str]) -> None:
        for code in recipients:
            lease = self._state.leases.get(code)
            if lease is not None and lease.owner == owner:
                lease.owner = ""

    async def leave(self, owner: str) -> None:
        await self.release(owner, list(self._state.leases))
        self._state.relays.pop(owner, None)

    async def unpublished(self, recipients: Sequence[str], each_max: int, all_max: int) -> Page:
        rows = [row for code in recipients for row in self._changes(code, each_max)]
        rows += [row for code in recipients for row in self._statuses(code)]
        lanes = (row for code in recipients for row in self._lanes(code, each_max))
        rows += [row for row, _ in zip(lanes, range(all_max), strict=False)]
        return page_of(rows, recipients, each_max, all_max)

    def _changes(self, code: str, each_max: int) -> list[Found]:
        before = self._state.published[code, CHANGES]
        events = [
            event
            for event in self._books.events
            if event.recipient == code and event.kind in CHANGING and event.seq > before
        ]
        rows = []
        for event in events[:each_max]:
            (place,) = (p for p in self._books.by_doc[event.doc] if p.recipient == code)
            due = place.no <= self._state.published[code, place.urgency]
            rows.append(Found(CHANGES, before, event.seq, due, self._record(place)))
        return rows

    def _statuses(self, code: str) -> list[Found]:
        before = self._state.published[code, STATUSES]
        newest = max((e.seq for e in self._books.events if e.addressee == code), default=0)
        record = Record(code, STATUSES, newest)
        return [Found(STATUSES, before, newest, True, record)] if newest > before else []

    def _lanes(self, code: str, each_max: int) -> Iterator[Found]:
        for urgency in LANES:
            before = self._state.published[code, urgency]
            for no in range(before + 1, before + each_max + 1):
                place = Place(code, urgency, no)
                if place not in self._books.deliveries:
                    break
                yield Found(urgency, before, no, True, self._record(place))

    def _record(self, place: Place) -> Record:
        delivery: Delivery = self._books.deliveries[place]
        document = self._books.documents[delivery.doc]
        return Record(
            *place,
            delivery.transport,
            delivery.attempt,
            document.id,
            document.sender,
            document.document_id,
            document.sha256,
            document.size,
            document.occurred_at,
        )

    async def unobserved(self, limit: int) -> EventPage:
        before = self._state.published[OBSERVERS, EVENTS]
        first = bisect_right(self._books.events, before, key=lambda event: event.seq)
        rows = []
        for event in self._books.events[first : first + limit]:
            t = self._books.documents[event.doc]
            about = (t.id, t.sender, t.document_id, event.recipient)
            rows.append((event.seq, event.kind, *about, event.actor, event.code, event.occurred_at))
        return event_page(before, rows)

    async def advance(
        self, owner: str, leases: Mapping[str, Lease], stretches: Sequence[Stretch]
    ) -> list[Stretch]:
        moved = []
        for stretch in stretches:
            code, cursor, before, after = stretch
            lease = self._state.leases[code]
            mine = (lease.owner, lease.epoch) == (owner, leases[code].epoch)
            if mine and self._state.published[code, cursor] == before:
                self._state.published[code, cursor] = after
                moved.append(stretch)
        return moved

    async def lag(self) -> list[Lag]:
        told = []
        for code in sorted(self._books.agencies):
            waiting = [
                no
                for recipient, urgency, no in self._books.deliveries
                if recipient == code and no > self._state.published.get((code, urgency), 0)
            ]
            if waiting:
                told.append(Lag(code, len(waiting)))
        return told

    async def pace(self, now: int) -> Pace:
        sums: dict[str, int] = {}
        for (recipient, cursor), published in self._state.published.items():
            if cursor in TOLD:
                sums[recipient] = sums.get(recipient, 0) + published
        return Pace(sum(until > now for until in self._state.relays.values()), sums)

    async def events_behind(self) -> int:
        return self._books.seq - self._state.published.get((OBSERVERS, EVENTS), 0)
