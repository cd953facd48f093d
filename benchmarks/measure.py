"""The measurements: each returns figures of one run, pairs interleaved, with their spread."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import orjson

from agencies.load.wire import Connection, request
from benchmarks import servers
from benchmarks.load import Result, closed_loop, connect, open_loop, run
from benchmarks.packages import Signed
from schemas import frames

CONNECTIONS = 64
#: Pairs of (bare, axis) runs; the machine drifts by a quarter within minutes, so they alternate.
PAIRS = 7
REQUESTS_PER_RUN = 1500
BULK_PACKAGES = 100
BULK_REQUESTS_PER_RUN = 12
OPEN_LOOP_PER_SECOND = 300
OPEN_LOOP_S = 10
#: Of the recipients every fourth holds a long poll, unless all do.
POLLS_ONE_IN = 4


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of repeated figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values."""
        return cls(statistics.median(values), min(values), max(values))

    def show(self, digits: int = 0, unit: str = "") -> str:
        """``median (low to high)``."""
        low, middle, high = (f"{v:,.{digits}f}" for v in (self.low, self.median, self.high))
        return f"{middle}{unit} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server: requests a second, CPU microseconds per document."""

    per_second: float
    cpu_us: float


class Doors:
    """Tokens and requests for one axis."""

    def __init__(self, server: servers.Server) -> None:
        self.server = server
        self._tokens: dict[str, str] = {}

    async def token(self, code: str) -> str:
        """An agency's token, asked for once."""
        if code not in self._tokens:
            form = (
                f"grant_type=client_credentials&client_id={code}"
                f"&client_secret={servers.secret(self.server, code)}"
            )
            raw = request(
                "POST",
                "/v1/token",
                form.encode(),
                Content_Type="application/x-www-form-urlencoded",
            )
            connection = await connect(self.server.port)
            reply = await connection.ask(raw)
            connection.close()
            assert reply.status == 200, reply.told
            self._tokens[code] = str(servers.as_json(reply.body)["access_token"])
        return self._tokens[code]

    async def post(self, package: Signed) -> bytes:
        """The request that posts one package."""
        token = await self.token(package.sender)
        return request(
            "POST",
            "/v1/documents",
            package.body,
            Authorization=f"Bearer {token}",
            Content_Type="application/octet-stream",
        )

    async def bulk(self, packages: Sequence[Signed]) -> bytes:
        """The request that posts many packages of one sender."""
        token = await self.token(packages[0].sender)
        body = b"".join(frames.frame({}, p.body) for p in packages)
        return request(
            "POST",
            "/v1/documents/bulk",
            body,
            Authorization=f"Bearer {token}",
            Content_Type=frames.MEDIA_TYPE,
        )


def _run(server: servers.Server, requests: Sequence[bytes], per_request: int = 1) -> Run:
    before = server.cpu_s()
    result = run(closed_loop(server.port, requests, CONNECTIONS))
    cpu = server.cpu_s() - before
    bad = {code: n for code, n in result.statuses.items() if code not in (200, 201)}
    assert not bad, f"answers: {bad}"
    documents = len(requests) * per_request
    return Run(result.per_second * per_request, cpu / documents * 1e6)


def single_against_bare(
    bare: servers.Server, axis: servers.Server, packages: Iterator[Signed]
) -> tuple[list[Run], list[Run]]:
    """POST of one signed package, 64 connections, against a bare route that reads the same body."""
    doors = Doors(axis)
    base: list[Run] = []
    ours: list[Run] = []
    for pair in range(PAIRS):
        chosen = list(islice(packages, REQUESTS_PER_RUN))

        async def prepare(chosen: list[Signed] = chosen) -> list[bytes]:
            return [await doors.post(p) for p in chosen]

        requests = run(prepare())
        # Every other pair starts with the other one, so that drift favours neither.
        order = ((bare, base), (axis, ours)) if pair % 2 else ((axis, ours), (bare, base))
        for server, runs in order:
            runs.append(_run(server, requests))
    return base, ours


def bulk_against_single(
    axis: servers.Server, packages: Iterator[Signed]
) -> tuple[list[Run], list[Run]]:
    """Bulk requests of 100 packages against single POSTs of as many, interleaved."""
    doors = Doors(axis)
    single: list[Run] = []
    bulk: list[Run] = []
    by_sender: dict[str, list[Signed]] = {}
    for _ in range(PAIRS):
        batches: list[list[Signed]] = []
        while len(batches) < BULK_REQUESTS_PER_RUN:
            package = next(packages)
            waiting = by_sender.setdefault(package.sender, [])
            waiting.append(package)
            if len(waiting) == BULK_PACKAGES:
                batches.append(by_sender.pop(package.sender))
        alone = list(islice(packages, BULK_PACKAGES * BULK_REQUESTS_PER_RUN))

        async def prepare(
            batches: list[list[Signed]] = batches, alone: list[Signed] = alone
        ) -> tuple[list[bytes], list[bytes]]:
            return [await doors.bulk(b) for b in batches], [await doors.post(p) for p in alone]

        many, ones = run(prepare())
        bulk.append(_run(axis, many, BULK_PACKAGES))
        single.append(_run(axis, ones))
    return single, bulk


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds at a fixed rate of arrivals."""

    ack_ms: Sequence[float]
    #: Until a recipient's poll has answered, one figure for each delivery to one that polls.
    recipient_ms: Sequence[float]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def latency(
    axis: servers.Server,
    packages: Iterator[Signed],
    poll: type[Poll],
    one_in: int = POLLS_ONE_IN,
) -> Latencies:
    """POST to recipient at 300 documents a second: Poisson arrivals, recipients long-polling.

    ``poll`` says what a recipient asks for, one of ``one_in`` does. Counted from the intended
    start.
    """
    chosen = list(islice(packages, OPEN_LOOP_PER_SECOND * OPEN_LOOP_S))
    return run(_latency(axis, chosen, poll, one_in))


async def _latency(
    axis: servers.Server, chosen: list[Signed], poll: type[Poll], one_in: int
) -> Latencies:
    doors = Doors(axis)
    begun = time.perf_counter()
    dice = random.Random(1)
    at_s, clock = [], 1.0
    for _ in chosen:
        clock += dice.expovariate(OPEN_LOOP_PER_SECOND)
        at_s.append(clock)
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
