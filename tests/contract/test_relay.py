"""Relays over every store: whatever becomes of one, readers get every number in its order.

No time passes here but that of a clock in the hand, or of a loop without any; a relay's steps are
taken one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.commands import Redrive
from axis.core.document import Place
from axis.core.errors import Unavailable, unavailable
from axis.core.lifecycle import Step, Transport
from axis.core.record import STATUSES, Record
from axis.core.topic import Topic
from axis.flows.relay import LEASE_S, LOOK_AGAIN_S, Relay
from axis.lanes import Lanes, Lease
from axis.ports import BusAway, Store
from tests.contract.books import CODES, NOON, A, B, C, Scribe, agency, one
from tests.contract.publishers import MemoryPublisher
from tests.sim import loop


class HandClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> int:
        return self.at

    def run_out(self) -> None:
        """Every lease of now has ended."""
        self.at += int(LEASE_S * 1e6)


class Reader:
    """Follows the rule of ``schemas.bus``: what it applies, and what it is told anew."""

    def __init__(self) -> None:
        self.applied: dict[tuple[str, int], list[int]] = {}
        self.states: dict[tuple[str, int, int], tuple[int, int]] = {}
        self.gaps = 0

    def read(self, records: Iterable[Record]) -> Reader:
        for record in records:
            if record.urgency == STATUSES:
                continue
            lane = self.applied.setdefault((record.recipient, record.urgency), [])
            state = (record.attempt, int(record.transport in (3, 4)))
            if record.no == len(lane) + 1:
                lane.append(record.no)
                self.states[record[:3]] = state
            elif record.no > len(lane):
                self.gaps += 1
            elif state > self.states[record[:3]]:
                self.states[record[:3]] = state
        return self


class Scene:
    """A store, a topic, and relays that are stepped by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lanes: Lanes = store.lanes  # type: ignore[attr-defined]
        self.publisher = MemoryPublisher()
        self.clock = HandClock()
        self.scribe = Scribe()
        self.sent = 0

    def relay(self, name: str) -> Relay:
        return Relay(self.lanes, self.publisher, EmbeddedBus(), self.clock, name)

    async def send(self, count: int, to: Sequence[str] = (B,), urgency: int = 0) -> None:
        self.sent += count
        names = [f"{n}/UBND" for n in range(self.sent - count, self.sent)]
        await self.store.apply([self.scribe.accept(name, to=to, urgency=urgency) for name in names])

    @property
    def numbers(self) -> list[int]:
        """Of all lanes, as they lie in the topic."""
        return [r.no for r in self.publisher.topic if r.urgency != STATUSES]

    def read(self) -> Reader:
        return Reader().read(self.publisher.topic)

    async def drain(self, relay: Relay) -> None:
        """Look at everything until nothing is left."""
        relay.look_at(CODES)
        while relay.due:
            await relay.page()


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


async def test_everything_is_published_once_and_in_order(scene: Scene):
    await scene.send(30)
    await scene.send(5, to=[B, C], urgency=4)
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    read = scene.read()
    assert read.applied == {(B, 0): [*range(1, 31)], (B, 4): [*range(1, 6)], (C, 4): [*range(1, 6)]}
    assert len(scene.publisher.topic) == relay.published == 40
    await scene.drain(relay)
    assert len(scene.publisher.topic) == 40


async def test_one_page_tells_all_recipients_of_a_document(scene: Scene):
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    await scene.send(1, to=[B, C])
    relay.look_at([B, C])
    await relay.page()
    assert {record.recipient for record in scene.publisher.topic} == {B, C}
    assert not relay.due


async def test_a_relay_whose_lease_ran_out_in_the_middle_only_repeats(scene: Scene):
    await scene.send(10)
    late, heir = scene.relay("late"), scene.relay("heir")
    await late.beat()
    reached, go_on = asyncio.Event(), asyncio.Event()
    publish = scene.publisher.publish

    async def held_up(records: Sequence[Record]) -> None:
        reached.set()
        await go_on.wait()
        await publish(records)

    # It has read its page when it is stopped; the other takes over and goes further.
    scene.publisher.publish = held_up  # type: ignore[method-assign]
    late.look_at(CODES)
    stopped = asyncio.create_task(scene.drain(late))
    await reached.wait()
    scene.publisher.publish = publish  # type: ignore[method-assign]
    scene.clock.run_out()
    await heir.beat()
    await scene.drain(heir)
    await scene.send(5)
    await one(scene.store, scene.scribe.move(Step.FAIL, Place(B, 0, 3), reason="hỏng"))
    await scene.drain(heir)
    go_on.set()
    await stopped
    assert late.held == 0
    read = scene.read()
    assert (read.applied, read.gaps) == ({(B, 0): [*range(1, 16)]}, 0)
    # What the late one said of a number that was parked meanwhile is older, and is dropped.
    assert read.states[B, 0, 3] == (1, 1)
    assert scene.numbers[-10:] == [*range(1, 11)]
    assert await scene.lanes.lag() == []


