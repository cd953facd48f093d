"""Does it matter to a lane how much waits in it? On PostgreSQL, 100,000 documents against none.

``python -m benchmarks.lanes [WAITING]`` prints, for accepting, paging and confirming, how many rows
the server read for each lane, and the ratio of CPU (ours and the server's) of interleaved pairs.
The server is one of its own, with fsync. Packages are tiny: it is rows that are measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import asyncpg
import uvloop

from agencies.load.processes import Cpu
from axis.adapters.postgres_store import PostgresStore, open_store
from axis.cluster import Cluster
from axis.core.commands import Accept, Accepted, Move
from axis.core.document import Addressee, Place
from axis.core.lifecycle import Step
from benchmarks.store import agency
from benchmarks.table import Spread
from tests import postgres

WAITING = 100_000
PAIRS = 20
#: Documents accepted, paged and confirmed in one part of a pair, and in one group of filling.
SOME, FILLING = 100, 128
SENDER, FULL, EMPTY = (f"000.00.00.H0{n}" for n in (1, 2, 3))
AT = 1_579_046_400_000_000
ACTS = ("accept", "page", "confirm")

_ROWS = """
    select (select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))
            from pg_stat_user_tables)
        + (select sum(idx_tup_read) from pg_stat_user_indexes)"""


@dataclass(slots=True)
class Lane:
    """One lane, how far it reaches, and what each act in it took."""

    recipient: str
    no: int = 0
    cpu_s: dict[str, list[float]] = field(default_factory=lambda: {act: [] for act in ACTS})
    rows_read: dict[str, int] = field(default_factory=dict)


class Books:
    """The acts that are measured, each on ``SOME`` documents of a lane."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = count()

    async def open(self) -> PostgresStore:
        """The books, by new connections."""
        return await open_store(self._url, "lanes")

    async def accept(self, store: PostgresStore, lane: Lane, many: int = SOME) -> None:
        """Accept documents into the lane."""
        commands = [self._accept(lane.recipient) for _ in range(many)]
        outcomes = await store.apply(commands)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        lane.no += many

    async def page(self, store: PostgresStore, lane: Lane) -> None:
        """Page as who keeps up: what is new behind the cursor."""
        for seen in range(lane.no - SOME, lane.no, 10):
            (first, *_) = await store.inbox(lane.recipient, {0: seen}, 10)
            assert first.delivery.place.no == seen + 1

    async def confirm(self, store: PostgresStore, lane: Lane) -> None:
        """Confirm what was accepted last."""
        places = [Place(lane.recipient, 0, no) for no in range(lane.no - SOME + 1, lane.no + 1)]
        move = Move(step=Step.DONE, targets=tuple(places), actor=lane.recipient, at=AT, now=AT)
        await store.apply([move])

    def _accept(self, recipient: str) -> Accept:
        number = next(self._numbers)
        body = b"%d" % number
        return Accept(
            id=f"doc_{number:026}",
            sender=SENDER,
            unit=SENDER,
            document_id=f"{SENDER},2020/01/15,{number}/UBND",
            kind=0,
            urgency=0,
            sha256=hashlib.sha256(body).hexdigest(),
            body=body,
            recipients=(Addressee(recipient, (recipient,)),),
            at=AT + number,
            now=AT + number,
            verdict="valid",
        )

    def acts(self) -> Iterator[tuple[str, Callable[[PostgresStore, Lane], Awaitable[None]]]]:
        """The acts by name, in their order."""
        return zip(ACTS, (self.accept, self.page, self.confirm), strict=True)


async def measure(cluster: Cluster, waiting: int) -> tuple[Lane, Lane]:
    """Fill one lane, and do the same in both in turn."""
    books = Books(cluster.url)
    full, empty = Lane(FULL), Lane(EMPTY)
    store = await books.open()
    await store.enrol([agency(code) for code in (SENDER, FULL, EMPTY)], [], [])
    while full.no < waiting:
        await books.accept(store, full, min(FILLING, waiting - full.no))
    assert cluster.process is not None
    cpu = Cpu(cluster.process.pid)
    for pair in range(PAIRS + 1):
        for lane in (full, empty) if pair % 2 else (empty, full):
            for name, act in books.acts():
                begun = cpu.seconds()
                await act(store, lane)
                # The first of all prepares the statements.
                if pair:
                    lane.cpu_s[name].append(cpu.seconds() - begun)
    await store.close()
    for lane in (full, empty):
        for name, act in books.acts():
            lane.rows_read[name] = await _rows_read(cluster.url, books, act, lane)
    return full, empty


async def _rows_read(
    url: str, books: Books, act: Callable[[PostgresStore, Lane], Awaitable[None]], lane: Lane
) -> int:
    """Rows and entries of indexes that an act read."""
    before = await _read_so_far(url)
    store = await books.open()
    await act(store, lane)
    # A session tells its numbers when it ends, at the latest.
    await store.close()
    return await _read_so_far(url) - before


async def _read_so_far(url: str) -> int:
    """What all sessions that have ended have read; waits until they have."""
    driver = await asyncpg.connect(url)
    try:
        while await driver.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() "
            "and backend_type = 'client backend' and pid <> pg_backend_pid()"
        ):
            await asyncio.sleep(0.01)
        return int(await driver.fetchval(_ROWS))
    finally:
        await driver.close()


def table(full: Lane, empty: Lane, waiting: int) -> str:
    """The figures as a table in Markdown."""
    lines = [
        f"| {SOME} documents | rows read, empty | rows read, {waiting:,} waiting | CPU, ratio |",
        "|---|---|---|---|",
    ]
    for act in ACTS:
        pairs = zip(full.cpu_s[act], empty.cpu_s[act], strict=True)
        ratio = Spread.of([one / other for one, other in pairs])
        lines.append(
            f"| {act} | {empty.rows_read[act]:,} | {full.rows_read[act]:,} | {ratio.show(2)} |"
        )
    both = [
        sum(full.cpu_s[act][i] for act in ACTS) / sum(empty.cpu_s[act][i] for act in ACTS)
        for i in range(PAIRS)
    ]
    noise = statistics.stdev(both)
    lines.append(f"| all | | | {Spread.of(both).show(2)}, standard deviation {noise:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure a server of its own."""
    waiting = int(sys.argv[1]) if sys.argv[1:] else WAITING
    cluster = Cluster(postgres.required())
    try:
        cluster.start()
        sys.stdout.write(table(*uvloop.run(measure(cluster, waiting)), waiting))
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
