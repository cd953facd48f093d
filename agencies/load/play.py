"""A course from its first package to its books, against an axis that listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from agencies.load import doors, expect, reconcile
from agencies.load.broker_away import BrokerAway
from agencies.load.course import Change
from agencies.load.course_orders import CourseOrders
from agencies.load.deck import PACKAGES, Builder, fill
from agencies.load.faulty import Absent, FaultySenders, recipient
from agencies.load.outage import KAFKA, Waited
from agencies.load.personas import AWAY, FLAKY, MALFORMED, WRONG, of
from agencies.load.processes import family
from agencies.load.pulse import RECONCILING, Pulse, Tell, while_built
from agencies.load.reconcile import Reconciled
from agencies.load.record import Record
from agencies.load.run import LAST_S, Otherwise
from agencies.load.spool import Letter, Spool
from agencies.load.stage import NOT_PROVEN, Stage
from agencies.load.take import Recipient
from agencies.load.turning import Turning
from agencies.load.usage import Meter, Usage
from agencies.process import spare_collector

#: Tokens live a quarter of an hour.
RENEWED_S = 300.0


@dataclass(frozen=True)
class Played:
    """What a course came to: everything that happened, and what the books say otherwise."""

    orders: CourseOrders
    record: Record
    changes: Sequence[Change]
    total: Reconciled
    books: Sequence[str]
    usage: Usage
    foreign: int
    took_s: float
    #: What waited to be published, where Kafka was away.
    waited: Sequence[Waited] = ()


@dataclass
class Player:
    """Plays a course; ``tell`` is told how far it is."""

    orders: CourseOrders
    tell: Tell
    _stage: Stage = field(init=False)
    _meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self._stage = Stage(self.orders.home, self.orders.url)
        self._meter = Meter(self.orders.axis_pid, self.orders.work, self.orders.beside)

    async def run(self) -> Played:
        """Play it to the end. Raises ``Impossible``, ``Otherwise`` and ``wire.Gone``."""
        orders, stage, begun_s = self.orders, self._stage, time.monotonic()
        await stage.open()
        with Spool(orders.work / PACKAGES) as spool:
            head = {"documents": orders.documents}
            first = partial(fill, spool, orders, stage.keys, orders.documents)
            deck = await while_built(self.tell, head, spool, first)
            turning = self._turning(deck, spool)
            record = Record(
                turning.letters(),
                absent=of(orders.personas, AWAY),
                refusing=of(orders.personas, WRONG, MALFORMED),
            )
            stage.known.add(record, deck)
            await stage.sign_in()
            recipients = stage.recipients(partial(self._recipient, record))
            before = await doors.books(stage.pool, stage.operator)
            spare_collector()
            self._meter.begin()
            async with asyncio.TaskGroup() as tasks:
                kept = [tasks.create_task(one.run()) for one in recipients]
                kept.append(tasks.create_task(self._pulse(record, turning).run()))
                kept.append(tasks.create_task(self._renew()))
                turns = tasks.create_task(turning.run(record))
                broker = self._broker()
                if broker is not None:
                    kept.append(tasks.create_task(broker.run(record)))
                senders = FaultySenders(
                    stage.pool, stage.tokens, spool, record, personas=orders.personas
                )
                await senders.send(orders.door)
                turns.cancel()
                usage = self._meter.usage()
                self._require_new(record)
                await record.until_whole(max(orders.drain_s, LAST_S))
                if broker is not None:
                    await broker.drained(record, max(orders.drain_s, LAST_S))
                for task in kept:
                    task.cancel()
        found = await self._reconciled(record, turning.changes, before, usage, begun_s)
        return found if broker is None else replace(found, waited=tuple(broker.waited))

    async def _reconciled(
        self,
        record: Record,
        changes: Sequence[Change],
        before: dict[str, doors.Books],
        usage: Usage,
        begun_s: float,
    ) -> Played:
        stage = self._stage
        self.tell({"doing": RECONCILING})
        after = await doors.books(stage.pool, stage.operator)
        books = expect.books(record, before, after)
        if not await doors.proven(stage.pool, stage.operator):
            books.append(NOT_PROVEN)
        stage.pool.close()
        return Played(
            orders=self.orders,
            record=record,
            changes=tuple(changes),
            total=reconcile.reconcile(record),
            books=books,
            usage=usage,
            foreign=stage.known.foreign,
            took_s=time.monotonic() - begun_s,
        )

    def _turning(self, deck: list[Letter], spool: Spool) -> Turning:
        orders = self.orders
        more = Builder(orders, spool).build
        known = self._stage.known
        return Turning(
            orders.course, orders.shape.seed, deck, orders.work, self.tell, more, known.add
        )

    def _recipient(self, record: Record, **made: Any) -> Recipient:
        away = self.orders.absence
        if away is not None and made["code"] == away.agency:
            return Absent(**made, record=record, from_s=away.from_s, until_s=away.until_s)
        return recipient(self.orders.personas, record, **made)

    def _broker(self) -> BrokerAway | None:
        away = self.orders.absence
        if away is None or away.agency != KAFKA:
            return None
        return BrokerAway(away, family(self.orders.beside[KAFKA]), self._stage.pool)

    def _require_new(self, record: Record) -> None:
        """What a flaky sender had broken off may be known; everything else must be new."""
        flaky = of(self.orders.personas, FLAKY)
        known = [n for n in record.repeated if record.letters[n].sender not in flaky]
        if known:
            seed = self.orders.shape.seed + 1
            raise Otherwise(
                f"The axis knows documents of this plan already; --seed {seed} would do."
            )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_S)
            await self._stage.sign_in()

    def _pulse(self, record: Record, turning: Turning) -> Pulse:
        seconds, apart = self.orders.course.seconds, self.orders.apart
        return Pulse(record, self._meter, seconds, turning.rate, self.tell, apart=apart)
