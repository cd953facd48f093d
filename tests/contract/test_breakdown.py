"""Every store breaks down alike, and what is counted anew is what the counters say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from hypothesis import given

from axis.adapters.memory_store import MemoryStore
from axis.core import tally
from axis.core.breakdown import Breakdown
from axis.core.commands import ById
from axis.core.lifecycle import Step
from axis.core.timeliness import FAMILIES
from axis.flows.tracking import Tracking
from axis.ports import Store
from tests.contract.books import CODES, A, B, C, Scribe, agency
from tests.contract.conftest import Library
from tests.contract.recipes import Recipe, groups, written


async def broken_down(store: Store) -> tuple[Mapping[tally.Key, int], Breakdown]:
    return await Tracking(store).breakdown()


def as_counters(found: Breakdown) -> dict[tuple[str, str], int]:
    """By agency and metric what a breakdown says of the flows."""
    flows: Counter[tuple[str, str]] = Counter()
    for code, n in found.senders.items():
        flows[code, tally.SENT] += n
    for (_, recipient, _), n in found.pairs.items():
        flows[recipient, tally.RECEIVED] += n
    for (actor, code), n in found.said.items():
        flows[actor, tally.said(code)] += n
    return dict(flows)


def flows_of(counters: Mapping[tally.Key, int]) -> dict[tuple[str, str], int]:
    flows: Counter[tuple[str, str]] = Counter()
    for (code, day, metric), n in counters.items():
        # What only the statistics count is of no kind that is broken down.
        if day != tally.STANDING and metric.partition(".")[0] not in FAMILIES:
            flows[code, metric] += n
    return dict(flows)


def by_day(counters: Mapping[tally.Key, int], metric: str) -> dict[int, int]:
    days: Counter[int] = Counter()
    for (_, day, name), n in counters.items():
        if name == metric:
            days[day] += n
    return dict(days)


async def test_a_store_tells_who_sent_what_to_whom_and_how_long_it_took(
    store: Store, scribe: Scribe
):
    letter = scribe.accept(to=(B, C), urgency=2)
    await store.apply([letter])
    await store.apply([scribe.move(Step.OFFER, ById(letter.id, B))])
    done = scribe.move(Step.DONE, ById(letter.id, B))
    await store.apply([done])
    await store.apply([scribe.say(ById(letter.id, B), "03")])
    counters, found = await broken_down(store)
    assert found.pairs == {(A, B, 2020): 1}
    assert found.by_urgency() == {2: (1, 1)}
    assert found.waits.confirmed.longest == done.now - letter.now
    assert found.waits.answered.count == 1
    assert as_counters(found) == flows_of(counters)


async def test_every_store_breaks_the_same_commands_down_alike(library: Library):
    groups_of = written([])
    memory, store = MemoryStore(), await library.open()
    found = []
    for one in (memory, store):
        await one.enrol([agency(code) for code in CODES], [], [])
        for commands in groups_of:
            await one.apply(commands)
        scribe = Scribe()
        targets = [ById(f"doc_{n:026}", CODES[1]) for n in (1, 2, 3)]
        await one.apply([scribe.move(Step.DONE, *targets, actor=CODES[1])])
        counters, broken = await broken_down(one)
        # Two of the three were done before, and so were two others.
        assert broken.received == 5
        told = (broken.by_day(), broken.by_hour(), broken.by_kind(), broken.by_type())
        found.append((counters, told, broken.pairs, broken.lists, broken.bytes))
    assert found[0] == found[1]


@given(groups)
def test_whatever_was_asked_the_counters_say_what_was_broken_down(groups_of: list[list[Recipe]]):
    async def law() -> None:
        memory = MemoryStore()
        await memory.enrol([agency(code) for code in CODES], [], [])
        for commands in written(groups_of):
            await memory.apply(commands)
        counters, found = await broken_down(memory)
        assert as_counters(found) == flows_of(counters)
        days = found.by_day()
        for place, metric in enumerate((tally.SENT, tally.RECEIVED)):
            assert {d: c[place] for d, c in days.items() if c[place]} == by_day(counters, metric)
        for split in (days, found.by_hour(), found.by_kind(), found.by_urgency(), found.by_type()):
            counts = list(split.values())
            assert sum(c.sent for c in counts) == found.documents
            assert sum(c.received for c in counts) == found.received

    asyncio.run(law())
