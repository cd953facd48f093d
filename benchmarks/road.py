"""The whole road: how many documents a second go all the way, embedded and in the large form.

Pre-signed packages are handed in (bulk requests) at an axis over SQLite, and the same at one over
PostgreSQL (with fsync) and Kafka; the recipients (``benchmarks.recipients``) poll the one, and are
told by their topics of the other. A run ends when every 01 is back at its sender. Everything shares
the machine. CPU is that of all servers.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice

import uvloop

from agencies.client import Client
from agencies.examine import Examiner
from agencies.history.seats import take_seats
from agencies.line import HttpLine
from agencies.load.processes import cpu_s, family
from agencies.together import together
from agencies.world import read_certificates
from benchmarks import large, servers
from benchmarks.packages import Signed, signed
from benchmarks.recipients import Recipients, Told
from benchmarks.scale import Act, Scale, in_turn
from benchmarks.table import Aim, Pair, Row, Run, Side

#: Behind the last document a run takes a second and more, in which little is done.
DOCUMENTS = 10_000
AT_ONCE = 8
#: Packages of one bulk request at most; those of one sender.
BULK = 100
RUN_S_MAX = 120.0


def row(scale: Scale) -> Row:
    """Interleaved runs of both forms; the counterpart of the large form is the embedded one."""
    out = Row("whole road: sent, taken, checked, confirmed, 01 back")
    count = scale.of(DOCUMENTS)
    with (
        large.servers() as here,
        servers.axis() as small,
        servers.axis(settings=here.settings) as axis,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop,
    ):
        pids = {"axis": axis.pid, **here.pids}
        packages = signed(axis.home)
        embedded = Road(small, {"axis": small.pid})
        over = Road(axis, pids, here.bootstrap)
        for road in (embedded, over):
            loop.run(road.open())
            loop.run(road.go(list(islice(packages, scale.of(1_000)))))  # To warm up.

        def pair() -> tuple[Act, Act]:
            chosen = list(islice(packages, count))
            return lambda: loop.run(over.go(chosen)), lambda: loop.run(embedded.go(chosen))

        try:
            ours, other = in_turn(pair, scale.pairs)
        finally:
            loop.run(over.close())
            loop.run(embedded.close())
        out.figures |= {
            "deliveries of a document": over.deliveries / over.documents,
            **{f"{name} over Kafka, CPU, us": us for name, us in over.cpu_us().items()},
            **{f"{name} embedded, CPU, us": us for name, us in embedded.cpu_us().items()},
        }
    pair_ = Pair(
        "the same packages", Side.of("over Kafka and PostgreSQL", ours), Side.of("embedded", other)
    )
    out.pairs.append(pair_)
    out.aims.append(Aim("whole road over Kafka", pair_.ours.median, "a second", 1_500))
    return out


def _bulks(packages: Iterable[Signed]) -> Iterator[list[Signed]]:
    """Each sender's packages, as many as go into one request."""
    by_sender: dict[str, list[Signed]] = defaultdict(list)
    for package in packages:
        some = by_sender[package.sender]
        some.append(package)
        if len(some) == BULK:
            yield by_sender.pop(package.sender)
    yield from by_sender.values()


async def hand_in(clients: Mapping[str, Client], packages: Sequence[Signed]) -> None:
    """Bulk requests, some at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def post(some: Sequence[Signed]) -> None:
        async with places:
            results = await clients[some[0].sender].post_documents([(p.body, None) for p in some])
        assert all(result["status"] == 201 for result in results), results

    await together(post(some) for some in _bulks(packages))


@dataclass
class Road:
    """One axis, and everybody who sends to it and takes from it."""

    axis: servers.Server
    pids: Mapping[str, int]
    bootstrap: str = ""
    documents: int = 0
    deliveries: int = 0

    async def open(self) -> None:
        """Sign in, and have the recipients wait."""
        self._stack = AsyncExitStack()
        url = f"http://{servers.HOST}:{self.axis.port}"
        line = await self._stack.enter_async_context(HttpLine(self.axis.home / "axis", url))
        seats = take_seats(self.axis.home, line)
        self._clients = {code: seat.client for code, seat in seats.items()}
        await together(client.sign_in() for client in self._clients.values())
        examiner = Examiner(read_certificates(self.axis.home))
        self._recipients = (
            Told(self._clients, examiner, bootstrap=self.bootstrap)
            if self.bootstrap
            else Recipients(self._clients, examiner)
        )
        ready = asyncio.Event()
        self._playing = asyncio.create_task(self._recipients.run(ready))
        await ready.wait()
        self._begun = self._cpu()

    async def go(self, packages: Sequence[Signed]) -> Run:
        """Hand packages in, and wait until all that follows has been heard."""
        count = len(packages)
        self.documents += count
        self.deliveries += sum(len(package.recipients) for package in packages)
        before, begun = self._cpu(), time.perf_counter()
        async with asyncio.timeout(RUN_S_MAX):
            await hand_in(self._clients, packages)
            await self._recipients.all_heard(self.deliveries)
        took, after = time.perf_counter() - begun, self._cpu()
        spent = sum(after[name] - before[name] for name in self.pids)
        return Run(count / took, spent / count * 1e6)

    def cpu_us(self) -> dict[str, float]:
        """CPU of each server for a document, over all that went."""
        after = self._cpu()
        return {name: (after[name] - self._begun[name]) / self.documents * 1e6 for name in after}

    async def close(self) -> None:
        """Leave."""
        self._playing.cancel()
        await asyncio.wait([self._playing])
        await self._stack.aclose()

    def _cpu(self) -> dict[str, float]:
        return {name: sum(map(cpu_s, family(pid))) for name, pid in self.pids.items()}
