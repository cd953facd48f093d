"""What comes out of Kafka while documents go in: how soon, and how many a second.

The axis is over PostgreSQL and Kafka. For the rate one consumer reads every topic; for the delay
some agencies read each its own, as an agency does. All of them are in the process that sends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import islice

from agencies.history.seats import take_seats
from agencies.line import HttpLine
from agencies.load.processes import cpu_s, family
from agencies.together import together
from benchmarks import large, servers
from benchmarks.latency import CONNECTIONS, OPEN_LOOP_S, arrivals, latency
from benchmarks.load import open_loop, run
from benchmarks.measure import Doors
from benchmarks.packages import Signed, signed
from benchmarks.relaying import RUN_S_MAX, Reader
from benchmarks.road import hand_in
from benchmarks.scale import Scale
from benchmarks.table import Aim, Pair, Row, Run, Side
from schemas.codes import agencies

RATE = 300
#: A broker that has just started is slow.
WARM_S = 5
CODES = tuple(row.code for row in agencies())
DOCUMENTS = 3_000
#: Of the recipients every twelfth reads its topic: eight, with a consumer each.
READ_ONE_IN = 12


def row(scale: Scale) -> Row:
    """The rate beside ingest (bulk requests), the latency of single POSTs, the memory of it all."""
    out = Row("deliveries out of Kafka beside ingest", counts="deliveries")
    with large.servers() as here, servers.axis(settings=here.settings) as axis:
        packages = signed(axis.home)
        # The first of both is to warm up, and not counted.
        for seconds in (WARM_S, OPEN_LOOP_S):
            chosen = list(islice(packages, RATE * scale.of(seconds)))
            acked_ms, reached_ms = run(_latency(axis, here.bootstrap, chosen))
        runs = [
            run(_ingest(axis, here, list(islice(packages, scale.of(DOCUMENTS)))))
            for _ in range(scale.pairs + 1)
        ][1:]
        out.pairs.append(Pair("bulk requests", Side.of("Kafka beside ingest", runs)))
        memory = {"axis": axis.memory_mb()} | {
            name: large.memory_mb(pid) for name, pid in here.pids.items()
        }
    out.latencies = [
        latency(f"POST to 201, over PostgreSQL, {RATE} a second", acked_ms),
        latency(f"POST to its record read from Kafka, {RATE} a second", reached_ms),
    ]
    out.remarks.append(
        f"Records of Kafka are read by one agency of {READ_ONE_IN}, each with a consumer of its "
        "own topic, behind some seconds of the same load."
    )
    out.figures |= {f"memory of {name} in the large form, MB": mb for name, mb in memory.items()}
    out.aims = [
        Aim(
            "deliveries through Kafka beside ingest",
            out.pairs[0].ours.median,
            "a second",
            8_000,
            15_000,
        ),
        Aim(
            f"p99 POST to its record, {RATE} a second",
            out.latencies[1].p99_ms,
            "ms",
            100,
            25,
            at_most=True,
        ),
        Aim(
            "memory of axis, PostgreSQL and broker",
            sum(memory.values()),
            "MB",
            1_500,
            900,
            at_most=True,
        ),
    ]
    return out


async def _ingest(axis: servers.Server, here: large.Large, packages: Sequence[Signed]) -> Run:
    """Hand packages in, until a record of each delivery was read."""
    deliveries = sum(len(package.recipients) for package in packages)
    pids = [axis.pid, *here.pids.values()]
    async with AsyncExitStack() as stack:
        url = f"http://{servers.HOST}:{axis.port}"
        line = await stack.enter_async_context(HttpLine(axis.home / "axis", url))
        clients = {code: seat.client for code, seat in take_seats(axis.home, line).items()}
        await together(client.sign_in() for client in clients.values())
        reader = await stack.enter_async_context(Reader(here.bootstrap, CODES, gather=True))
        before, begun = _cpu_s(pids), time.perf_counter()
        await asyncio.gather(reader.read(deliveries), hand_in(clients, packages))
        took = time.perf_counter() - begun
        return Run(deliveries / took, (_cpu_s(pids) - before) / deliveries * 1e6)


def _cpu_s(pids: Sequence[int]) -> float:
    return sum(cpu_s(member) for pid in pids for member in family(pid))


async def _latency(
    axis: servers.Server, bootstrap: str, packages: Sequence[Signed]
) -> tuple[list[float], list[float]]:
    """Milliseconds from the intended start to the 201s, and to the records."""
    doors = Doors(axis)
    requests = [await doors.post(package) for package in packages]
    codes = CODES[::READ_ONE_IN]
    expected = {code: sum(code in package.recipients for package in packages) for code in codes}
    started: dict[str, float] = {}

    def done(_index: int, start: float, body: bytes) -> None:
        started[str(servers.as_json(body)["doc"])] = start

    async with AsyncExitStack() as stack, asyncio.timeout(RUN_S_MAX):
        readers = [await stack.enter_async_context(Reader(bootstrap, [code])) for code in codes]
        arriving = [
            asyncio.create_task(reader.arrivals(expected[code]))
            for reader, code in zip(readers, codes, strict=True)
        ]
        at_s = arrivals(RATE, len(packages))
        result = await open_loop(axis.port, requests, at_s, CONNECTIONS, done)
        arrived = [one for task in arriving for one in await task]
    reached = [(at - started[doc]) * 1e3 for doc, at in arrived]
    return [one * 1e3 for one in result.latencies_s], reached
