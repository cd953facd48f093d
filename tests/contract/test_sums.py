"""The contract of ``axis.books.Books``: counters summed over spans, and what they cover."""

from __future__ import annotations

from axis.core import timeliness
from axis.core.commands import Accept, ById
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.core.tally import RECEIVED, SENT, Counted
from axis.ports import Store
from tests.contract.books import NOON, TODAY, A, B, C, Scribe, differences

_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000


async def _some_days(store: Store, scribe: Scribe) -> None:
    """A sends on three days, B once; B takes what is its own on the second day, C never."""
    await store.apply(
        [
            scribe.accept("1/UBND", to=[B, C], at=NOON - _DAY_US),
            scribe.accept("2/UBND", to=[B], at=NOON),
            scribe.accept("3/UBND", to=[B], at=NOON + _DAY_US),
            scribe.accept("4/UBND", sender=B, to=[A], at=NOON),
        ]
    )
    await store.apply([scribe.move(Step.DONE, Place(B, 0, no), at=NOON) for no in (1, 2)])


async def test_counters_are_summed_over_spans(store: Store, scribe: Scribe):
    await _some_days(store, scribe)
    spans = [(TODAY - 1, TODAY), (TODAY, TODAY + 9), (TODAY - 1, TODAY + 1), (TODAY + 1, TODAY)]
    found = await store.sums(spans, [SENT, RECEIVED])
    assert sorted(found) == [
        (0, A, SENT, 2),
        (0, B, RECEIVED, 2),
        (0, B, SENT, 1),
        (1, A, SENT, 2),
        (1, B, RECEIVED, 2),
        (1, B, SENT, 1),
        (2, A, SENT, 3),
        (2, B, RECEIVED, 2),
        (2, B, SENT, 1),
    ]
    assert sorted(await store.sums(spans, [RECEIVED])) == [(n, B, RECEIVED, 2) for n in (0, 1, 2)]
    assert await store.sums([(TODAY + 2, TODAY + 99)], [SENT]) == []
    assert await store.sums([], [SENT]) == []
    assert await store.sums(spans, []) == []


async def test_what_stands_is_in_no_span(store: Store, scribe: Scribe):
    await _some_days(store, scribe)
    assert await store.sums([(0, TODAY), (-9, 0)], ["deliveries", "transport.done"]) == []


async def test_new_books_count_everything_from_the_first_event_on(store: Store, scribe: Scribe):
    assert await store.counted() == Counted(None, None, None, {})
    await _some_days(store, scribe)
    assert await store.counted() == Counted(TODAY - 1, TODAY + 1, TODAY + 1, {})
    # A word about what was done carries nothing.
    first = ById((await store.inbox(B, {}, 9, (2,)))[0].document.id, B)
    await store.apply([scribe.say(first, "03", at=NOON + 9 * _DAY_US)])
    assert await store.counted() == Counted(TODAY - 1, TODAY + 9, TODAY + 1, {})


def by_id(command: Accept) -> ById:
    return ById(command.id, B)


async def test_arrival_is_kept_until_the_document_is_accepted(store: Store, scribe: Scribe):
    commands = [scribe.accept(f"{n}/UBND", to=[B]) for n in range(1, 5)]
    await store.apply(commands)
    first, second, third, fourth = (by_id(command) for command in commands)
    await store.apply([scribe.move(Step.DONE, first, at=NOON + 5_000_000)])
    await store.apply(
        [
            # It came earlier than it was confirmed, and is accepted within the hour.
            scribe.say(first, "01", at=NOON + 2_000_000),
            scribe.say(first, "03", at=NOON + _HOUR_US),
            # 01 implies the arrival; accepted the next day.
            scribe.say(second, "01"),
            scribe.say(second, "03", at=NOON + _DAY_US),
            # Of an arrival that the acceptance itself implies no time is known.
            scribe.say(third, "03", at=NOON + _DAY_US),
            scribe.say(fourth, "02", reason="nhầm", at=NOON + _DAY_US),
        ]
    )
    metrics = [
        timeliness.SECONDS,
        timeliness.NEXT_DAY,
        timeliness.ACCEPTED_LATER,
        timeliness.UNTIMED,
    ]
    assert sorted(await store.sums([(TODAY, TODAY + 1)], metrics)) == [
        (0, B, timeliness.NEXT_DAY, 1),
        (0, B, timeliness.SECONDS, 3598 + 86_400),
        (0, B, timeliness.UNTIMED, 1),
    ]
    assert await differences(store) == []
    arrivals = [row.delivery.arrived_at for row in await store.inbox(B, {}, 9, (2,))]
    assert arrivals == [NOON + 2_000_000, NOON, NOON + _DAY_US, NOON + _DAY_US]
    assert [d.arrived_at for d in await store.deliveries(1)] == arrivals[:1]
