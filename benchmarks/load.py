"""Loads that are asked over ready-made connections (``agencies.load.wire``) to 127.0.0.1: closed
and open loop, a bounded number of requests, and an end by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

from agencies.load import wire
from agencies.load.wire import Connection

_T = TypeVar("_T")

HOST = "127.0.0.1"


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run the generator on the quickest loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@dataclass(slots=True)
class Result:
    """What one run saw. Latencies are seconds, and answers bodies, in the order of completion."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.latencies_s) / self.seconds


async def connect(port: int) -> Connection:
    """Open one connection to a local server."""
    return await wire.connect(wire.Place(HOST, port))


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Result:
    """Ask all ``requests`` over ``connections`` connections, each as soon as it is free."""
    result = Result()
    ready = iter(requests)

    async def worker(connection: Connection) -> None:
        for raw in ready:
            start = time.perf_counter()
            reply = await connection.ask(raw)
            result.latencies_s.append(time.perf_counter() - start)
            result.statuses[reply.status] = result.statuses.get(reply.status, 0) + 1
            result.answers.append(reply.body)

    opened = [await connect(port) for _ in range(connections)]
    start = time.perf_counter()
    await asyncio.gather(*(worker(connection) for connection in opened))
    result.seconds = time.perf_counter() - start
    for connection in opened:
        connection.close()
    return result


async def open_loop(
    port: int,
    requests: Sequence[bytes],
    at_s: Sequence[float],
    connections: int,
    done: Callable[[int, float, bytes], None],
) -> Result:
    """Ask each request at its own time, whether or not the server keeps up.

    Latency counts from the intended start, so a stall shows in every request it delays.
    ``done`` gets the index, the intended start and the answer's body.
    """
    result = Result()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await connect(port))
    begin = time.perf_counter()

    async def one(index: int, raw: bytes, start: float) -> None:
        connection = await free.get()
        reply = await connection.ask(raw)
        free.put_nowait(connection)
        result.latencies_s.append(time.perf_counter() - start)
        result.statuses[reply.status] = result.statuses.get(reply.status, 0) + 1
        done(index, start, reply.body)

    async with asyncio.TaskGroup() as tasks:
        for index, (raw, at) in enumerate(zip(requests, at_s, strict=True)):
            await asyncio.sleep(max(0.0, begin + at - time.perf_counter()))
            tasks.create_task(one(index, raw, begin + at))
    result.seconds = time.perf_counter() - begin
    while not free.empty():
        free.get_nowait().close()
    return result