async def test_a_relay_that_wakes_without_a_lease_publishes_nothing(scene: Scene):
    late, heir = scene.relay("late"), scene.relay("heir")
    await late.beat()
    assert late.held == len(CODES)
    scene.clock.run_out()
    await heir.beat()
    await scene.send(3)
    # What it believes to hold is another's: it learns so when it looks.
    await scene.drain(late)
    assert (late.held, scene.publisher.topic) == (0, [])
    await scene.drain(heir)
    assert scene.numbers == [1, 2, 3]


async def test_what_was_not_acknowledged_is_published_again(scene: Scene):
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    await scene.send(5)
    for fault in ("before", "after"):
        scene.publisher.away = [fault, "still"]
        relay.look_at([B])
        with pytest.raises(BusAway):
            await relay.page()
    while relay.due:
        await relay.page()
    read = scene.read()
    assert (read.applied, read.gaps) == ({(B, 0): [1, 2, 3, 4, 5]}, 0)
    assert len(scene.publisher.topic) == 10


async def test_a_topic_that_takes_nothing_keeps_no_other_waiting(scene: Scene):
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    scene.publisher.deaf = {B}
    await scene.send(5, to=CODES[1:])
    relay.look_at(CODES)
    failures = 0
    for _ in range(2 * len(CODES)):
        try:
            await relay.page()
        except BusAway:
            failures += 1
    # In a page with others, and then by itself: after that it is left alone.
    assert failures == 2
    others = {(code, 0): [*range(1, 6)] for code in CODES[1:] if code != B}
    assert scene.read().applied == others
    assert relay.due
    scene.clock.run_out()
    await relay.beat()
    with pytest.raises(BusAway):
        await relay.page()
    scene.publisher.deaf = set()
    for _ in range(3):
        scene.clock.run_out()
        await relay.beat()
        await relay.page()
    assert scene.read().applied == others | {(B, 0): [*range(1, 6)]}
    assert not relay.due


async def test_nobody_is_blamed_while_the_bus_is_away(scene: Scene):
    await scene.send(5, to=CODES[1:])
    relay = scene.relay("one")
    await relay.beat()
    for _ in range(3):
        scene.publisher.away = ["before", "still"]
        with pytest.raises(BusAway):
            await relay.page()
    await relay.page()
    assert scene.read().applied == {(code, 0): [*range(1, 6)] for code in CODES[1:]}


async def test_nobody_is_blamed_while_the_books_cannot_be_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    """As those of a standby, which are read on."""

    async def read_only(*_: Any, **__: Any) -> Any:
        raise unavailable("axis.store_away")

    await scene.send(5, to=CODES[1:])
    relay = scene.relay("one")
    await relay.beat()
    with monkeypatch.context() as patch:
        for step in ("beat", "take", "advance"):
            patch.setattr(scene.lanes, step, read_only)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await relay.page()
    await relay.page()
    assert scene.read().applied == {(code, 0): [*range(1, 6)] for code in CODES[1:]}
    assert not relay.due


async def test_a_process_killed_behind_its_commit_loses_nothing(scene: Scene):
    gone = scene.relay("gone")
    await gone.beat()
    # Committed; the process that did it, and relayed, is no more.
    await scene.send(3)
    heir = scene.relay("heir")
    await heir.beat()
    await scene.drain(heir)
    assert scene.publisher.topic == []
    scene.clock.run_out()
    await heir.beat()
    await scene.drain(heir)
    assert scene.read().applied == {(B, 0): [1, 2, 3]}


async def test_parked_after_publication_arrives_as_a_tombstone_and_reset_as_another_attempt(
    scene: Scene,
):
    await scene.send(3)
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    place = Place(B, 0, 2)
    for step, state in ((Step.FAIL, (1, 1)), (Step.RESET, (2, 0)), (Step.FAIL, (2, 1))):
        await one(scene.store, scene.scribe.move(step, place, reason="hỏng"))
        await scene.drain(relay)
        assert scene.read().states[B, 0, 2] == state
    # Each of them alone: the lane behind it is not repeated.
    assert scene.numbers == [1, 2, 3, 2, 2, 2]


