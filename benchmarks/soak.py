"""``make soak MINUTES=60``: half of what an axis can do, for long, and nothing may climb.

An axis of its own (SQLite, all cores) is driven by senders and recipients of ``agencies.load``,
open loop, period after period; the packages of the next period are built in another process
meanwhile. The rate is half of the highest that a short search found to meet the objective of a load
test, or what ``--rate`` says. In the middle of each period, under load, both balances of the books
are asked for. At its end everything sent must have been accepted, taken and confirmed once, the
counts of the books must be those of the driver, and a recount from the events must prove them while
nothing is sent, for as long as that takes a few seconds; the last one comes in any case.

It ends with 1 when books do not balance, when something was lost, or when the memory of the axis or
the 99th percentile from the intended moment to the recipient heads upward (``benchmarks.flat``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import orjson
import uvloop

from agencies.examine import Examiner
from agencies.load import doors, growth, reconcile
from agencies.load.judge import latency
from agencies.load.orders import Orders
from agencies.load.plan import SECONDS_MIN, STEPS_MAX, Shape, Step, plan
from agencies.load.record import Known, Record
from agencies.load.run import Driver
from agencies.load.send import REQUESTS_MAX, SINGLE, Senders
from agencies.load.spool import Letter, Spool
from agencies.load.take import Recipient
from agencies.load.usage import AXIS, HELPERS, Meter
from agencies.load.wire import Pool, place, request
from agencies.sizes import SMALL
from agencies.world import read_certificates, read_key
from benchmarks import servers
from benchmarks.flat import Tolerance, climb, heads_upward, judged
from schemas.codes import agencies

#: The live run is no simulation.
RUN = "soak"
PERIOD_S_MAX = 60.0
#: A short run has shorter periods: so many at least, for a slope is judged by them.
PERIODS_MIN = 10
#: What a period leaves open may take so long; then it is lost.
DRAIN_S = 30.0
#: A recount reads every event: once it takes longer than this, only the last one is asked for.
RECOUNT_S_MAX = 5.0
#: The seed of the search, and of what follows it: no document may be in both.
SEARCH_SEED, SEED = 1, 2
#: The search: up a ladder of ten rates, then the gap is halved; steps of five seconds.
SEARCH_STEPS, SEARCH_DOCUMENTS, SEARCH_S = 14, 400, 5.0

#: What is no climb. Memory: SQLite's caches (64 MB) and what was committed lately (24 MB) fill by
#: and by up to bounds that are fixed. Shorter runs than half an hour see little else; of longer
#: ones that is over in the first tenth, and 32 MB in an hour at 500 documents a second are 18 bytes
#: a document. p99: the noise of a machine that does something else too.
CACHES_FILL_S = 1800.0
MEMORY_EARLY = Tolerance(share=0.1, least=96.0)
MEMORY = Tolerance(share=0.1, least=32.0)
P99 = Tolerance(share=0.5, least=0.020)


@dataclass(frozen=True, slots=True)
class Period:
    """One period: latencies in seconds, memory of the axis in MB, what was wrong with the books."""

    documents: int
    p50: float
    p99: float
    memory_mb: float
    recount_s: float | None
    wrong: str

    def told(self, number: int, seconds: float) -> str:
        """A line of the table."""
        proof = "" if self.recount_s is None else f"{self.recount_s:.2f}"
        return (
            f"| {number} | {self.documents / seconds:,.0f} | {self.p50 * 1e3:,.1f} | "
            f"{self.p99 * 1e3:,.1f} | {self.memory_mb:,.0f} | {proof} | "
            f"{self.wrong or 'balanced'} |"
        )


def verdict(periods: Sequence[Period], seconds: float) -> list[str]:
    """What forbids to call periods of so many seconds flat; nothing when they are."""
    memory = MEMORY if len(periods) * seconds >= CACHES_FILL_S else MEMORY_EARLY
    found = [f"period {n}: {one.wrong}" for n, one in enumerate(periods, 1) if one.wrong]
    for name, values, tolerance, unit in (
        ("memory", [one.memory_mb for one in periods], memory, "MB"),
        ("p99", [one.p99 for one in periods], P99, "s"),
    ):
        if heads_upward(values, tolerance):
            found.append(f"{name} heads upward, by {climb(judged(values)):.3g} {unit}")
    return found


def build(step: Step, home: Path, path: Path) -> list[Letter]:
    """Build and sign the packages of a step into a file; in a process of its own."""
    keys = {row.code: read_key(home, row.code) for row in agencies()}
    spool = Spool(path)
    letters = spool.fill(plan(step), keys, SMALL)
    spool.leave()
    return letters


async def search(axis: servers.Server, work: Path) -> float:
    """The highest rate that met the objective of a load test, documents a second."""
    orders = Orders(
        home=axis.home,
        work=work,
        url=f"http://{servers.HOST}:{axis.port}",
        axis_pid=axis.pid,
        shape=Shape(seed=SEARCH_SEED, documents=SEARCH_DOCUMENTS, seconds=SEARCH_S),
        growth=growth.parse("seed"),
        steps=SEARCH_STEPS,
    )
    outcome = await Driver(orders, lambda _: None).run()
    met = [step.rate for step in outcome.steps if step.met and step.driver_ok]
    if not met or outcome.books or not outcome.total.exact:
        raise SystemExit(f"no rate was met: {[step.why for step in outcome.steps]} {outcome.books}")
    return max(met)


@dataclass
class Soak:
    """Drives one axis at one rate; ``seconds`` is the length of a period."""

    axis: servers.Server
    work: Path
    rate: float
    seconds: float
    _known: Known = field(default_factory=Known)
    _recipients: list[Recipient] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _operator: str = field(default="", repr=False)
    _sent: int = 0
    _received: int = 0
    _recount_s: float = 0.0

    async def run(self, count: int) -> list[Period]:
        """So many periods, each told as it ends."""
        at = place(f"http://{servers.HOST}:{self.axis.port}")
        self._pool = Pool(at, REQUESTS_MAX)
        await self._sign_in()
        before = await doors.counts(self._pool, self._operator)
        examiner = Examiner(read_certificates(self.axis.home))
        self._recipients = [
            Recipient(code, token, Pool(at, 1), Pool(at, 1), self._known, examiner)
            for code, token in self._tokens.items()
        ]
        self._meter = Meter(self.axis.pid, self.work)
        periods: list[Period] = []
        context = get_context("spawn")
        with ProcessPoolExecutor(1, context, initializer=os.nice, initargs=(5,)) as builder:
            async with asyncio.TaskGroup() as tasks:
                taking = [tasks.create_task(one.run()) for one in self._recipients]
                building = self._build(builder, 0)
                for number in range(count):
                    letters = await building
                    if number + 1 < count:
                        building = self._build(builder, number + 1)
                    last = number + 1 == count
                    with Spool(self._path(number), more=True) as spool:
                        spool.grow()
                        periods.append(await self._period(spool, letters, before, last=last))
                    _say(periods[-1].told(number + 1, self.seconds))
                for task in taking:
                    task.cancel()
        self._pool.close()
        return periods

    def _path(self, number: int) -> Path:
        return self.work / f"packages-{number}"

    def _build(self, builder: ProcessPoolExecutor, number: int) -> asyncio.Future[list[Letter]]:
        step = Step(
            number=number,
            rate=self.rate,
            documents=round(self.rate * self.seconds),
            fanout=Shape().base.fanout,
            seed=SEED,
        )
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(builder, build, step, self.axis.home, self._path(number))

    async def _sign_in(self) -> None:
        self._tokens, self._operator = await doors.sign_in(self._pool, self.axis.home)
        for recipient in self._recipients:
            recipient.token = self._tokens[recipient.code]

    async def _period(
        self, spool: Spool, letters: list[Letter], before: Mapping[str, int], *, last: bool
    ) -> Period:
        await self._sign_in()
        record = Record(letters)
        self._known.add(record, letters)
        async with asyncio.TaskGroup() as tasks:
            balancing = tasks.create_task(self._balance_under_load())
            await Senders(self._pool, self._tokens, spool, record).send(SINGLE)
            await record.until_whole(DRAIN_S)
        wrong = balancing.result() or await self._against_books(record, before)
        recount_s = None
        if not wrong and (last or self._recount_s <= RECOUNT_S_MAX):
            begun = time.monotonic()
            if not await doors.proven(self._pool, self._operator):
                wrong = "the books do not follow from their events"
            recount_s = self._recount_s = time.monotonic() - begun
        memory = self._meter.usage().memory_mb
        self._known.forget(letters)
        available = latency(record.available())
        return Period(
            documents=len(record.accepted_s),
            p50=available.p50,
            p99=available.p99,
            memory_mb=memory[AXIS] + memory[HELPERS],
            recount_s=recount_s,
            wrong=wrong,
        )

    async def _balance_under_load(self) -> str:
        """Which line of the books does not balance in the middle of a period."""
        await asyncio.sleep(self.seconds / 2)
        reply = await self._pool.ask(request("GET", "/v1/counts", Authorization=self._operator))
        assert reply.status == 200, reply.told
        lines = orjson.loads(reply.body)["balances"]
        return "".join(f"{line} " for line in lines if line["difference"]).strip()

    async def _against_books(self, record: Record, before: Mapping[str, int]) -> str:
        """What was sent and taken, against what the books count since the beginning."""
        found = reconcile.reconcile(record)
        self._sent += found.accepted
        self._received += found.deliveries - len(found.lost)
        if record.faults or record.failed:
            return f"{len(record.failed)} not accepted, {record.faulty} faults: {record.faults[:1]}"
        if not found.exact:
            return f"{len(found.lost)} lost, {len(found.strange)} strange: {found.lost[:3]}"
        after = await doors.counts(self._pool, self._operator)
        counted = after["sent"] - before["sent"], after["received"] - before["received"]
        if counted != (self._sent, self._received):
            return f"the books count {counted}, the driver {(self._sent, self._received)}"
        return ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Search, soak, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, help="documents a second; else half of what is found")
    asked = parser.parse_args()
    seconds = min(PERIOD_S_MAX, asked.minutes * 60 / PERIODS_MIN)
    count = round(asked.minutes * 60 / seconds) if seconds > 0 else 0
    if seconds < SECONDS_MIN or count > STEPS_MAX:
        parser.error(f"--minutes is from {SECONDS_MIN * PERIODS_MIN / 60:.2g} to {STEPS_MAX}")
    if asked.rate is not None and round(asked.rate * seconds) < 1:
        parser.error(f"--rate {asked.rate:g} is no document in a period of {seconds:g} s")
    servers.leave_nothing()
    with (
        servers.axis(settings={"SIMULATION": "true", "RUN": RUN}) as axis,
        tempfile.TemporaryDirectory(prefix="axis-soak-") as folder,
    ):
        work = Path(folder)
        rate = asked.rate or uvloop.run(search(axis, work)) / 2
        _say(f"{rate:,.0f} documents a second for {count} periods of {seconds:g} s\n")
        _say("| | accepted a second | p50, ms | p99, ms | memory, MB | recount, s | books |")
        _say("|---|---|---|---|---|---|---|")
        found = verdict(uvloop.run(Soak(axis, work, rate, seconds).run(count)), seconds)
    _say("\n" + ("Flat, and balanced." if not found else "\n".join(found)))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
