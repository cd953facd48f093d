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
from axis.core.job_commands import Ran
from axis.core.lifecycle import Again, Transport
from axis.core.retry import Backoff
from axis.core.topic import Topic
from axis.ports import Bus

log = structlog.get_logger()

#: States of which whoever reads a lane must know: a number waits again, or waits no more.
_LANE_CHANGES = frozenset((Transport.WAITING, Transport.PARKED, Transport.WITHDRAWN))


def topics_of(outcomes: Iterable[Outcome]) -> list[Topic]:
    """Where something came with ``outcomes``, each once."""
    told: list[Topic] = []

    def tell_of(moved: Delivery) -> None:
        if moved.transport in _LANE_CHANGES or moved.again is Again.GIVEN:
            told.append(Topic(moved.place.recipient, statuses=False))
        if moved.transport is Transport.PARKED:
            told.append(Topic(moved.sender, statuses=True))

    for outcome in outcomes:
        match outcome:
            case Accepted(document, repeated=False):
                told += [Topic(r.agency, statuses=False) for r in document.recipients]
            case Said(addressee=addressee, repeated=False):
                told.append(Topic(addressee, statuses=True))
            case Moves(items):
                for item in items:
                    if item.delivery is not None and item.changed:
                        tell_of(item.delivery)
            case Recorded(moved) | Ran(moved=moved):
                for delivery in moved:
                    tell_of(delivery)
            case Redriven(recipient):
                told.append(Topic(recipient, statuses=True))
            case _:
                pass
    return list(dict.fromkeys(told))


class Teller:
    """Tells behind the commits; the bus may be away for as long as it likes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._pending: dict[Topic, None] = {}
        self._more = asyncio.Event()

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of what was committed; returns at once."""
        if fresh := topics_of(outcomes):
            self._pending |= dict.fromkeys(fresh)
            self._more.set()

    async def run(self) -> None:
        """Tell for ever."""
        backoff, attempt = Backoff(), 0
        while True:
            await self._more.wait()
            self._more.clear()
            batch, self._pending = list(self._pending), {}
            try:
                await self._bus.publish(batch)
                attempt = 0
            except Exception as error:
                # The batch is dropped on purpose: those who wait look by themselves.
                attempt += 1
                log.warning("bus away", action="bus.failed", exc_info=error)
                await asyncio.sleep(backoff.delay_s(attempt, 0.5))
