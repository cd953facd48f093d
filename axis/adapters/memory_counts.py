"""What the counters say, and what waits, on dicts: beside ``memory_store``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from axis.core.document import Delivery
from axis.core.lifecycle import Transport
from axis.core.tally import CARRIED, STANDING, Counted, Key, Since
from axis.ports import Queue

if TYPE_CHECKING:
    from axis.adapters.memory_store import MemoryBooks


def counts(
    tally: Mapping[Key, int], agencies: Sequence[str] | None, first_day: int, last_day: int
) -> list[tuple[str, int, str, int]]:
    """Counters of a span of days, or what stands."""
    standing = (first_day, last_day) == (STANDING, STANDING)
    return [
        (agency, day, metric, n)
        for (agency, day, metric), n in sorted(tally.items())
        if n
        and (agencies is None or agency in agencies)
        and first_day <= day <= last_day
        and (day == STANDING) == standing
    ]


def sums(
    tally: Mapping[Key, int], spans: Sequence[tuple[int, int]], metrics: Collection[str]
) -> list[tuple[int, str, str, int]]:
    """Counters summed over spans."""
    summed: Counter[tuple[int, str, str]] = Counter()
    for (agency, day, metric), n in tally.items():
        if day != STANDING and metric in metrics:
            for no, (first, last) in enumerate(spans):
                if first <= day <= last:
                    summed[no, agency, metric] += n
    return [(*key, n) for key, n in summed.items() if n]


def counted(tally: Mapping[Key, int], since: Mapping[str, Since]) -> Counted:
    """What the counters cover."""
    days = [day for _, day, _ in tally if day != STANDING]
    carried = [day for _, day, metric in tally if metric in CARRIED]
    last = max(carried, default=None)
    return Counted(min(days, default=None), max(days, default=None), last, since)


def queues(books: MemoryBooks) -> list[Queue]:
    """What waits, per agency."""
    found: dict[str, list[Delivery]] = {}
    for delivery in books.deliveries.values():
        if delivery.transport.open or delivery.transport is Transport.PARKED:
            found.setdefault(delivery.place.recipient, []).append(delivery)
    return [_queue(books, agency, waiting) for agency, waiting in sorted(found.items())]


def _queue(books: MemoryBooks, agency: str, deliveries: Sequence[Delivery]) -> Queue:
    states = Counter(delivery.transport for delivery in deliveries)
    oldest = min((d.doc for d in deliveries if d.transport.open), default=None)
    return Queue(
        agency,
        waiting=states[Transport.WAITING],
        offered=states[Transport.OFFERED],
        parked=states[Transport.PARKED],
        oldest=None if oldest is None else books.documents[oldest].recorded_at,
    )
