"""The seams of the relay: what it publishes, for whom, and where to. Docstrings are the contracts.

``tests/contract`` runs one suite per port on every adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from axis.core.record import OBSERVERS, EventPage, Observed, Page, Record, Stretch

#: A recipient, who holds its lease, the epoch, and until when.
_Row = tuple[str, str | None, int, int]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to publish what waits for an agency, or for the observers. Each taking of it has a
    higher ``epoch``.
    """

    recipient: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Roll:
    """Who relays: how many live, what one of them holds, and what nobody holds.

    ``agencies`` counts those of the directory. ``OBSERVERS`` may be held or free beside them.
    """

    relays: int
    agencies: int
    held: Sequence[Lease]
    free: Sequence[str]


def roll_of(
    relays: int,
    leases: Iterable[_Row],
    owner: str,
    now: int,
    observers: Sequence[_Row] | None = None,
) -> Roll:
    """The roll for ``owner``. ``leases`` are (agency, owner, epoch, until), by code, the last three
    empty where an agency has never been relayed. ``observers`` is their row, or none while they
    have never been told; None leaves them out.
    """
    rows = list(leases)
    agencies = len(rows)
    if observers is not None:
        rows += observers or [(OBSERVERS, None, 0, 0)]
    held = [Lease(code, epoch) for code, holder, epoch, _ in rows if holder == owner]
    free = [code for code, holder, _, until in rows if not holder or until <= now]
    return Roll(relays, agencies, held, free)


@dataclass(frozen=True, slots=True)
class Lag:
    """``numbers`` of an agency's lanes were not published yet."""

    recipient: str
    numbers: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How many relays live, and a number for each agency that was ever relayed, which grows with
    all that is published of its lanes and its status stream.
    """

    relays: int
    published: Mapping[str, int]


class Lanes(Protocol):
    """How far the lanes of every agency are published, and all events, and who does it.

    All times are microseconds UTC of whoever calls; what a relay that wakes too late may still do
    is decided by epochs and never by times. Every method is atomic and durable enough: what the
    last second before a crash of the store has moved may be as it was before, which repeats
    records, but no epoch is given twice to different owners.

    Raises ``Unavailable``; the outcome is unknown then, and everything may be repeated.
    """

    async def beat(self, owner: str, now: int, until: int, *, events: bool = False) -> Roll:
        """Say that ``owner`` lives until ``until``, and renew what it holds till then.

        A lease that has run out is renewed too unless somebody else has taken it. Relays that have
        not said so for their time are forgotten. ``free`` is in order of the codes. With ``events``
        the observers are on the roll too, behind the agencies.
        """
        ...

    async def take(
        self, owner: str, recipients: Sequence[str], now: int, until: int
    ) -> list[Lease]:
        """Take those of these leases that are free or have run out by ``now``."""
        ...

    async def release(self, owner: str, recipients: Sequence[str]) -> None:
        """Give up leases; what ``owner`` does not hold stays as it is."""
        ...

    async def leave(self, owner: str) -> None:
        """Give up everything, and be forgotten."""
        ...

    async def unpublished(self, recipients: Sequence[str], each_max: int, all_max: int) -> Page:
        """What is to be published of some agencies, whose leases have once been taken.

        The numbers of each lane behind its cursor, dense and in order, at most ``each_max``; of all
        lanes together at most ``all_max``, by agency as asked, most urgent lane first. Deliveries
        come as they stand, also those that are done. Of a status stream only the newest number
        comes: it reaches to there. Numbers behind their cursor that were parked, reset,
        withdrawn or given back since come again. Costs what is found and not what is in the books.
        """
        ...

    async def unobserved(self, limit: int) -> EventPage:
        """The next events behind the cursor of the observers, whose lease has once been taken.

        Every event of the books by number, at most ``limit``, from the first one on. Costs what is
        found and not what is in the books.
        """
        ...

    async def advance(
        self, owner: str, leases: Mapping[str, Lease], stretches: Sequence[Stretch]
    ) -> list[Stretch]:
        """Move cursors; those that were moved.

        One moves only while ``owner`` has the lease with that epoch and the cursor is where the
        stretch begins: whoever was late, or was rewound meanwhile, moves nothing.
        """
        ...

    async def lag(self) -> list[Lag]:
        """What is not published yet, by code; agencies with nothing are left out."""
        ...

    async def pace(self, now: int) -> Pace:
        """What shows whether anything is being published."""
        ...

    async def events_behind(self) -> int:
        """How many events observers have not been told of yet."""
        ...


class Publisher(Protocol):
    """Writes records to the topics of their recipients."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Write records, those of a lane in the order given; return when all have them.

        Raises ``axis.ports.BusAway`` when nothing of it comes about for seconds; some may be there
        all the same. Repeating is safe: readers drop what is lower than what they have seen.
        With no record it only asks whether the bus is there. Several calls may be under way when
        no two of them write to one lane.
        """
        ...


class Observers(Protocol):
    """Writes events to the topic of the observers."""

    async def observe(self, events: Sequence[Observed]) -> None:
        """Write events in the order given, none before those before it; return when all are there.

        Raises ``axis.ports.BusAway`` as ``Publisher.publish`` does. One call at a time.
        """
        ...
