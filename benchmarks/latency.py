"""From POST to recipient at a fixed rate of arrivals: open loop, Poisson, from the intended start.

A document is available when the open long poll of a recipient has named it, and in hand when a poll
for packages has brought its last byte.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import orjson

from agencies.load.wire import Connection, request
from axis.core.spread import percentile
from benchmarks import servers
from benchmarks.load import Result, connect, open_loop, run
from benchmarks.measure import Doors
from benchmarks.packages import Signed, signed
from benchmarks.scale import Scale
from benchmarks.table import Aim, Latency, Row
from schemas import frames

CONNECTIONS = 64
OPEN_LOOP_S = 10
#: Of the recipients every fourth holds a long poll, unless all do.
POLLS_ONE_IN = 4
#: The promise and the aim for the 99th percentile to available, in ms, by documents a second.
AIMS_MS = {300: (15.0, 5.0), 1000: (50.0, 15.0)}


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds at a fixed rate of arrivals."""

    ack_ms: Sequence[float]
    #: Until a recipient's poll has answered, one figure for each delivery to one that polls.
    recipient_ms: Sequence[float]


def row(scale: Scale) -> Row:
    """Some recipients poll at either rate, some poll for whole packages, all poll."""
    out = Row("POST to recipient, embedded")
    for rate, (promised, aim) in AIMS_MS.items():
        told = _some(rate, Poll, POLLS_ONE_IN, scale)
        out.latencies += [
            latency(f"POST to 201, {rate:,} a second", told.ack_ms),
            latency(f"POST to available, {rate:,} a second", told.recipient_ms),
        ]
        p99 = out.latencies[-1].p99_ms
        what = f"p99 POST to available, {rate:,} a second"
        out.aims.append(Aim(what, p99, "ms", promised, aim, at_most=True))
    for name, poll, one_in in (
        ("POST to package in hand, 300 a second", PackagePoll, POLLS_ONE_IN),
        ("POST to available, 300 a second, all 95 poll", Poll, 1),
    ):
        out.latencies.append(latency(name, _some(300, poll, one_in, scale).recipient_ms))
    out.remarks.append(
        f"Poisson arrivals for {scale.of(OPEN_LOOP_S)} s, one recipient of {POLLS_ONE_IN} polls; "
        "when all do, a document for everybody wakes 94 at once."
    )
    return out


def latency(point: str, values_ms: Sequence[float]) -> Latency:
    """What is told of latencies in milliseconds."""
    ordered = sorted(values_ms)
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
    assert p50 is not None, f"nothing was waited for: {point}"
    assert p99 is not None
    return Latency(point, len(ordered), p50, p99)


def arrivals(rate: float, count: int) -> list[float]:
    """Seconds at which so many documents are due, a second from now at the earliest."""
    dice = random.Random(1)
    at_s, clock = [], 1.0
    for _ in range(count):
        clock += dice.expovariate(rate)
        at_s.append(clock)
    return at_s


def _some(rate: int, poll: type[Poll], one_in: int, scale: Scale) -> Latencies:
    with servers.axis() as axis:
        chosen = list(islice(signed(axis.home), rate * scale.of(OPEN_LOOP_S)))
        return run(_latency(axis, chosen, rate, poll, one_in))


async def _latency(
    axis: servers.Server, chosen: list[Signed], rate: int, poll: type[Poll], one_in: int
) -> Latencies:
    doors = Doors(axis)
    begun = time.perf_counter()
    at_s = arrivals(rate, len(chosen))
    requests = [await doors.post(p) for p in chosen]
    arrived: dict[str, list[float]] = {}
    started: dict[str, float] = {}
    codes = sorted({code for p in chosen for code in p.recipients})[::one_in]
    expected = sum(len({*p.recipients}.intersection(codes)) for p in chosen)
    polls = [poll(await connect(axis.port), await doors.token(code)) for code in codes]
    for one in polls:
        await one.skip()

    def done(_index: int, start: float, body: bytes) -> None:
        started[str(servers.as_json(body)["doc"])] = start

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one.run(arrived)) for one in polls]
        result: Result = await open_loop(axis.port, requests, at_s, CONNECTIONS, done)
        deadline = time.perf_counter() + 20
        while sum(map(len, arrived.values())) < expected and time.perf_counter() < deadline:
            await asyncio.sleep(0.05)
        for task in running:
            task.cancel()
    seen = sum(map(len, arrived.values()))
    assert seen == expected, f"{seen} of {expected} deliveries in {time.perf_counter() - begun} s"
    reached = [(at - started[doc]) * 1e3 for doc, times in arrived.items() for at in times]
    return Latencies([s * 1e3 for s in result.latencies_s], reached)


class Poll:
    """One recipient that long-polls its inbox: what it names is available."""

    PATH = "/v1/inbox"

    def __init__(self, connection: Connection, token: str) -> None:
        self._connection = connection
        self._token = token
        self._after: dict[int, int] = {}

    async def skip(self) -> None:
        """Pass over what waits from earlier runs."""
        while await self._page(0):
            pass

    async def run(self, arrived: dict[str, list[float]]) -> None:
        """Note the arrival of every package, for ever."""
        while True:
            for header in await self._page(20):
                arrived.setdefault(str(header["doc"]), []).append(time.perf_counter())

    async def _page(self, wait_s: int) -> list[dict[str, object]]:
        after = ",".join(f"{urgency}:{no}" for urgency, no in self._after.items())
        raw = request(
            "GET",
            f"{self.PATH}?wait={wait_s}&after={after}",
            Authorization=f"Bearer {self._token}",
        )
        reply = await self._connection.ask(raw)
        assert reply.status == 200, reply.told
        listed = self.listed(reply.body)
        for one in listed:
            self._after[int(str(one["urgency"]))] = int(str(one["no"]))
        return listed

    @staticmethod
    def listed(body: bytes) -> list[dict[str, object]]:
        """The deliveries of an answer."""
        listed: list[dict[str, object]] = orjson.loads(body)["deliveries"]
        return listed


class PackagePoll(Poll):
    """One recipient that long-polls its packages, and then holds them."""

    PATH = "/v1/inbox/packages"

    @staticmethod
    def listed(body: bytes) -> list[dict[str, object]]:
        return [header for header, _ in frames.frames(body)]
