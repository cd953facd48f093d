"""Tell who waits that something is there: turn what was committed into notices on the bus.

A notice is a hint to look. One that is lost costs delay and never a document, because whoever
waits looks by itself now and then (``handover.LOOK_AGAIN_S``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from axis.core.commands import Accepted, Moves, Outcome, Recorded, Redriven, Said
from axis.core.document import Delivery
from axis.core.lifecycle import Transport
from axis.core.notice import STATUSES, Notice
from axis.core.retry import Backoff
from axis.ports import Bus

log = structlog.get_logger()

#: States of which whoever reads a lane must know: a number waits again, or waits no more.
_LANE_CHANGES = frozenset((Transport.WAITING, Transport.PARKED, Transport.WITHDRAWN))


def notices(outcomes: Iterable[Outcome]) -> list[Notice]:
    """What to tell whom after ``outcomes``: every number of a lane; of a status stream, how far it
    reaches.
    """
    told: list[Notice] = []
    reach: dict[str, int] = {}

    def reaches(agency: str, seq: int) -> None:
        reach[agency] = max(seq, reach.get(agency, 0))

    def tell_of(moved: Delivery) -> None:
        if moved.transport in _LANE_CHANGES:
            told.append(Notice(*moved.place))
        if moved.transport is Transport.PARKED:
            reaches(moved.sender, moved.doc)

    for outcome in outcomes:
        match outcome:
            case Accepted(document, repeated=False):
                told += [Notice(r.agency, document.urgency, r.no) for r in document.recipients]
            case Said(seq=seq, addressee=addressee, repeated=False):
                reaches(addressee, seq)
            case Moves(items):
                for item in items:
                    if item.delivery is not None and item.changed:
                        tell_of(item.delivery)
            case Recorded(moved):
                for delivery in moved:
                    tell_of(delivery)
            case Redriven(recipient):
                told.append(Notice(recipient, STATUSES, 0))
            case _:
                pass
    return [*told, *(Notice(agency, STATUSES, seq) for agency, seq in reach.items())]


class Teller:
    """Tells behind the commits; the bus may be away for as long as it likes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._pending: list[Notice] = []
        self._more = asyncio.Event()

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of what was committed; returns at once."""
        if fresh := notices(outcomes):
            self._pending.extend(fresh)
            self._more.set()

    async def run(self) -> None:
        """Tell for ever."""
        backoff, attempt = Backoff(), 0
        while True:
            await self._more.wait()
            self._more.clear()
            batch, self._pending = self._pending, []
            try:
                await self._bus.publish(batch)
                attempt = 0
            except Exception as error:
                # The batch is dropped on purpose: those who wait look by themselves.
                attempt += 1
                log.warning("bus away", action="bus.failed", exc_info=error)
                await asyncio.sleep(backoff.delay_s(attempt, 0.5))
