"""How packages come to an agency: it asks again and again, or its topic tells it.

Either way all of them are in the inbox at the axis until they are confirmed. A topic brings small
packages with it and says when to look; so a record that is lost costs ``LOOK_AGAIN_S`` at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agencies.client import Package
from agencies.journal import ReceivedJournal
from agencies.lanes import Ask, Lanes
from schemas.bus import Message

#: An agency that is told of nothing looks by itself this often: a notice may have been lost, and
#: a broker be away.
LOOK_AGAIN_S = 10.0
#: How often it looks whether it is switched off meanwhile.
SWITCH_S = 1.0
#: Packages from a topic that may wait here; beyond, they are taken from the inbox later.
PACKAGES_MAX = 256


class Recipient(Protocol):
    """The agency to which packages come (``agencies.endpoint.Endpoint``)."""

    @property
    def journal(self) -> ReceivedJournal:
        """What it remembers."""
        ...

    @property
    def holding(self) -> bool:
        """Whether packages that it has fetched are in the inbox still, to be taken later."""
        ...

    def knows(self, delivery: str) -> bool:
        """Whether a delivery is taken, or about to be."""
        ...

    async def off(self) -> bool:
        """Whether it is switched off; then some time has passed."""
        ...

    async def page(self, after: str, wait_s: float) -> tuple[Sequence[Package], str]:
        """A page of its inbox behind the cursor ``after``, and the cursor behind it."""
        ...

    async def receive(self, page: Sequence[Package]) -> None:
        """Check packages, remember what is new, confirm."""
        ...


class Way(Protocol):
    """Brings packages to an agency for ever."""

    def __call__(self, recipient: Recipient, /) -> Coroutine[Any, Any, None]:
        """Run."""
        ...


@dataclass(frozen=True, slots=True)
class Polled:
    """Long polls of the inbox, one after the other, each of ``wait_s`` at the most."""

    wait_s: float

    async def __call__(self, recipient: Recipient) -> None:
        """Ask for ever."""
        after = ""
        while True:
            if await recipient.off():
                continue
            page, following = await recipient.page(after, self.wait_s)
            if not page:
                # From the start: what was put back into its lane has an old number.
                after = ""
            else:
                await recipient.receive(page)
                # All that was confirmed is gone from the list; what is held would only come again.
                after = following if recipient.holding else ""


class News:
    """Something came. Whoever waits for it looks by itself after ``LOOK_AGAIN_S`` at the latest."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Wake who waits, now or next time."""
        self._event.set()

    async def wait(self, timeout_s: float = LOOK_AGAIN_S) -> bool:
        """Whether something came, in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


@dataclass
class Told:
    """What the topic of one agency has told, and has not been acted upon yet.

    ``hear`` and ``anew`` are called by whoever reads the topic; ``statuses`` wakes the reader of
    the status stream.
    """

    lanes: Lanes
    statuses: News = field(default_factory=News)
    _documents: News = field(default_factory=News)
    #: Taken from records in the order of their lanes, with the lane of each.
    _packages: list[Package] = field(default_factory=list)
    _passed: dict[int, int] = field(default_factory=dict)
    #: The inbox is to be read; what is heard before that has begun is in it. To its end, or until
    #: these numbers of lanes have been seen.
    _look: bool = True
    _to_the_end: bool = True
    _wanted: dict[int, int] = field(default_factory=dict)
    _recipient: Recipient | None = None

    def anew(self) -> None:
        """Reading begins, anywhere: what came before must be looked for."""
        self._look_to_the_end()
        self.statuses.tell()

    def hear(self, lane: int, record: Message) -> None:
        """Take note of a record of partition ``lane``."""
        ask = self.lanes.hear(lane, record, self._knows)
        match ask:
            case Ask.NOTHING:
                return
            case Ask.HEAR:
                self.statuses.tell()
                return
            case Ask.PASS if self._look:
                # What is before it is still to be looked for; both are written down then.
                return
            case Ask.PASS:
                self._passed[lane] = record.no
            case Ask.TAKE if not self._look and len(self._packages) < PACKAGES_MAX:
                self._packages.append(_package(lane, record))
            case Ask.FETCH | Ask.TAKE:
                self._look, self._wanted[lane] = True, record.no
            case Ask.LOOK:
                self._look_to_the_end()
        self._documents.tell()

    def _look_to_the_end(self) -> None:
        self._look = self._to_the_end = True
        self._documents.tell()

    def _knows(self, delivery: str) -> bool:
        return self._recipient is not None and self._recipient.knows(delivery)

    async def __call__(self, recipient: Recipient) -> None:
        """Bring what was told, and look, for ever (``Way``)."""
        self._recipient = recipient
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        while True:
            if await recipient.off():
                # Whatever came meanwhile is in the inbox.
                self._packages.clear()
                self._look = self._to_the_end = True
            elif self._packages or self._passed:
                await self._take(recipient)
            elif self._look or loop.time() >= looked_s + LOOK_AGAIN_S:
                self._to_the_end |= not self._look
                await self._read(recipient)
                looked_s = loop.time()
            else:
                await self._documents.wait(SWITCH_S)

    async def _take(self, recipient: Recipient) -> None:
        """What records brought: the packages, and numbers that wait no more."""
        packages, self._packages = self._packages, []
        passed, self._passed = self._passed, {}
        fresh = [one for one in packages if not recipient.knows(str(one.told["id"]))]
        if fresh:
            await recipient.receive(fresh)
        if passed:
            recipient.journal.reached(passed, self.lanes.source)

    async def _read(self, recipient: Recipient) -> None:
        """The inbox once, as far as is wanted."""
        wanted, self._wanted = self._wanted, {}
        to_the_end, self._look, self._to_the_end = self._to_the_end, False, False
        heard, source = dict(self.lanes.last), self.lanes.source
        after = ""
        while to_the_end or wanted:
            page, following = await recipient.page(after, 0.0)
            if not page:
                break
            await recipient.receive(page)
            after = following
            seen = {int(one.told["urgency"]): int(one.told["no"]) for one in page}
            # Numbers are given at commit: what is lower and was not in the inbox does not wait.
            self.lanes.reached(seen)
            wanted = {lane: no for lane, no in wanted.items() if seen.get(lane, 0) < no}
        # What was heard of before it was read had been committed.
        recipient.journal.reached(heard, source)


def _package(lane: int, record: Message) -> Package:
    """A package that came in its record, as the inbox would show it."""
    told: Mapping[str, object] = {
        "id": record.subject,
        "sender": record.sender,
        "document_id": record.document_id,
        "sha256": record.sha256,
        "occurred_at": record.time,
        "urgency": lane,
        "no": record.no,
        # One that is put back comes with an old number, and is read from the inbox.
        "attempt": 1,
    }
    return Package(told, record.package)
