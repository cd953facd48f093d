"""Observers over every store: whatever becomes of a relay, they read every event in its order.

As in ``test_relay`` no time passes but that of a clock in the hand, and steps are taken one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from axis.adapters.embedded_bus import EmbeddedBus
from axis.core.commands import ById, Redrive
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.core.record import OBSERVERS, Observed
from axis.core.topic import Topic
from axis.flows import observing
from axis.flows.relay import Relay
from axis.lanes import Lease
from axis.ports import BusAway, Store
from tests.contract.books import B, C, document_of, one
from tests.contract.test_relay import Scene

_T = TypeVar("_T")
Write = Callable[[Sequence[_T]], Coroutine[Any, Any, None]]


class Watched(Scene):
    """A scene with observers."""

    def relay(self, name: str) -> Relay:
        return Relay(self.lanes, self.publisher, EmbeddedBus(), self.clock, name, self.publisher)

    @property
    def seen(self) -> list[int]:
        """The numbers of the events as they lie in the topic."""
        return [event.no for event in self.publisher.events]

    def applied(self) -> list[int]:
        """What an observer is left with that follows the rule of ``schemas.bus``."""
        last, told = 0, []
        for no in self.seen:
            if no > last:
                last = no
                told.append(no)
        return told

    async def happen(self) -> None:
        """Seven events: a document for two comes in, and is taken, answered, parked and reset."""
        document = document_of(await one(self.store, self.scribe.accept(f"{self.sent}", to=[B, C])))
        self.sent += 1
        kept, other = Place(B, 0, self.sent), Place(C, 0, self.sent)
        for step in (Step.OFFER, Step.DONE):
            await one(self.store, self.scribe.move(step, kept))
        await one(self.store, self.scribe.say(ById(document.id, B), "01"))
        for step in (Step.FAIL, Step.RESET, Step.DONE):
            await one(self.store, self.scribe.move(step, other, actor=C, reason="hỏng"))


def of(relay: Relay) -> observing.Observing:
    assert relay.observing is not None
    return relay.observing


async def look(relay: Relay) -> None:
    """Tell the observers everything."""
    while await of(relay).page():
        pass


@pytest.fixture
def scene(store: Store) -> Watched:
    return Watched(store)


async def test_observers_are_told_every_event_once_and_in_order(
    scene: Watched, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(observing, "PAGE_EVENTS_MAX", 4)
    for _ in range(3):
        await scene.happen()
    relay = scene.relay("one")
    await relay.beat()
    await look(relay)
    assert scene.seen == [*range(1, 22)]
    kinds = [event.kind for event in scene.publisher.events]
    assert kinds == ["accepted", "offered", "done", "status", "parked", "reset", "done"] * 3
    await look(relay)
    assert len(scene.seen) == 21
    assert await scene.lanes.events_behind() == 0
    # Nobody else was told of it, and no agency's lane has moved.
    assert (scene.publisher.topic, relay.published) == ([], 0)


async def test_what_a_relay_told_before_it_died_is_told_again_and_nothing_is_lost(scene: Watched):
    await scene.happen()
    gone, heir = scene.relay("gone"), scene.relay("heir")
    await gone.beat()
    advance = scene.lanes.advance

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    # Between what it publishes and the cursor.
    scene.lanes.advance = killed  # type: ignore[method-assign, assignment]
    with pytest.raises(asyncio.CancelledError):
        await of(gone).page()
    scene.lanes.advance = advance  # type: ignore[method-assign]
    await scene.happen()
    await heir.beat()
    await look(heir)
    assert (of(heir).held, scene.seen) == (False, [*range(1, 8)])
    scene.clock.run_out()
    await heir.beat()
    await look(heir)
    assert scene.seen == [*range(1, 8), *range(1, 15)]
    assert scene.applied() == [*range(1, 15)]


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_what_was_not_acknowledged_is_told_again(scene: Watched, fault: str):
    await scene.happen()
    relay = scene.relay("one")
    await relay.beat()
    scene.publisher.away = [fault]
    with pytest.raises(BusAway):
        await of(relay).page()
    await look(relay)
    assert scene.applied() == [*range(1, 8)]
    assert len(scene.seen) == (7 if fault == "before" else 14)


async def test_a_relay_whose_lease_ran_out_in_the_middle_only_repeats(scene: Watched):
    await scene.happen()
    late, heir = scene.relay("late"), scene.relay("heir")
    await late.beat()
    reached, go_on = asyncio.Event(), asyncio.Event()
    observe = scene.publisher.observe

    async def held_up(events: Sequence[Observed]) -> None:
        reached.set()
        await go_on.wait()
        await observe(events)

    scene.publisher.observe = held_up  # type: ignore[method-assign]
    stopped = asyncio.create_task(of(late).page())
    await reached.wait()
    scene.publisher.observe = observe  # type: ignore[method-assign]
    scene.clock.run_out()
    await heir.beat()
    await scene.happen()
    await look(heir)
    go_on.set()
    assert not await stopped
    assert (of(late).held, of(heir).held) == (False, True)
    assert await scene.lanes.events_behind() == 0
    assert scene.seen == [*range(1, 15), *range(1, 8)]
    assert scene.applied() == [*range(1, 15)]


async def test_a_relay_that_wakes_without_the_lease_tells_nothing(scene: Watched):
    late, heir = scene.relay("late"), scene.relay("heir")
    await late.beat()
    scene.clock.run_out()
    await heir.beat()
    await scene.happen()
    await look(late)
    assert scene.seen == []
    await late.beat()
    assert (of(late).held, of(heir).held) == (False, True)
    await look(heir)
    assert scene.seen == [*range(1, 8)]


async def test_of_several_relays_one_tells_them_beside_its_fair_share(scene: Watched):
    first, second = scene.relay("first"), scene.relay("second")
    await first.beat()
    assert (first.held, of(first).held) == (4, True)
    for relay in (second, first, second):
        await relay.beat()
    assert (first.held, second.held) == (2, 2)
    assert (of(first).held, of(second).held) == (True, False)
    await scene.happen()
    await asyncio.gather(look(first), look(second))
    assert scene.seen == [*range(1, 8)]
    await scene.lanes.leave("first")
    await second.beat()
    assert (second.held, of(second).held) == (4, True)
    await scene.happen()
    await look(second)
    assert scene.seen == [*range(1, 15)]


async def test_where_nobody_observes_nothing_is_kept_of_them(scene: Watched):
    plain = Scene(scene.store).relay("plain")
    await plain.beat()
    assert (plain.held, plain.observing) == (4, None)
    await scene.happen()
    await scene.drain(plain)
    # Beside it another may tell them, which is the first that does.
    other = scene.relay("other")
    await other.beat()
    assert (other.held, of(other).held) == (0, True)
    now = scene.clock.now()
    roll = await scene.lanes.beat("other", now, now + 1, events=True)
    assert (roll.agencies, roll.held) == (4, [Lease(OBSERVERS, 1)])
    await plain.beat()
    assert (plain.held, scene.seen) == (2, [])


async def test_a_redrive_gives_observers_nothing_again(scene: Watched):
    await scene.happen()
    relay = scene.relay("one")
    await relay.beat()
    await scene.drain(relay)
    await look(relay)
    audit = scene.scribe.audit("redrive", B)
    await one(scene.store, Redrive(recipient=B, urgency=None, no=1, audit=audit))
    await scene.drain(relay)
    await look(relay)
    assert scene.numbers.count(1) == 3
    assert scene.seen == [*range(1, 8)]


async def test_observers_whose_topic_takes_nothing_hold_up_no_lane(scene: Watched):
    bus = EmbeddedBus()
    tried, ended, published = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Deaf:
        async def observe(self, _: Sequence[Observed]) -> None:
            tried.set()
            await ended.wait()

    relay = Relay(scene.lanes, scene.publisher, bus, scene.clock, "one", Deaf())
    scene.publisher.publish = noticed(  # type: ignore[method-assign, assignment]
        scene.publisher.publish, published
    )
    await scene.send(1)
    running = asyncio.create_task(relay.run())
    async with asyncio.timeout(30):
        await tried.wait()
        await published.wait()
        published.clear()
        await scene.send(2)
        await bus.publish([Topic(B, statuses=False)])
        await published.wait()
    assert scene.read().applied == {(B, 0): [1, 2, 3]}
    ended.set()
    running.cancel()
    await asyncio.wait([running])


async def test_a_running_relay_tells_them_and_gives_up_their_lease_at_the_end(scene: Watched):
    bus, told = EmbeddedBus(), asyncio.Event()
    relay = Relay(scene.lanes, scene.publisher, bus, scene.clock, "one", scene.publisher)
    scene.publisher.observe = noticed(  # type: ignore[method-assign, assignment]
        scene.publisher.observe, told
    )
    running = asyncio.create_task(relay.run())
    await scene.happen()
    async with asyncio.timeout(30):
        while len(scene.seen) < 7:
            await bus.publish([Topic(B, statuses=False)])
            await told.wait()
            told.clear()
    running.cancel()
    await asyncio.wait([running])
    assert scene.applied() == [*range(1, 8)]
    now = scene.clock.now()
    assert OBSERVERS in (await scene.lanes.beat("other", now, now + 1, events=True)).free


def noticed(write: Write[_T], done: asyncio.Event) -> Write[_T]:
    """The same, which says that it was done."""

    async def told(records: Sequence[_T]) -> None:
        await write(records)
        done.set()

    return told
