"""The whole road in the large form: how many documents a second go all the way.

``python -m benchmarks.road [DOCUMENTS]`` starts a Kafka broker, a PostgreSQL server (with fsync)
and an axis over both, hands pre-signed packages in (bulk requests), and lets the 95 recipients of
one process do what recipients do: they are told by their topics, take the packages, check digest
and signature, confirm ``done`` and say 01, and every sender reads its 01 back. A run ends when all
of them are back. Everything shares the machine. It prints documents a second of each run, and the
CPU of each part for one document.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from agencies.client import STATUSES_MAX, Client, Package
from agencies.examine import Examiner
from agencies.history.seats import take_seats
from agencies.line import HttpLine
from agencies.load.processes import cpu_s, family
from agencies.together import together
from agencies.world import read_certificates
from axis.broker import jars, keeper
from axis.cluster import Cluster
from axis.core.timetable import from_iso
from benchmarks import servers
from benchmarks.packages import Signed, signed
from benchmarks.table import Spread
from schemas.bus import PARTITIONS, STATUSES_PARTITION, inbox_topic, recipient_of
from tests import postgres

DOCUMENTS, RUNS = 4_000, 5
#: Requests under way at once, for sending and for confirming each.
AT_ONCE = 8
#: Packages of one bulk request at most; those of one sender.
BULK = 100
#: Between two looks at the topics: five times what agencies wait, for what is measured is how many
#: documents go, and not how soon each arrives.
GATHER_S = 0.5
RUN_S_MAX = 120.0

Parts = Mapping[str, float]


@dataclass
class Recipients:
    """All agencies in one process, told by their topics."""

    clients: Mapping[str, Client]
    examiner: Examiner
    bootstrap: str
    heard: int = 0
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _waits: dict[tuple[str, bool], asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _all: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: int = 0

    async def run(self, ready: asyncio.Event) -> None:
        """Take, confirm, say and hear for ever."""
        async with asyncio.TaskGroup() as tasks:
            for code in self.clients:
                tasks.create_task(self._take(code))
                tasks.create_task(self._hear(code))
            tasks.create_task(self._listen(ready))

    async def all_heard(self, statuses: int) -> None:
        """Return when so many statuses have come back since the beginning."""
        self._wanted = statuses
        self._all.clear()
        if self.heard < statuses:
            await self._all.wait()

    async def _listen(self, ready: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=500
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

    async def _receive(self, client: Client, page: Sequence[Package]) -> None:
        reach: dict[int, int] = {}
        for package in page:
            told = package.told
            at_us = from_iso(str(told["occurred_at"]))
            found = self.examiner.examine(
                package.raw, str(told["sha256"]), str(told["sender"]), at_us
            )
            assert not found.fault, found.fault
            reach[int(told["urgency"])] = int(told["no"])
        for urgency, no in reach.items():
            await client.confirm_up_to(urgency, no, None)
        said = [{"delivery": str(package.told["id"]), "code": "01"} for package in page]
        for first in range(0, len(said), STATUSES_MAX):
            results = await client.say(said[first : first + STATUSES_MAX])
            assert all("problem" not in result for result in results), results

    async def _hear(self, code: str) -> None:
        client, told = self.clients[code], self._waits[code, True]
        while True:
            await told.wait()
            told.clear()
            while True:
                page, self.read[code] = await client.hear(self.read[code], 0)
                self.heard += sum(one["kind"] == "status" for one in page)
                if self.heard >= self._wanted:
                    self._all.set()
                if len(page) < STATUSES_MAX:
                    break


def _bulks(packages: Iterable[Signed]) -> Iterator[list[Signed]]:
    """Each sender's packages, as many as go into one request."""
    by_sender: dict[str, list[Signed]] = defaultdict(list)
    for package in packages:
        some = by_sender[package.sender]
        some.append(package)
        if len(some) == BULK:
            yield by_sender.pop(package.sender)
    yield from by_sender.values()


async def _hand_in(clients: Mapping[str, Client], packages: Sequence[Signed]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def post(some: Sequence[Signed]) -> None:
        async with places:
            results = await clients[some[0].sender].post_documents([(p.body, None) for p in some])
        assert all(result["status"] == 201 for result in results), results

    await together(post(some) for some in _bulks(packages))


@dataclass(frozen=True, slots=True)
class Run:
    """One run: documents a second, deliveries of a document, and CPU microseconds by part."""

    per_second: float
    fan_out: float
    cpu_us: Parts


def _cpu(pids: Mapping[str, int]) -> dict[str, float]:
    spent = {name: sum(map(cpu_s, family(pid))) for name, pid in pids.items()}
    return {**spent, "senders and recipients": time.process_time()}


async def measure(
    home: Path, url: str, bootstrap: str, pids: Mapping[str, int], documents: int
) -> list[Run]:
    """Runs one after the other, the first of which is not counted."""
    runs: list[Run] = []
    packages = signed(home)
    async with HttpLine(home / "axis", url) as line:
        clients = {code: seat.client for code, seat in take_seats(home, line).items()}
        await together(client.sign_in() for client in clients.values())
        recipients = Recipients(clients, Examiner(read_certificates(home)), bootstrap)
        ready = asyncio.Event()
        playing = asyncio.create_task(recipients.run(ready))
        await ready.wait()
        expected = 0
        for _ in range(RUNS + 1):
            chosen = list(islice(packages, documents))
            deliveries = sum(len(package.recipients) for package in chosen)
            expected += deliveries
            before, begun = _cpu(pids), time.perf_counter()
            async with asyncio.timeout(RUN_S_MAX):
                await _hand_in(clients, chosen)
                await recipients.all_heard(expected)
            took, after = time.perf_counter() - begun, _cpu(pids)
            cpu_us = {name: (after[name] - before[name]) / documents * 1e6 for name in after}
            runs.append(Run(documents / took, deliveries / documents, cpu_us))
        playing.cancel()
        await asyncio.wait([playing])
    return runs[1:]


@contextmanager
def _servers() -> Iterator[tuple[Cluster, Any]]:
    jars.install()
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        with tempfile.TemporaryDirectory() as folder, keeper.kept(Path(folder) / "kafka") as broker:
            yield cluster, broker
    finally:
        cluster.remove()


def main() -> None:
    """Measure on servers of its own."""
    documents = int(sys.argv[1]) if sys.argv[1:] else DOCUMENTS
    with _servers() as (cluster, broker):
        os.environ |= {"AXIS_DATABASE": cluster.url, "AXIS_KAFKA_BOOTSTRAP": broker.bootstrap}
        with servers.axis() as axis:
            assert cluster.process is not None
            pids = {
                "axis": axis.pid,
                "PostgreSQL": cluster.process.pid,
                "Kafka": broker.pid,
            }
            url = f"http://{servers.HOST}:{axis.port}"
            runs = uvloop.run(measure(axis.home, url, broker.bootstrap, pids, documents))
    rate = Spread.of([run.per_second for run in runs])
    lines = [
        f"| {name} | {Spread.of([run.cpu_us[name] for run in runs]).show()} |"
        for name in runs[0].cpu_us
    ]
    sys.stdout.write(
        f"**{rate.show()} documents a second**, each to {runs[0].fan_out:.2f} recipients. "
        "Promised: 1,500.\n\n| CPU of a document (us) | |\n|---|---|\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
