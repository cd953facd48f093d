"""Tell recipients that something waits: turn what was committed into notices on the bus.

A notice is a hint to look. One that is lost costs delay and never a document, because whoever
waits looks by itself now and then (``handover.LOOK_AGAIN_S``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from axis.core.commands import Accepted, Moves, Outcome, Recorded, Said
from axis.core.document import Delivery
from axis.core.lifecycle import Transport
from axis.core.retry import Backoff
from axis.ports import STATUSES, Bus, Notice

log = structlog.get_logger()


def notices(outcomes: Iterable[Outcome]) -> list[Notice]:
    """What to tell whom after ``outcomes``; the highest number per topic is enough."""
    highest: dict[tuple[str, int], int] = {}

    def tell(recipient: str, topic: int, no: int) -> None:
        key = (recipient, topic)
        highest[key] = max(no, highest.get(key, 0))

    def tell_of(moved: Delivery) -> None:
        if moved.transport is Transport.PARKED:
            tell(moved.sender, STATUSES, moved.doc)
        elif moved.transport is Transport.WAITING:
            tell(*moved.place)

    for outcome in outcomes:
        match outcome:
            case Accepted(document, repeated=False):
                for recipient in document.recipients:
                    tell(recipient.agency, document.urgency, recipient.no)
            case Said(seq=seq, addressee=addressee, repeated=False):
                tell(addressee, STATUSES, seq)
            case Moves(items):
                for item in items:
                    if item.delivery is not None and item.changed:
                        tell_of(item.delivery)
            case Recorded(moved):
                for delivery in moved:
                    tell_of(delivery)
            case _:
                pass
    return [Notice(recipient, topic, no) for (recipient, topic), no in highest.items()]


class Relay:
    """Publishes behind the commits; the bus may be away for as long as it likes."""

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
        """Publish for ever."""
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
                log.warning("bus away", action="relay.failed", exc_info=error)
                await asyncio.sleep(backoff.delay_s(attempt, 0.5))
