"""A load test from its first burst to its result, against an axis that listens."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agencies.load import doors, reconcile, search, storage
from agencies.load.judge import Measured, judge, settled
from agencies.load.orders import Orders
from agencies.load.plan import Step, plan
from agencies.load.pulse import RECONCILING, Pulse, Tell, while_built
from agencies.load.reconcile import Reconciled
from agencies.load.record import Record
from agencies.load.search import Tried
from agencies.load.send import Senders
from agencies.load.spool import Letter, Spool
from agencies.load.stage import NOT_PROVEN, Stage
from agencies.load.usage import Meter, Usage
from agencies.process import spare_collector

#: Documents of the first burst, all due within a quarter of a second: what an axis gets through
#: with everything at once places the ladder.
BURST_DOCUMENTS = 500
BURST_S = 0.25
#: How long what is still open at the end may take before it counts as lost.
LAST_S = 60.0


class Otherwise(Exception):
    """The run cannot go on; the message says why."""


@dataclass
class Outcome:
    """What a run measured: the steps, what was reconciled, whether the books agree."""

    orders: Orders
    through: float
    rungs: tuple[float, ...]
    steps: list[Measured]
    total: Reconciled
    books: str
    foreign: int
    took_s: float


@dataclass
class Driver:
    """Drives an axis; ``tell`` is told how far it is."""

    orders: Orders
    tell: Tell
    _stage: Stage = field(init=False)
    _meter: Meter = field(init=False)
    _records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stage = Stage(self.orders.home, self.orders.url)
        self._meter = Meter(self.orders.axis_pid, self.orders.work, self.orders.beside)

    async def run(self) -> Outcome:
        """Run to the end. Raises ``Impossible``, ``Otherwise`` and ``wire.Gone``."""
        orders, begun_s = self.orders, time.monotonic()
        stage = self._stage
        await stage.open()
        recipients = stage.recipients()
        before = await doors.counts(stage.pool, stage.operator)
        async with asyncio.TaskGroup() as tasks:
            taking = [tasks.create_task(one.run()) for one in recipients]
            through = await self._burst()
            rungs = orders.rates or search.ladder(through)
            # Where the burst did not come through whole, the reconciliation says what is missing.
            steps = await self._climb(rungs) if self._records[0].whole else []
            await self._wait_for_the_last()
            for task in taking:
                task.cancel()
        self.tell({"doing": RECONCILING})
        after = await doors.counts(stage.pool, stage.operator)
        parts = [reconcile.reconcile(record) for record in self._records]
        total = reconcile.total(parts)
        books = reconcile.against_books(total, before, after)
        if not books and not await doors.proven(stage.pool, stage.operator):
            books = NOT_PROVEN
        stage.pool.close()
        # What was only late in its step is known now. The burst is no step.
        steps = [settled(step, len(part.lost)) for step, part in zip(steps, parts[1:], strict=True)]
        return Outcome(
            orders=orders,
            through=through,
            rungs=rungs,
            steps=steps,
            total=total,
            books=books,
            foreign=stage.known.foreign,
            took_s=time.monotonic() - begun_s,
        )

    async def _burst(self) -> float:
        """Everything at once: documents a second that come through to all their recipients."""
        shape = self.orders.shape
        documents = min(BURST_DOCUMENTS, shape.documents)
        step = Step(
            number=0,
            rate=documents / BURST_S,
            documents=documents,
            fanout=shape.base.fanout,
            seed=shape.seed,
        )
        record, _ = await self._offer(step)
        if record.repeated:
            raise Otherwise(
                f"The axis knows documents of this plan already; --seed {shape.seed + 1} would do."
            )
        if not record.available_s:
            why = record.faults[0] if record.faults else "nothing was taken in time"
            raise Otherwise(f"The first {documents} documents did not come through: {why}")
        return documents / (max(record.available_s.values()) - record.begin_s)

    async def _climb(self, rungs: tuple[float, ...]) -> list[Measured]:
        steps: list[Measured] = []
        tried: list[Tried] = []
        while len(steps) < self.orders.steps:
            rate = search.following(rungs, tried)
            if rate is None:
                break
            step = self.orders.shape.step(len(steps) + 1, rate)
            self._require_room(step)
            record, usage = await self._offer(step)
            books = reconcile.reconcile(record)
            measured = judge(step, record, books, usage, self.orders.objective_s)
            steps.append(measured)
            tried.append(Tried(rate, measured.met))
            self.tell({"step": _short(measured)})
            if not record.whole:
                # What is left would be measured with the next step.
                break
        return steps

    def _require_room(self, step: Step) -> None:
        shape = self.orders.shape
        needed = step.documents * 2 * storage.package_bytes(shape.profile, shape.seed)
        free = shutil.disk_usage(self.orders.work).free
        if needed > free * storage.DISK_SHARE_MAX:
            raise Otherwise(
                f"The disk is filling: a step at {step.rate:g} documents/s needs "
                f"{needed / storage.GB:.1f} GB, and {free / storage.GB:.1f} GB are free. "
                "--size small, or fewer --documents, would do."
            )

    async def _offer(self, step: Step) -> tuple[Record, Usage]:
        """Build a step, send it, and wait until it is with its recipients, or long enough; what was
        used until the last answer.
        """
        head = {"number": step.number, "rate": step.rate, "documents": step.documents}
        async with AsyncExitStack() as stack:
            spool = stack.enter_context(Spool(self.orders.work / "packages"))
            fill = partial(self._fill, spool, step)
            letters = await while_built(self.tell, head, spool, fill)
            await self._stage.sign_in()
            record = Record(letters)
            self._records.append(record)
            self._stage.known.add(record, letters)
            spare_collector()
            self._meter.begin()
            pulse = Pulse(record, self._meter, step.seconds, lambda _: step.rate, self.tell, head)
            looking = asyncio.create_task(pulse.run())
            try:
                senders = Senders(self._stage.pool, self._stage.tokens, spool, record)
                await senders.send(self.orders.door)
                usage = self._meter.usage()
                await record.until_whole(self.orders.drain_s + 2 * step.seconds)
            finally:
                looking.cancel()
        return record, usage

    def _fill(self, spool: Spool, step: Step) -> list[Letter]:
        return spool.fill(plan(step), self._stage.keys, self.orders.shape.profile)

    async def _wait_for_the_last(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for record in self._records:
                tasks.create_task(record.until_whole(min(LAST_S, 2 * self.orders.drain_s)))


def _short(step: Measured) -> dict[str, Any]:
    """A step as a line of progress."""
    return {
        "number": step.number,
        "rate": step.rate,
        "achieved": step.achieved,
        "p50": step.available.p50,
        "p99": step.available.p99,
        "lag": step.lag,
        "late": step.late,
        "cpu": dict(step.usage.cpu),
        "lost": step.lost,
        "met": step.met,
        "driver_ok": step.driver_ok,
        "why": step.why,
    }
