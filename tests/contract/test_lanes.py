"""The contract of ``axis.lanes.Lanes``, on every store."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from axis.core.commands import ById, Redrive
from axis.core.document import Place
from axis.core.lifecycle import Step, Transport
from axis.core.record import (
    CHANGES,
    EVENTS,
    OBSERVERS,
    STATUSES,
    EventPage,
    Observed,
    Page,
    Record,
    Stretch,
)
from axis.lanes import Lag, Lanes, Lease, Pace
from axis.ports import Store
from tests.contract.books import CODES, NOON, A, B, C, D, Scribe, agency, document_of, one
from tests.contract.conftest import Library

SECOND = 1_000_000


@pytest.fixture
def lanes(store: Store) -> Lanes:
    found: Lanes = store.lanes  # type: ignore[attr-defined]
    return found


async def held(lanes: Lanes, owner: str = "one", now: int = NOON) -> dict[str, Lease]:
    """All leases, taken by ``owner`` for ten seconds."""
    await lanes.beat(owner, now, now + 10 * SECOND)
    taken = await lanes.take(owner, CODES, now, now + 10 * SECOND)
    return {lease.recipient: lease for lease in taken}


async def page(lanes: Lanes, *codes: str, each: int = 100, most: int = 1000) -> Page:
    return await lanes.unpublished(codes or CODES, each, most)


async def publish(lanes: Lanes, owner: str = "one", now: int = NOON) -> Page:
    """Take the leases, and publish everything."""
    await held(lanes, owner, now)
    leases = {lease.recipient: lease for lease in (await lanes.beat(owner, now, now)).held}
    found = await page(lanes)
    assert await lanes.advance(owner, leases, found.stretches) is not None
    await lanes.release(owner, CODES)
    return found


def numbers(records: Sequence[Record]) -> list[tuple[str, int, int]]:
    return [record[:3] for record in records]


async def send(store: Store, scribe: Scribe, count: int, to: str = B, urgency: int = 0) -> None:
    await store.apply(
        [
            scribe.accept(f"{n}/{to}/{urgency}", to=[to], urgency=urgency)
            for n in range(1, count + 1)
        ]
    )


# ---- leases -----------------------------------------------------------------------------------


async def test_a_free_lease_is_taken_once_and_each_taking_has_a_higher_epoch(lanes: Lanes):
    first = await held(lanes)
    assert first == {code: Lease(code, 1) for code in CODES}
    assert await held(lanes, "two") == {}
    await lanes.release("one", [A])
    assert await held(lanes, "two") == {A: Lease(A, 2)}
    await lanes.release("two", [A])
    await lanes.release("two", [B])
    assert await held(lanes) == {A: Lease(A, 3)}


async def test_a_lease_that_ran_out_is_another_s(lanes: Lanes):
    await held(lanes)
    later = NOON + 10 * SECOND
    roll = await lanes.beat("two", later, later + 10 * SECOND)
    assert (roll.relays, roll.agencies, roll.held, roll.free) == (1, 4, [], list(CODES))
    assert await held(lanes, "two", later) == {code: Lease(code, 2) for code in CODES}
    late = await lanes.beat("one", later + SECOND, later + 11 * SECOND)
    assert (late.relays, late.held, late.free) == (2, [], [])


async def test_one_that_was_late_keeps_what_nobody_took(lanes: Lanes):
    await held(lanes)
    later = NOON + 60 * SECOND
    await lanes.beat("two", later, later + SECOND)
    await lanes.take("two", [A], later, later + SECOND)
    roll = await lanes.beat("one", later, later + 10 * SECOND)
    assert roll.held == [Lease(code, 1) for code in (B, C, D)]
    assert roll.free == []


async def test_one_that_was_late_and_alone_goes_on(lanes: Lanes):
    await held(lanes)
    later = NOON + 60 * SECOND
    roll = await lanes.beat("one", later, later + 10 * SECOND)
    assert (roll.relays, roll.held, roll.free) == (1, [Lease(code, 1) for code in CODES], [])
    assert await held(lanes, "two", later + 9 * SECOND) == {}


async def test_a_beat_renews(lanes: Lanes):
    await held(lanes)
    await lanes.beat("one", NOON + 9 * SECOND, NOON + 19 * SECOND)
    assert await held(lanes, "two", NOON + 18 * SECOND) == {}
    assert len(await held(lanes, "two", NOON + 19 * SECOND)) == 4


async def test_every_living_relay_is_counted_until_it_leaves(lanes: Lanes):
    await held(lanes)
    await lanes.beat("two", NOON, NOON + SECOND)
    assert (await lanes.beat("three", NOON, NOON + 10 * SECOND)).relays == 3
    assert (await lanes.beat("one", NOON + 2 * SECOND, NOON + 12 * SECOND)).relays == 2
    await lanes.leave("one")
    await lanes.leave("one")
    roll = await lanes.beat("three", NOON + 2 * SECOND, NOON + 12 * SECOND)
    assert (roll.relays, roll.free) == (1, list(CODES))


async def test_an_agency_that_joins_is_free(store: Store, lanes: Lanes):
    await held(lanes)
    await store.enrol([agency("000.00.00.H99")], [], [])
    roll = await lanes.beat("one", NOON, NOON + SECOND)
    assert (roll.agencies, roll.free) == (5, ["000.00.00.H99"])


async def test_leases_outlive_the_process(library: Library, lanes: Lanes):
    await held(lanes)
    again: Lanes = (await library.reopen()).lanes  # type: ignore[attr-defined]
    assert await held(again, "two") == {}
    assert len((await again.beat("one", NOON, NOON + SECOND)).held) == 4


# ---- what is published -------------------------------------------------------------------------


async def test_numbers_come_in_order_most_urgent_lane_first(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 2)
    await send(store, scribe, 2, urgency=4)
    await send(store, scribe, 1, to=C)
    leases = await held(lanes)
    found = await page(lanes, C, B)
    assert numbers(found.records) == [(C, 0, 1), (B, 4, 1), (B, 4, 2), (B, 0, 1), (B, 0, 2)]
    assert found.more == frozenset()
    assert set(found.stretches) == {Stretch(C, 0, 0, 1), Stretch(B, 4, 0, 2), Stretch(B, 0, 0, 2)}
    assert await lanes.advance("one", leases, found.stretches[:1]) == [Stretch(C, 0, 0, 1)]
    assert (await page(lanes, C)).records == []


async def test_a_record_tells_of_its_document(store: Store, lanes: Lanes, scribe: Scribe):
    document = document_of(await one(store, scribe.accept("7/QĐ-UBND", to=[B, C], urgency=3)))
    await held(lanes)
    (record,) = (await page(lanes, C)).records
    assert record == Record(
        C,
        3,
        1,
        Transport.WAITING,
        1,
        document.id,
        A,
        "7/QĐ-UBND",
        document.sha256,
        document.size,
        document.occurred_at,
    )


async def test_a_page_is_bounded_and_says_who_has_more(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 5)
    await send(store, scribe, 5, urgency=2)
    await send(store, scribe, 5, to=C)
    await send(store, scribe, 1, to=D)
    leases = await held(lanes)
    found = await page(lanes, each=3)
    assert numbers(found.records) == [
        *((B, 2, n) for n in (1, 2, 3)),
        *((B, 0, n) for n in (1, 2, 3)),
        *((C, 0, n) for n in (1, 2, 3)),
        (D, 0, 1),
    ]
    assert found.more == {B, C}
    found = await page(lanes, each=3, most=4)
    assert numbers(found.records) == [*((B, 2, n) for n in (1, 2, 3)), (B, 0, 1)]
    assert found.more == {B, C, D}
    await lanes.advance("one", leases, found.stretches)
    assert numbers((await page(lanes, B)).records) == [
        *((B, 2, n) for n in (4, 5)),
        *((B, 0, n) for n in (2, 3, 4, 5)),
    ]


async def test_of_nobody_nothing_is_published(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 2)
    await held(lanes)
    assert await lanes.unpublished([], 100, 1000) == Page([], [], frozenset())


async def test_what_is_done_is_published_too(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 3)
    await one(store, scribe.move(Step.DONE, Place(B, 0, 2)))
    found = await publish(lanes)
    assert [(r.no, r.transport) for r in found.records] == [(1, 0), (2, Transport.DONE), (3, 0)]


async def test_of_statuses_only_how_far_they_reach(store: Store, lanes: Lanes, scribe: Scribe):
    document = document_of(await one(store, scribe.accept(to=[B, C])))
    await store.apply([scribe.say(ById(document.id, code), "01") for code in (B, C)])
    leases = await held(lanes)
    found = await page(lanes, A)
    (_, newest) = await store.stream(A, 0, 9)
    assert found.records == [Record(A, STATUSES, newest[0].seq)]
    assert found.stretches == [Stretch(A, STATUSES, 0, newest[0].seq)]
    await lanes.advance("one", leases, found.stretches)
    assert (await page(lanes, A)).records == []
    await one(store, scribe.say(ById(document.id, B), "03"))
    assert [r.urgency for r in (await page(lanes, A)).records] == [STATUSES]


async def test_a_published_number_that_changes_comes_again_as_it_stands(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 3)
    await publish(lanes)
    await one(store, scribe.move(Step.FAIL, Place(B, 0, 2), reason="nhầm"))
    found = await publish(lanes)
    assert [(r[:3], r.transport, r.attempt) for r in found.records if r.recipient == B] == [
        ((B, 0, 2), Transport.PARKED, 1)
    ]
    assert [s.cursor for s in found.stretches if s.recipient == B] == [CHANGES]
    await one(store, scribe.move(Step.RESET, Place(B, 0, 2)))
    found = await publish(lanes)
    assert [(r[:3], r.transport, r.attempt) for r in found.records] == [
        ((B, 0, 2), Transport.WAITING, 2)
    ]
    assert (await publish(lanes)).records == []


async def test_what_is_given_back_is_published_again_with_a_higher_attempt(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 2)
    await store.apply([scribe.move(Step.DONE, Place(B, 0, n)) for n in (1, 2)])
    await publish(lanes)
    await one(store, scribe.move(Step.GIVE, Place(B, 0, 2)))
    found = await publish(lanes)
    assert [(r[:3], r.transport, r.attempt) for r in found.records] == [
        ((B, 0, 2), Transport.DONE, 2)
    ]
    # What its recipient says to it then is told to nobody.
    await one(store, scribe.move(Step.OFFER, Place(B, 0, 2)))
    await one(store, scribe.move(Step.FAIL, Place(B, 0, 2), reason="đã có"))
    assert (await publish(lanes)).records == []


async def test_a_change_of_what_is_not_published_comes_with_its_lane(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 2)
    await one(store, scribe.lock(B))
    found = await publish(lanes)
    told = [(r.no, r.transport) for r in found.records if r.recipient == B]
    assert told == [(1, Transport.PARKED), (2, Transport.PARKED)]
    await one(store, scribe.lock(B, locked=False))
    found = await publish(lanes)
    assert [(r.no, r.transport, r.attempt) for r in found.records] == [(1, 0, 2), (2, 0, 2)]


async def test_changes_are_bounded_too(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 5)
    await publish(lanes)
    await one(store, scribe.lock(B))
    leases = await held(lanes)
    found = await page(lanes, B, each=2)
    assert (numbers(found.records), set(found.more)) == ([(B, 0, 1), (B, 0, 2)], {B})
    await lanes.advance("one", leases, found.stretches)
    found = await page(lanes, B, each=4)
    assert (numbers(found.records), found.more) == ([(B, 0, n) for n in (3, 4, 5)], frozenset())


# ---- cursors -----------------------------------------------------------------------------------


async def test_who_lost_the_lease_moves_nothing(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 3)
    late = await held(lanes)
    found = await page(lanes)
    later = NOON + 11 * SECOND
    now = await held(lanes, "two", later)
    assert await lanes.advance("one", late, found.stretches) == []
    assert await lanes.advance("one", now, found.stretches) == []
    assert await lanes.advance("two", late, found.stretches) == []
    assert await lanes.advance("two", now, found.stretches) == found.stretches
    assert await lanes.advance("two", now, found.stretches) == []
    assert await lanes.advance("two", now, []) == []


async def test_a_cursor_that_was_rewound_meanwhile_is_not_moved(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 3)
    leases = await held(lanes)
    await lanes.advance("one", leases, (await page(lanes)).stretches)
    await send(store, scribe, 1, to=B, urgency=0)
    await one(store, scribe.accept("4/B", to=[B]))
    found = await page(lanes)
    audit = scribe.audit("redrive", B)
    await one(store, Redrive(recipient=B, urgency=0, no=2, audit=audit))
    assert await lanes.advance("one", leases, found.stretches) == []
    assert numbers((await page(lanes)).records) == [(B, 0, n) for n in (2, 3, 4)]


async def test_a_redrive_only_goes_back(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 3)
    await send(store, scribe, 1, urgency=4)
    await publish(lanes)

    async def redriven(urgency: int | None, no: int) -> list[tuple[str, int, int]]:
        audit = scribe.audit("redrive", B)
        await one(store, Redrive(recipient=B, urgency=urgency, no=no, audit=audit))
        return numbers((await page(lanes, B)).records)

    assert await redriven(0, 9) == []
    assert await redriven(0, 3) == [(B, 0, 3)]
    assert await redriven(0, 4) == [(B, 0, 3)]
    assert await redriven(None, 1) == [(B, 4, 1), *((B, 0, n) for n in (1, 2, 3))]
    assert [audit.act for audit in await store.audit_log(9)] == ["redrive"] * 4


async def test_a_redrive_of_who_was_never_relayed_changes_nothing(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 1)
    await one(store, Redrive(recipient=B, urgency=None, no=1, audit=scribe.audit("redrive", B)))
    assert numbers((await publish(lanes)).records) == [(B, 0, 1)]


async def test_the_lag_counts_what_is_not_published(store: Store, lanes: Lanes, scribe: Scribe):
    assert await lanes.lag() == []
    await one(store, scribe.accept("1/x", to=[B, C]))
    await send(store, scribe, 3, urgency=4)
    assert await lanes.lag() == [Lag(B, 4), Lag(C, 1)]
    leases = await held(lanes)
    found = await page(lanes, B)
    (normal,) = (s for s in found.stretches if s.cursor == 0)
    await lanes.advance("one", leases, [normal])
    assert await lanes.lag() == [Lag(B, 3), Lag(C, 1)]
    await publish(lanes)
    await lanes.release("one", CODES)
    await lanes.advance("one", leases, (await page(lanes)).stretches)


async def test_the_pace_shows_for_whom_something_was_published(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await publish(lanes)
    nothing = await lanes.pace(NOON)
    assert nothing.published == {A: 0, B: 0, C: 0, D: 0}
    await send(store, scribe, 3)
    assert await lanes.pace(NOON) == nothing
    await publish(lanes)
    assert (await lanes.pace(NOON)).published == {A: 0, B: 3, C: 0, D: 0}
    await one(store, Redrive(recipient=B, urgency=0, no=2, audit=scribe.audit("redrive", B)))
    assert (await lanes.pace(NOON)).published == {A: 0, B: 1, C: 0, D: 0}


async def test_the_pace_counts_the_relays_that_live(lanes: Lanes):
    assert await lanes.pace(NOON) == Pace(0, {})
    await lanes.beat("one", NOON, NOON + 10 * SECOND)
    await lanes.beat("two", NOON, NOON + 11 * SECOND)
    alive = [(await lanes.pace(NOON + s * SECOND)).relays for s in (9, 10, 11)]
    assert alive == [2, 1, 0]


# ---- observers ---------------------------------------------------------------------------------


async def observing(lanes: Lanes, owner: str = "one", now: int = NOON) -> dict[str, Lease]:
    """The lease of the observers, taken for ten seconds if it is free."""
    taken = await lanes.take(owner, [OBSERVERS], now, now + 10 * SECOND)
    return {lease.recipient: lease for lease in taken}


async def test_observers_are_on_the_roll_where_they_are_asked_for_and_are_no_agency(lanes: Lanes):
    until = NOON + 10 * SECOND
    assert (await lanes.beat("one", NOON, until)).free == list(CODES)
    roll = await lanes.beat("one", NOON, until, events=True)
    assert (roll.agencies, roll.held, roll.free) == (4, [], [*CODES, OBSERVERS])
    assert await observing(lanes) == {OBSERVERS: Lease(OBSERVERS, 1)}
    assert await observing(lanes, "two") == {}
    roll = await lanes.beat("one", NOON, until, events=True)
    assert (roll.agencies, roll.held, roll.free) == (4, [Lease(OBSERVERS, 1)], list(CODES))
    roll = await lanes.beat("two", NOON, until, events=True)
    assert (roll.relays, roll.held, roll.free) == (2, [], list(CODES))
    # Whoever does not tell them sees nothing of it.
    assert (await lanes.beat("one", NOON, until)).held == []
    assert await observing(lanes, "two", until) == {OBSERVERS: Lease(OBSERVERS, 2)}
    await lanes.leave("two")
    assert OBSERVERS in (await lanes.beat("one", until, until, events=True)).free


async def test_observers_are_told_every_event_in_order_as_headers_and_states(
    store: Store, lanes: Lanes, scribe: Scribe
):
    document = document_of(await one(store, scribe.accept("7/QĐ-UBND", to=[B, C])))
    await one(store, scribe.move(Step.FAIL, Place(B, 0, 1), reason="đĩa đầy", at=NOON + 5))
    await one(store, scribe.say(ById(document.id, C), "02", reason="nhầm", at=NOON + 7))
    await observing(lanes)
    found = await lanes.unobserved(9)
    about = (document.id, A, "7/QĐ-UBND")
    assert found.events == [
        Observed(1, "accepted", *about, "", A, "", NOON),
        Observed(2, "parked", *about, B, B, "", NOON + 5),
        Observed(3, "done", *about, C, C, "", NOON + 7),
        Observed(4, "status", *about, C, C, "02", NOON + 7),
    ]
    assert found.stretches == [Stretch(OBSERVERS, EVENTS, 0, 4)]
    assert [event.no for event in found.events] == [e.seq for e in await store.events(document.seq)]


async def test_a_page_of_events_is_bounded_and_goes_on_behind_the_cursor(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 5)
    lease = await observing(lanes)
    told: list[int] = []
    for left in (3, 1, 0):
        found = await lanes.unobserved(2)
        told += [event.no for event in found.events]
        assert await lanes.advance("one", lease, found.stretches) == found.stretches
        assert await lanes.events_behind() == left
    assert told == [1, 2, 3, 4, 5]
    assert await lanes.unobserved(2) == EventPage([], [])
    await one(store, scribe.move(Step.DONE, Place(B, 0, 1)))
    assert [event.no for event in (await lanes.unobserved(2)).events] == [6]


async def test_who_lost_the_observers_moves_nothing(store: Store, lanes: Lanes, scribe: Scribe):
    await send(store, scribe, 3)
    late = await observing(lanes)
    found = await lanes.unobserved(9)
    now = await observing(lanes, "two", NOON + 11 * SECOND)
    assert await lanes.unobserved(9) == found
    assert await lanes.advance("one", late, found.stretches) == []
    assert await lanes.advance("two", late, found.stretches) == []
    assert await lanes.advance("two", now, found.stretches) == found.stretches
    assert await lanes.advance("two", now, found.stretches) == []


async def test_lanes_and_observers_do_not_move_each_other(
    store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 3)
    await publish(lanes)
    assert (await lanes.lag(), await lanes.events_behind()) == ([], 3)
    lease = await observing(lanes)
    await lanes.advance("one", lease, (await lanes.unobserved(9)).stretches)
    await one(store, Redrive(recipient=B, urgency=None, no=1, audit=scribe.audit("redrive", B)))
    assert await lanes.events_behind() == 0
    assert numbers((await page(lanes, B)).records) == [(B, 0, n) for n in (1, 2, 3)]
    assert [lag.recipient for lag in await lanes.lag()] == [B]


async def test_observers_of_books_that_were_relayed_before_are_told_from_the_first_event(
    library: Library, store: Store, lanes: Lanes, scribe: Scribe
):
    await send(store, scribe, 3)
    await publish(lanes)
    again: Lanes = (await library.reopen()).lanes  # type: ignore[attr-defined]
    assert await again.events_behind() == 3
    await observing(again, "two", NOON + 60 * SECOND)
    assert [event.no for event in (await again.unobserved(9)).events] == [1, 2, 3]
