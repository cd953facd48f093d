"""Publish what the books hold to the topics of its recipients, lane by lane and in order.

The books say how far each lane is published (``axis.lanes``), so whoever relays begins where the
last one ended, whatever became of it. Any number of relays share the agencies by leases, each its
part. A record goes out, is acknowledged, and then its cursor moves: a relay that dies or loses its
lease in between has only repeated itself, and readers drop what they have. One of them tells the
observers too, where there are any (``observing``).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress

import structlog

from axis.core.errors import Unavailable
from axis.core.record import OBSERVERS, share_of
from axis.core.recount import DAMAGE
from axis.core.retry import Backoff
from axis.flows.due import STREAMS, Due
from axis.flows.observing import Observing
from axis.lanes import Lanes, Lease, Observers, Publisher
from axis.ports import Bus, BusAway, Clock

log = structlog.get_logger()

#: A relay that is gone is replaced after so long; one that lives renews its leases four times.
LEASE_S = 10.0
BEAT_S = LEASE_S / 4
#: What a relay holds is looked at this often, whoever else was heard of: a lost wake-up costs this
#: delay.
LOOK_AGAIN_S = 5.0
#: Numbers of one lane in a page: a lane with a long past does not keep the others waiting.
LANE_RECORDS_MAX = 1000
#: Numbers of all lanes in a page, some 500 bytes each.
PAGE_RECORDS_MAX = 4000
#: Pages begin this far apart unless there is more than one holds: a page costs milliseconds of CPU
#: whatever is in it. What comes after a pause does not wait, and no poll waits for it at all; under
#: load a page lasts longer than this, and the next one holds what came meanwhile.
GATHER_S = 0.005
#: Seconds for what is under way at the end, and for giving up the leases.
END_S_MAX = 3.0


class Relay:
    """One of the relays of a run. ``owner`` names it, and no other ever. ``observers`` is where
    events go, if anywhere: not through ``publisher``, whose turn they would take.
    """

    def __init__(
        self,
        lanes: Lanes,
        publisher: Publisher,
        bus: Bus,
        clock: Clock,
        owner: str,
        observers: Observers | None = None,
    ) -> None:
        self._lanes = lanes
        self._publisher = publisher
        self._bus = bus
        self._clock = clock
        self._owner = owner
        self._held: dict[str, Lease] = {}
        #: Until when the leases hold, as far as this relay knows.
        self._until = 0
        self._beating = asyncio.Lock()
        self._due = Due()
        self._more = asyncio.Event()
        self._pages: set[asyncio.Task[bool]] = set()
        #: Records of agencies that were acknowledged, for whoever counts them.
        self.published = 0
        #: What is done for the observers, where there are any.
        self.observing = Observing(lanes, observers, clock, owner) if observers else None

    @property
    def held(self) -> int:
        """How many agencies this relay publishes for."""
        return len(self._held)

    @property
    def due(self) -> bool:
        """Whether any agency is to be looked at."""
        return bool(self._due)

    async def run(self) -> None:
        """Relay for ever. Cancelled, it finishes the pages under way and gives up its leases."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep())
                tasks.create_task(self._hear())
                for _ in range(STREAMS):
                    tasks.create_task(self._work())
                if self.observing is not None:
                    tasks.create_task(self.observing.run(self._whole))
        finally:
            await self._end()

    # ---- leases -------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Renew the leases, give up what is more than a fair share, or take what is free of it.

        Whoever comes first has the observers, beside its share.

        Raises ``Unavailable``.
        """
        async with self._beating:
            now = self._clock.now()
            until = now + int(LEASE_S * 1e6)
            told = self.observing is not None
            roll = await self._lanes.beat(self._owner, now, until, events=told)
            held = {lease.recipient: lease for lease in roll.held}
            observers = held.pop(OBSERVERS, None)
            share = share_of(roll.agencies, roll.relays)
            surplus = [code for code in held if code not in self._due.busy][
                : max(0, len(held) - share)
            ]
            for code in surplus:
                del held[code]
            before, self._held, self._until = self._held, held, until
            # What follows may fail, and the next time these are no news.
            self._hold(observers, until)
            self.look_at(code for code in held if held[code] != before.get(code))
            if surplus:
                await self._lanes.release(self._owner, surplus)
            elif wanted := _wanted(roll.free, share - len(held)):
                taken = await self._lanes.take(self._owner, wanted, now, until)
                fresh = {lease.recipient: lease for lease in taken}
                self._hold(fresh.pop(OBSERVERS, observers), until)
                held.update(fresh)
                self.look_at(fresh)
            self._tell(before, roll.relays)

    def _hold(self, observers: Lease | None, until: int) -> None:
        if self.observing is not None:
            self.observing.hold(observers, until)

    def _tell(self, before: dict[str, Lease], relays: int) -> None:
        if self._held != before:
            log.info(
                "leases",
                action="relay.leases",
                held=len(self._held),
                lost=len(before.keys() - self._held.keys()),
                relays=relays,
            )

    async def _keep(self) -> None:
        while True:
            try:
                await self.beat()
            except (Unavailable, *DAMAGE) as error:
                log.warning("leases not renewed", action="relay.not_renewed", why=str(error))
            await asyncio.sleep(BEAT_S)

    # ---- pages --------------------------------------------------------------------------------

    def look_at(self, recipients: Iterable[str]) -> None:
        """Something may wait for these; those of other relays are left to them."""
        self._due.add(code for code in recipients if code in self._held)
        if self._due.any_ready(self._clock.now()):
            self._more.set()

    async def _hear(self) -> None:
        clock = asyncio.get_running_loop().time
        look_s = clock() + LOOK_AGAIN_S
        with self._bus.watch() as watch:
            while True:
                told: Iterable[str] | None = await watch.wait(max(0.0, look_s - clock()))
                if told is None or clock() >= look_s:
                    look_s = clock() + LOOK_AGAIN_S
                    told = list(self._held)
                self.look_at(told)
                if self.observing is not None:
                    # Whatever was told of happened, and much happens that nobody is told of.
                    self.observing.look()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        backoff, failed, begun = Backoff(first_s=0.1), 0, loop.time() - GATHER_S
        while True:
            await self._more.wait()
            await asyncio.sleep(max(0.0, begun + GATHER_S - loop.time()))
            begun = loop.time()
            try:
                more = await self._whole(self.page())
            except (BusAway, Unavailable, *DAMAGE) as error:
                failed += 1
                log.warning("not relayed", action="relay.failed", why=str(error), tries=failed)
                await asyncio.sleep(backoff.delay_s(failed, random.random()))
                continue
            failed = 0
            if more:
                begun -= GATHER_S

    async def _whole(self, page: Coroutine[None, None, bool]) -> bool:
        """Whoever ends the relay does not cut off what is half published."""
        task = asyncio.create_task(page)
        self._pages.add(task)
        task.add_done_callback(self._pages.discard)
        return await asyncio.shield(task)

    async def page(self) -> bool:
        """Publish one page of what is due; whether there is more than it could hold.

        Raises ``BusAway``, ``Unavailable``, and ``DAMAGE`` where a row is no value; what was due is
        still due then.
        """
        codes, left = self._due.take(self._clock.now())
        if not left:
            self._more.clear()
        again: Iterable[str] = codes
        try:
            again = await self._publish(codes)
            self._due.clear(codes)
            return bool(again)
        except (BusAway, Unavailable, *DAMAGE) as error:
            if codes and await self._all_answers():
                self._blame(codes, error)
            raise
        finally:
            self._due.give_back(codes)
            self.look_at(again)

    async def _all_answers(self) -> bool:
        """Whether the books can be written and the bus is there."""
        try:
            await self.beat()
            await self._publisher.publish(())
        except (BusAway, Unavailable, *DAMAGE):
            return False
        return True

    def _blame(self, codes: Sequence[str], error: Exception) -> None:
        """One of these topics takes nothing, or a row of one is damaged, though bus and books are
        there: it does not hold up others.
        """
        aside = self._due.blame(codes, self._clock.now(), random.random())
        if aside is not None:
            told = {"action": "relay.aside", "agency": aside, "why": str(error)}
            if isinstance(error, DAMAGE):
                log.error("agency set aside", **told, exc_info=error)
            else:
                log.warning("agency set aside", **told)

    async def _publish(self, codes: Sequence[str]) -> Iterable[str]:
        """Publish what waits for some agencies; those of whom more may wait."""
        if self._clock.now() >= self._until:
            await self.beat()
        leases = {code: self._held[code] for code in codes if code in self._held}
        if not leases:
            return ()
        page = await self._lanes.unpublished(list(leases), LANE_RECORDS_MAX, PAGE_RECORDS_MAX)
        if not page.stretches:
            return page.more
        if page.records:
            await self._publisher.publish(page.records)
        moved = await self._lanes.advance(self._owner, leases, page.stretches)
        self.published += len(page.records)
        if len(moved) < len(page.stretches):
            # Taken by another relay, or taken back by an operator: the books say which.
            await self.beat()
            return page.more | {stretch.recipient for stretch in page.stretches}
        return page.more

    async def _end(self) -> None:
        if self._pages:
            await asyncio.wait(self._pages, timeout=END_S_MAX)
        for page in self._pages:
            page.cancel()
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(END_S_MAX):
                await self._lanes.leave(self._owner)
        log.info("relay stopped", action="relay.stopped", published=self.published)


def _wanted(free: Sequence[str], most: int) -> list[str]:
    """Which free leases a relay takes that may hold ``most`` agencies more."""
    agencies = [code for code in free if code != OBSERVERS][: max(0, most)]
    return agencies + [code for code in free if code == OBSERVERS]
