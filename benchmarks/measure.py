"""Rates at the door: what posts, one package or many in a request, against a bare route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

import orjson

from agencies.load.wire import request
from benchmarks import rsa, servers
from benchmarks.load import Result, closed_loop, connect, run
from benchmarks.packages import EARLIER_DAY, Signed, signed
from benchmarks.scale import Act, Scale, in_turn
from benchmarks.table import Aim, Pair, Row, Run, Side
from schemas import frames

AXIS = "the axis"
CONNECTIONS = 64
#: Requests of a run, by connections: about a second of the axis's time each.
REQUESTS = {1: 300, 8: 1_000, 64: 1_500}
#: Bulk requests of a run, each of so many packages; a sender seldom has two under way.
BULK_PACKAGES = 100
BULK_REQUESTS = 24
BULK_CONNECTIONS = 8


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


def single(scale: Scale) -> Row:
    """POST of one signed package against a bare route that reads the same body: one process and
    all cores, few connections and many, ECDSA and RSA.
    """
    out = Row("single POST, against a bare Starlette route that reads the same body")
    memory_mb = 0.0
    for processes in dict.fromkeys((1, servers.PROCESSES)):
        on = _many(processes, "process", "es")
        with ExitStack() as stack:
            bare = stack.enter_context(servers.bare(processes))
            axis = stack.enter_context(servers.axis(processes, prepare=rsa.trust))
            ways = {
                "ECDSA": signed(axis.home),
                "RSA": signed(axis.home, rsa.keys(), first_day=EARLIER_DAY),
            }
            for connections, requests in REQUESTS.items():
                for name, packages in ways.items():
                    wires = Wires(axis, bare, connections)
                    ours, other = wires.single(packages, scale.of(requests), scale.pairs)
                    point = f"{_many(connections, 'connection', 's')}, {on}, {name}"
                    out.pairs.append(
                        Pair(point, Side.of(AXIS, ours), Side.of("bare Starlette route", other))
                    )
            memory_mb = axis.memory_mb()
            out.figures[f"memory of the axis, {on}, MB"] = memory_mb
    best = next(pair for pair in reversed(out.pairs) if pair.point.endswith("ECDSA"))
    assert best.ratio is not None
    out.aims = [
        Aim(f"single POST, {best.point}", best.ours.median, "a second", 2_000, 3_000),
        Aim("the same, of a bare Starlette route", best.ratio.median, "", 0.1, 0.167),
        Aim("memory, embedded, all processes", memory_mb, "MB", 400, 250, at_most=True),
    ]
    return out


def bulk(scale: Scale) -> Row:
    """Bulk requests against single POSTs of as many packages, at one axis."""
    out = Row(f"bulk, {BULK_PACKAGES} packages a request, against a POST for each")
    with servers.axis() as axis:
        requests = scale.of(BULK_REQUESTS, 2)
        many, ones = Wires(axis, axis, CONNECTIONS).bulk(signed(axis.home), requests, scale.pairs)
    point = f"{BULK_CONNECTIONS} connections, and {CONNECTIONS}"
    pair = Pair(point, Side.of("bulk", many), Side.of("single", ones))
    out.pairs.append(pair)
    assert pair.ratio is not None
    out.aims = [
        Aim("bulk", pair.ours.median, "a second", 3_500, 5_000),
        Aim("the same, of single POSTs", pair.ratio.median, "", 1.5),
    ]
    return out


def _many(count: int, one: str, ending: str) -> str:
    return f"{count} {one}{ending * (count > 1)}"


@dataclass(frozen=True, slots=True)
class Wires:
    """So many connections to an axis, and to what it is measured against."""

    axis: servers.Server
    other: servers.Server
    connections: int

    def single(
        self, packages: Iterator[Signed], requests: int, pairs: int
    ) -> tuple[list[Run], list[Run]]:
        """The same requests at both."""
        doors = Doors(self.axis)

        def pair() -> tuple[Act, Act]:
            chosen = list(islice(packages, requests))

            async def prepare() -> list[bytes]:
                return [await doors.post(package) for package in chosen]

            raw = run(prepare())
            return (
                lambda: self._run(self.axis, raw, self.connections),
                lambda: self._run(self.other, raw, self.connections),
            )

        return in_turn(pair, pairs)

    def bulk(
        self, packages: Iterator[Signed], requests: int, pairs: int
    ) -> tuple[list[Run], list[Run]]:
        """Many in a request at one, and each by itself at the other."""
        doors = Doors(self.axis)
        by_sender: dict[str, list[Signed]] = {}

        def pair() -> tuple[Act, Act]:
            batches: list[list[Signed]] = []
            while len(batches) < requests:
                package = next(packages)
                waiting = by_sender.setdefault(package.sender, [])
                waiting.append(package)
                if len(waiting) == BULK_PACKAGES:
                    batches.append(by_sender.pop(package.sender))
            alone = list(islice(packages, BULK_PACKAGES * requests))

            async def prepare() -> tuple[list[bytes], list[bytes]]:
                return [await doors.bulk(b) for b in batches], [await doors.post(p) for p in alone]

            many, ones = run(prepare())
            return (
                lambda: self._run(self.axis, many, BULK_CONNECTIONS, BULK_PACKAGES),
                lambda: self._run(self.other, ones, self.connections),
            )

        return in_turn(pair, pairs)

    def _run(
        self, server: servers.Server, requests: Sequence[bytes], connections: int, each: int = 1
    ) -> Run:
        before = server.cpu_s()
        result = run(closed_loop(server.port, requests, connections))
        return figures(result, each, server.cpu_s() - before)


def figures(result: Result, each: int, cpu_s: float) -> Run:
    """What requests came to, of ``each`` packages; raises unless each package was new and taken."""
    documents = len(result.latencies_s) * each
    said = said_of_packages(result) if each > 1 else result.statuses
    assert said == {201: documents}, f"answers: {said}"
    return Run(result.per_second * each, cpu_s / documents * 1e6)


def said_of_packages(result: Result) -> Mapping[int, int]:
    """How often each status was said of the packages of bulk requests: the answer itself is 200,
    whatever it says of them.
    """
    assert set(result.statuses) == {200}, f"answers: {result.statuses}"
    return Counter(one["status"] for raw in result.answers for one in orjson.loads(raw)["results"])
