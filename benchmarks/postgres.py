"""What the PostgreSQL store takes for each group, one group after the other.

``python -m benchmarks.postgres [URL]`` prints a line for each kind of group: groups and commands a
second by the clock, and CPU microseconds of this process per command. Without a URL it starts a
server of its own, with fsync, on the same cores. Packages are those of ``benchmarks.store``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvloop

from axis.adapters.postgres_store import PostgresStore, open_store
from axis.cluster import Cluster
from axis.core.commands import Accepted, Command, Outcome
from axis.core.lifecycle import Step
from benchmarks.store import CODES, accepts, agency, moves, says
from tests import postgres

#: Commands in a group, and how many groups of it.
SIZES = ((1, 300), (8, 200), (64, 100), (128, 50))


@contextmanager
def server() -> Iterator[str]:
    """The address of the server to measure."""
    if sys.argv[1:]:
        yield sys.argv[1]
        return
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.remove()


async def _apply(
    store: PostgresStore, name: str, commands: Sequence[Command], size: int
) -> list[Outcome]:
    groups = [commands[at : at + size] for at in range(0, len(commands), size)]
    outcomes: list[Outcome] = []
    cpu, begun = time.process_time(), time.perf_counter()
    for group in groups:
        outcomes += await store.apply(group)
    took, spent = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"{name:17} in groups of {size:3}: {len(groups) / took:5.0f} groups/s "
        f"{len(commands) / took:6.0f} commands/s {spent / len(commands) * 1e6:6.0f} us"
    )
    return outcomes


async def measure(url: str) -> None:
    """Print a line for each kind and size of group."""
    store = await open_store(url, f"bench-{os.getpid()}")
    try:
        await store.enrol([agency(code) for code in CODES], [], [])
        first = 0
        for size, groups in SIZES:
            count = size * groups
            found = await _apply(store, "accept a document", accepts(first, count), size)
            first += count
            documents = [o.document for o in found if isinstance(o, Accepted)][:1000]
            await _apply(store, "confirm a delivery", moves(documents, Step.DONE), size)
            await _apply(store, "say 01", says(documents, "01"), size)
    finally:
        await store.close()


def main() -> None:
    """Measure one server."""
    with server() as url:
        try:
            uvloop.run(measure(url))
        finally:
            schema = f"axis_bench_{os.getpid()}"
            asyncio.run(postgres.execute(url, f"drop schema if exists {schema} cascade"))


if __name__ == "__main__":
    main()