async def test_what_was_parked_before_it_was_published_is_a_tombstone_at_once(scene: Scene):
    await scene.send(2)
    await one(scene.store, scene.scribe.lock(B))
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    assert [(r.no, r.transport) for r in scene.publisher.topic if r.urgency == 0] == [
        (1, Transport.PARKED),
        (2, Transport.PARKED),
    ]


async def test_a_redrive_gives_an_agency_its_lane_again(scene: Scene):
    await scene.send(4)
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    audit = scene.scribe.audit("redrive", B)
    await one(scene.store, Redrive(recipient=B, urgency=0, no=3, audit=audit))
    await scene.drain(relay)
    assert scene.numbers == [1, 2, 3, 4, 3, 4]


async def test_a_newcomer_gets_its_share_and_a_leaver_gives_it_back(scene: Scene):
    first, second = scene.relay("first"), scene.relay("second")
    await first.beat()
    assert first.held == 4
    await second.beat()
    assert second.held == 0
    await first.beat()
    await second.beat()
    assert (first.held, second.held) == (2, 2)
    third = scene.relay("third")
    for relay in (third, first, second, third):
        await relay.beat()
    assert (first.held, second.held, third.held) == (2, 2, 0)
    await scene.lanes.leave("first")
    for relay in (second, third):
        await relay.beat()
    assert (second.held, third.held) == (2, 2)
    await scene.lanes.leave("third")
    await second.beat()
    assert second.held == 4


class Shaky:
    """Lanes of which takes fail: the first behind half of its work, the second before it."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._takes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lanes, name)

    async def take(
        self, owner: str, recipients: Sequence[str], now: int, until: int
    ) -> list[Lease]:
        self._takes += 1
        if self._takes == 1:
            await self._lanes.take(owner, recipients[:2], now, until)
        if self._takes <= 2:
            raise unavailable("axis.store_away")
        return await self._lanes.take(owner, recipients, now, until)


async def test_a_lane_is_looked_at_though_the_beat_that_told_of_it_failed(scene: Scene):
    await scene.send(3)
    scene.lanes = cast("Lanes", Shaky(scene.lanes))
    relay = scene.relay("one")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await relay.beat()
    await relay.beat()
    assert relay.held == len(CODES)
    # Nobody was told of.
    while relay.due:
        await relay.page()
    assert scene.numbers == [1, 2, 3]


def test_what_nobody_was_told_of_is_found_while_there_is_traffic_for_others():
    async def main() -> float:
        store = MemoryStore(MemoryBooks())
        await store.enrol([agency(code) for code in CODES], (), ())
        scene, bus = Scene(store), EmbeddedBus()
        relay = Relay(scene.lanes, scene.publisher, bus, scene.clock, "one")
        running = asyncio.create_task(relay.run())
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(LOOK_AGAIN_S / 2)
        await scene.send(1)
        sent_s = clock()
        while not scene.publisher.topic and clock() - sent_s < 10 * LOOK_AGAIN_S:
            await bus.publish([Topic(A, statuses=False)])
            await asyncio.sleep(LOOK_AGAIN_S / 4)
        running.cancel()
        await asyncio.wait([running])
        return clock() - sent_s

    seconds, complaints = loop.run(main())
    assert seconds <= 2 * LOOK_AGAIN_S
    assert complaints == []


async def test_several_relays_publish_every_number_between_them(scene: Scene):
    relays = [scene.relay(name) for name in ("one", "two")]
    for _ in range(2):
        for relay in relays:
            await relay.beat()
    await scene.send(20, to=list(CODES[1:]))
    for relay in relays:
        await scene.drain(relay)
    assert scene.read().applied == {(code, 0): [*range(1, 21)] for code in CODES[1:]}
    assert len(scene.publisher.topic) == 60


async def test_a_running_relay_is_woken_and_gives_up_its_leases_at_the_end(scene: Scene):
    bus = EmbeddedBus()
    relay = Relay(scene.lanes, scene.publisher, bus, scene.clock, "one")
    running = asyncio.create_task(relay.run())
    published = asyncio.Event()
    publish = scene.publisher.publish

    async def seen(records: Sequence[Record]) -> None:
        await publish(records)
        published.set()

    scene.publisher.publish = seen  # type: ignore[method-assign]
    await scene.send(3)
    async with asyncio.timeout(30):
        await published.wait()
    running.cancel()
    await asyncio.wait([running])
    assert scene.read().applied == {(B, 0): [1, 2, 3]}
    assert await scene.lanes.lag() == []
    roll = await scene.lanes.beat("other", scene.clock.now(), scene.clock.now() + 1)
    assert (roll.relays, roll.free) == (1, list(CODES))
