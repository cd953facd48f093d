"""What the doors open onto: the flows of one running axis, and the polls that wait in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.types import Receive

from axis.api.standstill import Standstill
from axis.flows.commit import Committer
from axis.flows.extracts import Extraction
from axis.flows.handover import Handover
from axis.flows.intake import Intake
from axis.flows.members import Members
from axis.flows.oversight import Oversight
from axis.flows.planning import Planning
from axis.flows.refusals import Refusals
from axis.flows.shadowing import Shadowing
from axis.flows.statistics import Statistics
from axis.flows.statuses import Statuses
from axis.flows.tracking import Tracking
from axis.lanes import Lanes, Publisher
from axis.ports import Bus, BusAway, Clock, Signer, Store
from axis.settings import Settings

#: Seconds a store or a bus may take to show that it is there; a trivial read takes microseconds.
READY_S = 2.0

#: A poll that has waited so long is ended when its client goes away. One that is answered sooner is
#: spared the task that watches: most are, and a client seldom goes within a second of asking.
WATCH_AFTER_S = 1.0

_T = TypeVar("_T")


class Polls:
    """Long polls under way. A shutdown ends them at once: each answers that nothing came."""

    def __init__(self) -> None:
        #: In the order of their coming: that of a set would follow addresses in memory.
        self._scopes: dict[asyncio.Timeout, None] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the axis is being stopped."""
        return self._closed

    @property
    def waiting(self) -> int:
        """Polls under way."""
        return len(self._scopes)

    async def until_closed(
        self, found: Awaitable[_T], nothing: _T, receive: Receive | None = None
    ) -> _T:
        """Return what ``found`` brings, or ``nothing`` when the axis closes before that.

        With ``receive``, also when the client goes away: what came later would be handed to nobody
        and be written down as handed out.
        """
        scope = asyncio.timeout(0 if self._closed else None)
        self._scopes[scope] = None
        watch = _Watch(scope, receive)
        try:
            async with scope:
                return await found
        except TimeoutError:
            if not scope.expired():
                raise
            return nothing
        finally:
            watch.end()
            del self._scopes[scope]

    def close(self) -> None:
        """End every poll, also those still to come."""
        self._closed = True
        now = asyncio.get_running_loop().time()
        for scope in self._scopes:
            # One whose client has gone in this very turn ends already.
            if not scope.expired():
                scope.reschedule(now)


class _Watch:
    """Ends a poll when its client has gone away."""

    def __init__(self, scope: asyncio.Timeout, receive: Receive | None) -> None:
        self._scope = scope
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCH_AFTER_S, self._begin) if receive else None

    def end(self) -> None:
        """The poll is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        assert self._receive is not None
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an axis can work: its store can be read and written, its bus takes what is
    published.
    """

    store: bool
    bus: bool

    @property
    def ready(self) -> bool:
        """Both are there."""
        return self.store and self.bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A running axis. Made by ``axis.bootstrap.build``, served by ``axis.api.app.create_app``."""

    settings: Settings
    store: Store
    bus: Bus
    #: How far lanes are published, where Kafka is; and what publishes, where the relay is here.
    lanes: Lanes | None = None
    publisher: Publisher | None = None
    clock: Clock
    signer: Signer
    committer: Committer
    members: Members
    refusals: Refusals
    intake: Intake
    handover: Handover
    statuses: Statuses
    tracking: Tracking
    statistics: Statistics
    oversight: Oversight
    extraction: Extraction
    planning: Planning
    shadowing: Shadowing
    polls: Polls = field(default_factory=Polls)
    standstill: Standstill = field(default_factory=Standstill)

    async def readiness(self) -> Readiness:
        """Ask the store and the bus for the least they can do."""
        store = await _answers(self.store.ready())
        bus = await _answers(self.bus.publish(()))
        if bus and self.publisher is not None:
            bus = await _answers(self.publisher.publish(()))
        elif bus and self.lanes is not None:
            bus = await _answers(self._published_lately(self.lanes))
        return Readiness(store, bus)

    async def _published_lately(self, lanes: Lanes) -> None:
        """Raises ``BusAway`` when publishing stands still."""
        now = self.clock.now()
        pace = await lanes.pace(now)
        waiting = [lag.recipient for lag in await lanes.lag()]
        if self.standstill.look(now, waiting, pace):
            raise BusAway("nobody relays, or Kafka is away")


async def _answers(question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(READY_S):
            await question
    except Exception:
        # Whatever the fault is, "not ready" is the whole answer; who works with it will log it.
        return False
    return True
