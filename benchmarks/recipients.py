"""The 95 recipients of one process, as their software works: take, check, confirm, say 01.

They take packages in pages, check digest and signature, confirm ``done`` and say 01; every sender
reads its 01 back. Between two looks they wait five times what agencies wait: what is measured with
them is how many documents go, and not how soon each arrives.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from agencies.client import STATUSES_MAX, Client, Package
from agencies.examine import Examiner
from axis.core.timetable import from_iso
from schemas.bus import PARTITIONS, STATUSES_PARTITION, inbox_topic, recipient_of

#: Requests under way at once, for confirming and saying.
AT_ONCE = 8
GATHER_S = 0.5
#: Bytes for which a broker gathers records, unless the wait is over.
FETCH_BYTES_MIN = 1024 * 1024
POLL_S = 20.0


@dataclass
class Recipients:
    """All agencies in one process, over long polls. ``heard`` counts the statuses that came back to
    their senders.
    """

    clients: Mapping[str, Client]
    examiner: Examiner
    heard: int = 0
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _all: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: int = 0

    async def run(self, ready: asyncio.Event) -> None:
        """Take, confirm, say and hear for ever; ``ready`` is set when they have begun."""
        async with asyncio.TaskGroup() as tasks:
            for code in self.clients:
                tasks.create_task(self._take(code))
                tasks.create_task(self._hear(code))
            ready.set()

    async def all_heard(self, statuses: int) -> None:
        """Return when so many statuses have come back since the beginning."""
        self._wanted = statuses
        self._all.clear()
        if self.heard < statuses:
            await self._all.wait()

    async def _take(self, code: str) -> None:
        client = self.clients[code]
        while True:
            page, _ = await client.packages("", POLL_S, None)
            if page:
                async with self._places:
                    await self._receive(client, page)
                await asyncio.sleep(GATHER_S)

    async def _hear(self, code: str) -> None:
        while True:
            if await self._heard(code, POLL_S):
                await asyncio.sleep(GATHER_S)

    async def _heard(self, code: str, wait_s: float) -> int:
        """Read a page of statuses: how many it had."""
        page, self.read[code] = await self.clients[code].hear(self.read[code], wait_s)
        self.heard += sum(one["kind"] == "status" for one in page)
        if self.heard >= self._wanted:
            self._all.set()
        return len(page)

    async def _receive(self, client: Client, page: Sequence[Package]) -> None:
        for package in page:
            told = package.told
            at_us = from_iso(str(told["occurred_at"]))
            found = self.examiner.examine(
                package.raw, str(told["sha256"]), str(told["sender"]), at_us
            )
            assert not found.fault, found.fault
        ids = [str(package.told["id"]) for package in page]
        items = await client.confirm(ids, None)
        assert all("problem" not in item for item in items), items
        said = [{"delivery": delivery, "code": "01"} for delivery in ids]
        for first in range(0, len(said), STATUSES_MAX):
            results = await client.say(said[first : first + STATUSES_MAX])
            assert all("problem" not in result for result in results), results


@dataclass
class Told(Recipients):
    """The same, told by their topics."""

    bootstrap: str = ""
    _waits: dict[tuple[str, bool], asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    async def run(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(ready))
            await super().run(asyncio.Event())

    async def _listen(self, ready: asyncio.Event) -> None:
        # Told twice a second at most: each fetch of 570 partitions costs the broker milliseconds.
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=int(GATHER_S * 1e3),
            fetch_min_bytes=FETCH_BYTES_MIN,
        )
        await consumer.start()
        try:
            topics = [inbox_topic("", code) for code in self.clients]
            consumer.assign([TopicPartition(t, n) for t in topics for n in range(PARTITIONS)])
            await consumer.seek_to_end()
            ready.set()
            while True:
                found = await consumer.getmany(timeout_ms=1000, max_records=1000)
                for place in found:
                    code = recipient_of("", place.topic)
                    assert code is not None
                    self._waits[code, place.partition == STATUSES_PARTITION].set()
                await asyncio.sleep(GATHER_S if found else 0)
        finally:
            await consumer.stop()

    async def _take(self, code: str) -> None:
        client, told = self.clients[code], self._waits[code, False]
        while True:
            await told.wait()
            told.clear()
            while True:
                async with self._places:
                    page, _ = await client.packages("", 0, None)
                    if not page:
                        break
                    await self._receive(client, page)

    async def _hear(self, code: str) -> None:
        told = self._waits[code, True]
        while True:
            await told.wait()
            told.clear()
            while await self._heard(code, 0) == STATUSES_MAX:
                pass
