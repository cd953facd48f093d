"""The senders of a run: open loop, each document at its planned moment whatever the axis does.

A closed loop would wait for the axis and so hide how slow it is; here a document leaves when the
plan says, and its latency counts from then, also when it had to wait for a place among those in
flight. Each is built and signed just before it leaves. Building is pure and signatures are
deterministic, so a document that is sent again after a kill is the same bytes, and gets the same
receipt.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from agencies.client import Client, Refused
from agencies.compose import compose
from agencies.journal import Sent, SentJournal
from agencies.pace import Pace
from agencies.sizes import SMALL, Profile
from agencies.traffic import Planned
from agencies.ways import News
from axis.core.timetable import MICROSECONDS
from schemas.edxml_write import write
from schemas.signing import sign
from schemas.xmldsig import PrivateKey

#: Documents of one process on their way at once: at the peak of the day 120 a second are due, so
#: this is half a second of standstill before documents have to wait here instead of at the axis.
IN_FLIGHT_MAX = 64
#: How often an office looks at what was answered: assumed, every ninety minutes of the run's time,
#: and at least so often in real seconds, since somebody may watch.
LOOK_US = 90 * 60 * MICROSECONDS
LOOK_S_MAX = 2.0
#: One poll of the status stream.
HEAR_WAIT_S = 20.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Office:
    """One agency as a sender: its seat, what it signs with, what it remembers."""

    client: Client
    key: PrivateKey = field(repr=False)
    certificate_der: bytes = field(repr=False)
    journal: SentJournal = field(repr=False)


def package(
    planned: Planned, key: PrivateKey, certificate_der: bytes, profile: Profile = SMALL
) -> bytes:
    """The package of a planned document, signed where that is planned; the same bytes each time."""
    raw = write(compose(planned, profile))
    return sign(raw, key, certificate_der) if planned.signed else raw


async def drive(
    plan: Sequence[Planned],
    offices: Mapping[str, Office],
    pace: Pace,
    changed: Callable[[], None],
) -> None:
    """Send the documents of ``plan`` that have no answer yet, each at its time, in order."""
    places = asyncio.Semaphore(IN_FLIGHT_MAX)
    async with asyncio.TaskGroup() as tasks:
        for planned in plan:
            office = offices[planned.sender]
            if planned.index in office.journal.sent:
                continue
            # Sleeping also when nothing is left to wait for lets the answers be read in between.
            await asyncio.sleep(max(0.0, pace.left_s(planned.at_us)))
            await places.acquire()
            tasks.create_task(_send(planned, office, pace, places, changed))


async def _send(
    planned: Planned,
    office: Office,
    pace: Pace,
    places: asyncio.Semaphore,
    changed: Callable[[], None],
) -> None:
    try:
        raw = package(planned, office.key, office.certificate_der)
        doc, deliveries, refused = "", (), ""
        try:
            receipt = await office.client.post_document(raw, pace.stated(planned.at_us))
            doc, deliveries = str(receipt["doc"]), tuple(receipt["deliveries"])
        except Refused as error:
            # The plan holds nothing that may be refused: the run goes on and will not be exact.
            refused = str(error)
            log.warning(
                "document refused",
                action="document.refused",
                document_id=planned.document_id,
                why=refused,
            )
        office.journal.answered(
            Sent(
                index=planned.index,
                document_id=planned.document_id,
                sha256=hashlib.sha256(raw).hexdigest(),
                size=len(raw),
                started_s=pace.when_s(planned.at_us),
                answered_s=pace.monotonic(),
                doc=doc,
                deliveries=deliveries,
                refused=refused,
            )
        )
        changed()
    finally:
        places.release()


@dataclass
class Reader:
    """Reads the statuses that come back to one agency, page after page with ``look_s`` between
    them; every (delivery, code) counts once.

    It polls, or looks when ``news`` come.
    """

    client: Client
    look_s: float
    changed: Callable[[], None]
    news: News | None = None
    heard: set[tuple[str, str]] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Read for ever, from the beginning: pages are large and nothing need be remembered."""
        after = 0
        while True:
            page, after = await self.client.hear(after, 0.0 if self.news else HEAR_WAIT_S)
            for status in page:
                if status["kind"] == "status":
                    self.heard.add((str(status["delivery"]), str(status["code"])))
                else:
                    self.parked.add(str(status["delivery"]))
            if page:
                self.changed()
                await asyncio.sleep(self.look_s)
            elif self.news:
                await self.news.wait()
