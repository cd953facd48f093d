"""The contract of ``axis.ports.Store``: lanes, moves, statuses, streams, queues and searches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axis.core.commands import TOGETHER_MAX, ByDocument, ById, Moved, Moves, Recorded, Target, UpTo
from axis.core.document import Document, Place
from axis.core.errors import Fault
from axis.core.lifecycle import Business, Request, Step, Transport
from axis.core.questions import Search
from axis.ports import Queue, Store
from tests.contract.books import (
    DONE,
    NOON,
    PARKED,
    TODAY,
    A,
    B,
    C,
    D,
    Scribe,
    code_of,
    differences,
    document_of,
    items_of,
    numbers,
    one,
    said,
)

# ---- lanes and the inbox -----------------------------------------------------------------------


async def test_every_lane_is_numbered_densely_from_one(store: Store, scribe: Scribe):
    await store.apply([scribe.accept(f"{n}/UBND", to=[B, C], urgency=n % 2) for n in range(4)])
    await store.apply([scribe.accept("5/UBND", to=[B], urgency=1)])
    places = [row.delivery.place for row in await store.inbox(B, {}, 10)]
    assert places == [Place(B, 1, n) for n in (1, 2, 3)] + [Place(B, 0, n) for n in (1, 2)]
    assert len(await store.inbox(C, {}, 10)) == 4


async def test_an_inbox_page_goes_on_behind_what_was_seen(store: Store, scribe: Scribe):
    await store.apply([scribe.accept(f"{n}/UBND", urgency=n % 3) for n in range(9)])
    rows = await store.inbox(B, {2: 1, 0: 2}, 4)
    assert [row.delivery.place[1:] for row in rows] == [(2, 2), (2, 3), (1, 1), (1, 2)]
    rest = await store.inbox(B, {2: 3, 1: 2, 0: 2}, 4)
    assert [row.delivery.place[1:] for row in rest] == [(1, 3), (0, 3)]
    assert all(row.document.seq == row.delivery.doc for row in rows + rest)
    assert await store.inbox(B, {}, 0) == []


async def test_an_inbox_shows_the_states_it_is_asked_for(store: Store, scribe: Scribe):
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(1, 6)])
    await store.apply(
        [
            scribe.move(Step.OFFER, Place(B, 0, 2)),
            scribe.move(Step.DONE, Place(B, 0, 3)),
            scribe.move(Step.FAIL, Place(B, 0, 4), reason="virus"),
        ]
    )
    assert await numbers(store, B) == [1, 2, 5]
    assert await numbers(store, B, [0]) == [1, 5]
    assert await numbers(store, B, [1]) == [2]
    assert await numbers(store, B, DONE) == [3]
    assert await numbers(store, B, PARKED) == [4]
    assert await numbers(store, B, [3, 0, 2]) == [1, 3, 4, 5]
    assert await numbers(store, B, range(5)) == [1, 2, 3, 4, 5]
    assert await numbers(store, B, [4]) == []


# ---- moves -------------------------------------------------------------------------------------


@pytest.fixture
async def five(store: Store, scribe: Scribe) -> list[Document]:
    """Five documents of A in B's lane 0, numbered 1 to 5; the last goes to C too."""
    commands = [scribe.accept(f"{n}/UBND", to=[B]) for n in range(1, 5)]
    commands.append(scribe.accept("5/UBND", to=[B, C]))
    return [document_of(outcome) for outcome in await store.apply(commands)]


async def test_every_way_to_name_a_delivery_finds_it(
    store: Store, scribe: Scribe, five: list[Document]
):
    targets: list[Target] = [Place(B, 0, 1), ById(five[1].id, B), ByDocument(A, "3/UBND", B)]
    items = items_of(await one(store, scribe.move(Step.OFFER, *targets)))
    assert [item.delivery.place.no for item in items if item.delivery] == [1, 2, 3]
    assert await numbers(store, B, [1]) == [1, 2, 3]
    missing: list[Target] = [
        Place(B, 0, 9),
        ById("doc_0", B),
        ById(five[0].id, C),
        ByDocument(A, "1/UBND", C),
    ]
    items = items_of(await one(store, scribe.move(Step.OFFER, *missing)))
    assert items == (Moved(None, False, Fault("delivery.not_found")),) * 4


async def test_a_document_means_its_newest_package_that_the_recipient_has(
    store: Store, scribe: Scribe, five: list[Document]
):
    target = ByDocument(A, "5/UBND", C)
    newer = document_of(await one(store, scribe.accept("5/UBND", kind=2, to=[C])))
    await store.apply([scribe.accept("5/UBND", kind=2, to=[B], body=b"newest, not to C")])
    # Two packages are on their way: to guess would confirm one that C has never seen.
    (item,) = items_of(await one(store, scribe.move(Step.DONE, target, actor=C)))
    assert item.delivery is None
    await one(store, scribe.move(Step.DONE, ById(newer.id, C), actor=C))
    (item,) = items_of(await one(store, scribe.move(Step.DONE, target, actor=C)))
    assert item.delivery is not None
    assert item.delivery.doc == newer.seq


async def test_the_sender_speaks_of_the_newest_package_though_it_is_not_yet_there(
    store: Store, scribe: Scribe, five: list[Document]
):
    await one(store, scribe.move(Step.DONE, ById(five[4].id, C), actor=C))
    newer = document_of(await one(store, scribe.accept("5/UBND", kind=2, to=[C])))
    asked = said(await one(store, scribe.say(ByDocument(A, "5/UBND", C), "13", actor=A)))
    assert (asked.delivery.doc, asked.delivery.transport) == (newer.seq, Transport.WAITING)


async def test_a_range_moves_what_is_open_up_to_a_number(
    store: Store, scribe: Scribe, five: list[Document]
):
    await store.apply([scribe.move(Step.DONE, Place(B, 0, 2))])
    items = items_of(await one(store, scribe.move(Step.DONE, UpTo(B, 0, 4))))
    assert [(i.delivery.place.no, i.changed) for i in items if i.delivery] == [
        (1, True),
        (3, True),
        (4, True),
    ]
    assert await numbers(store, B) == [5]
    assert items_of(await one(store, scribe.move(Step.DONE, UpTo(B, 0, 4)))) == ()
    assert items_of(await one(store, scribe.move(Step.DONE, UpTo(B, 3, 99)))) == ()
    assert await store.counts([B], TODAY, TODAY) == [(B, TODAY, "received", 4)]


async def test_a_range_and_a_lock_move_so_many_at_a_time(store: Store, scribe: Scribe):
    """Whoever writes a hundred thousand keeps everybody else waiting."""
    many = TOGETHER_MAX + 5
    await store.apply([scribe.accept(f"{n}/UBND") for n in range(1, many + 1)])
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 7), reason="hỏng")])
    first = await one(store, scribe.lock(B))
    assert isinstance(first, Recorded)
    # What is parked already counts among those that were looked at.
    assert (len(first.moved), first.reached) == (TOGETHER_MAX - 1, (0, TOGETHER_MAX))
    rest = await one(store, replace(scribe.lock(B), above=first.reached))
    assert isinstance(rest, Recorded)
    assert rest.reached is None
    assert [delivery.place.no for delivery in rest.moved] == [*range(TOGETHER_MAX + 1, many + 1)]
    assert await numbers(store, B) == []

    above: tuple[int, int] | None = None
    moved = 0
    while True:
        told = await one(store, replace(scribe.lock(B, False), above=above))
        assert isinstance(told, Recorded)
        moved += len(told.moved)
        if (above := told.reached) is None:
            break
    assert moved == many - 1
    assert 7 not in await numbers(store, B)

    # Put back, and never offered since: a range takes in only what was.
    await store.apply([scribe.move(Step.OFFER, *[Place(B, 0, n) for n in range(1, many)])])
    told = await one(store, scribe.move(Step.DONE, UpTo(B, 0, many)))
    assert isinstance(told, Moves)
    assert (len(told.items), told.reached) == (TOGETHER_MAX, TOGETHER_MAX + 1)
    assert told.reached is not None
    told = await one(store, scribe.move(Step.DONE, UpTo(B, 0, many, told.reached)))
    assert isinstance(told, Moves)
    assert (len(told.items), told.reached) == (3, None)
    assert await numbers(store, B) == [many]
    assert await differences(store) == []


async def test_a_lock_that_was_undone_meanwhile_goes_no_further(store: Store, scribe: Scribe):
    await store.apply([scribe.accept("1/UBND"), scribe.accept("2/UBND")])
    told = await one(store, replace(scribe.lock(B), above=(0, 1)))
    assert told == Recorded()
    assert await numbers(store, B) == [1, 2]


async def test_a_range_confirms_nothing_that_was_put_back_and_not_taken_again(
    store: Store, scribe: Scribe, five: list[Document]
):
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1)), scribe.lock(B)])
    await store.apply([scribe.lock(B, False), scribe.move(Step.RESET, Place(B, 0, 1))])
    assert await numbers(store, B) == [1, 2, 3, 4, 5]
    await store.apply([scribe.move(Step.OFFER, Place(B, 0, 2))])
    items = items_of(await one(store, scribe.move(Step.DONE, UpTo(B, 0, 3))))
    assert [i.delivery.place.no for i in items if i.delivery] == [2]
    assert await numbers(store, B) == [1, 3, 4, 5]
    assert await differences(store) == []


async def test_nobody_moves_what_is_not_his(store: Store, scribe: Scribe, five: list[Document]):
    move = scribe.move(Step.DONE, Place(B, 0, 1), ById(five[4].id, C), actor=C, mine=C)
    items = items_of(await one(store, move))
    assert items[0] == Moved(None, False, Fault("delivery.not_found"))
    assert items[1].changed


async def test_a_move_said_twice_changes_nothing(
    store: Store, scribe: Scribe, five: list[Document]
):
    done = scribe.move(Step.DONE, Place(B, 0, 1))
    first, second = await store.apply([done, done])
    assert items_of(first)[0].changed
    assert not items_of(second)[0].changed
    (item,) = items_of(await one(store, scribe.move(Step.OFFER, Place(B, 0, 1))))
    assert (item.changed, item.fault) == (False, None)
    (item,) = items_of(await one(store, scribe.move(Step.FAIL, Place(B, 0, 1), reason="had it")))
    assert item.delivery is not None
    assert (item.changed, item.delivery.transport) == (False, Transport.DONE)
    assert [e.kind for e in await store.events(five[0].seq)] == ["accepted", "done"]


async def test_a_failed_delivery_is_parked_told_to_its_sender_and_reset(
    store: Store, scribe: Scribe, five: list[Document]
):
    await store.apply([scribe.move(Step.FAIL, Place(B, 0, 1), reason="bad zip")])
    (delivery,) = await store.deliveries(five[0].seq)
    assert (delivery.transport, delivery.reason) == (Transport.PARKED, "bad zip")
    ((event, document),) = await store.stream(A, 0, 10)
    assert (event.kind, event.body, document) == ("parked", {"reason": "bad zip"}, five[0])

    (item,) = items_of(await one(store, scribe.move(Step.RESET, ById(five[0].id, B))))
    assert item.delivery is not None
    assert (item.delivery.transport, item.delivery.attempt) == (Transport.WAITING, 2)
    assert item.delivery.reason == ""
    assert await numbers(store, B) == [1, 2, 3, 4, 5]
    (item,) = items_of(await one(store, scribe.move(Step.RESET, ById(five[0].id, B))))
    assert item.fault == Fault("delivery.not_parked", "", {"state": "waiting"})
    assert await differences(store) == []


async def test_an_act_is_on_record_as_it_ended(store: Store, scribe: Scribe, five: list[Document]):
    parked, waiting = Place(B, 0, 1), Place(B, 0, 2)
    await store.apply([scribe.move(Step.FAIL, parked)])
    for place in (parked, waiting, Place(B, 0, 9)):
        reset = scribe.move(Step.RESET, place)
        await store.apply([replace(reset, audit=scribe.audit("reset", str(place.no)))])
    assert [(line.act, line.target) for line in await store.audit_log(9)] == [
        ("reset refused", "9"),
        ("reset refused", "2"),
        ("reset", "1"),
    ]


async def test_a_lock_parks_what_is_open_and_unlocking_lets_it_wait_again(
    store: Store, scribe: Scribe, five: list[Document]
):
    await store.apply(
        [
            scribe.move(Step.DONE, Place(B, 0, 1)),
            scribe.move(Step.FAIL, Place(B, 0, 2), reason="bad zip"),
        ]
    )
    assert len((await one(store, scribe.lock(B))).moved) == 3  # type: ignore[union-attr]
    assert await numbers(store, B, PARKED) == [2, 3, 4, 5]
    assert code_of(await one(store, scribe.accept("6/UBND"))) == "recipient.locked"
    assert code_of(await one(store, scribe.accept("7/B", sender=B, to=[A]))) == "agency.locked"
    (item,) = items_of(await one(store, scribe.move(Step.RESET, Place(B, 0, 3), actor="op")))
    assert item.fault == Fault("delivery.locked")
    assert len((await one(store, scribe.lock(B))).moved) == 0  # type: ignore[union-attr]

    assert len((await one(store, scribe.lock(B, False))).moved) == 3  # type: ignore[union-attr]
    assert await numbers(store, B) == [3, 4, 5]
    assert await numbers(store, B, PARKED) == [2]
    assert [audit.act for audit in await store.audit_log(9)] == ["unlock", "lock", "lock"]
    assert await differences(store) == []


# ---- statuses ----------------------------------------------------------------------------------


async def test_the_first_status_implies_done_and_is_told_to_the_sender(
    store: Store, scribe: Scribe, five: list[Document]
):
    outcome = said(await one(store, scribe.say(ById(five[0].id, B), "01")))
    assert not outcome.repeated
    assert (outcome.delivery.transport, outcome.delivery.business) == (
        Transport.DONE,
        Business.ARRIVED,
    )
    events = await store.events(five[0].seq)
    assert [(e.kind, e.code) for e in events] == [("accepted", ""), ("done", ""), ("status", "01")]
    assert [event for event, _ in await store.stream(A, 0, 10)] == [events[2]]
    assert events[2].seq == outcome.seq
    assert await store.stream(B, 0, 10) == []
    assert await store.counts([B], TODAY, TODAY) == [
        (B, TODAY, "received", 1),
        (B, TODAY, "said.01", 1),
    ]
    assert (await one(store, scribe.say(ById(five[0].id, B), "01"))).repeated  # type: ignore[union-attr]
    assert len(await store.events(five[0].seq)) == 3


async def test_statuses_skip_forward_and_never_back(
    store: Store, scribe: Scribe, five: list[Document]
):
    def say(code: str):
        return one(store, scribe.say(ById(five[0].id, B), code, reason="sai nơi nhận"))

    said(await say("03"))
    assert code_of(await say("01")) == "lifecycle.backwards"
    assert code_of(await say("02")) == "lifecycle.backwards"
    said(await say("05"))
    assert said(await say("03")).repeated
    said(await say("06"))
    assert code_of(await say("04")) == "lifecycle.ended"
    (delivery,) = await store.deliveries(five[0].seq)
    assert delivery.business is Business.COMPLETED
    assert delivery.said == 1 << 3 | 1 << 5 | 1 << 6
    assert await differences(store) == []


async def test_a_refusal_keeps_its_reason_and_ends_the_delivery(
    store: Store, scribe: Scribe, five: list[Document]
):
    refuse = scribe.say(ById(five[0].id, B), "02", reason="sai nơi nhận")
    assert said(await one(store, refuse)).delivery.reason == "sai nơi nhận"
    assert said(await one(store, refuse)).repeated
    other = scribe.say(ById(five[0].id, B), "02", reason="khác")
    assert code_of(await one(store, other)) == "lifecycle.ended"
    ((event, _),) = await store.stream(A, 0, 10)
    assert event.body == {"reason": "sai nơi nhận", "state": "refused"}


async def test_only_the_sender_takes_back_and_only_the_asked_answer(
    store: Store, scribe: Scribe, five: list[Document]
):
    target = ById(five[4].id, C)
    assert code_of(await one(store, scribe.say(target, "13"))) == "status.not_yours"
    assert code_of(await one(store, scribe.say(target, "01", actor=A))) == "status.not_yours"
    assert code_of(await one(store, scribe.say(target, "01", actor=B))) == "delivery.not_found"
    assert code_of(await one(store, scribe.say(target, "15"))) == "lifecycle.not_asked"

    asked = said(await one(store, scribe.say(target, "13", actor=A)))
    assert (asked.delivery.request, asked.delivery.transport) == (Request.OPEN, Transport.WAITING)
    ((event, _),) = await store.stream(C, 0, 10)
    assert (event.code, event.actor) == ("13", A)
    assert said(await one(store, scribe.say(target, "13", actor=A))).repeated
    answered = said(await one(store, scribe.say(target, "16", reason="đã xử lý")))
    assert answered.delivery.request is Request.REFUSED
    assert said(await one(store, scribe.say(target, "16", reason="đã xử lý"))).repeated
    assert not said(await one(store, scribe.say(target, "13", actor=A))).repeated
    assert await differences(store) == []


async def test_an_update_package_asks_its_recipients(store: Store, scribe: Scribe):
    update = document_of(await one(store, scribe.accept(kind=2)))
    (delivery,) = await store.deliveries(update.seq)
    assert delivery.request is Request.OPEN
    agreed = said(await one(store, scribe.say(ById(update.id, B), "15")))
    assert (agreed.delivery.request, agreed.delivery.transport) == (
        Request.AGREED,
        Transport.DONE,
    )


async def test_what_a_group_accepts_can_be_spoken_of_in_the_same_group(
    store: Store, scribe: Scribe, five: list[Document]
):
    new = scribe.accept("6/UBND")
    newer = scribe.accept("7/UBND", kind=3)
    outcomes = await store.apply(
        [
            new,
            scribe.say(ById(new.id, B), "01"),
            newer,
            scribe.move(Step.DONE, ByDocument(A, "7/UBND", B)),
            scribe.move(Step.OFFER, UpTo(B, 0, 99)),
        ]
    )
    assert said(outcomes[1]).delivery.business is Business.ARRIVED
    (item,) = items_of(outcomes[3])
    assert item.delivery is not None
    assert item.delivery.doc_id == newer.id
    assert [i.delivery.place.no for i in items_of(outcomes[4]) if i.delivery] == [1, 2, 3, 4, 5]
    assert await differences(store) == []


async def test_a_stream_is_read_in_order_behind_a_number(
    store: Store, scribe: Scribe, five: list[Document]
):
    await store.apply([scribe.say(ById(document.id, B), "01") for document in five])
    whole = await store.stream(A, 0, 10)
    seqs = [event.seq for event, _ in whole]
    assert seqs == sorted(seqs)
    assert [document for _, document in whole] == five
    assert await store.stream(A, seqs[1], 2) == whole[2:4]
    assert await store.stream(A, seqs[-1], 10) == []


# ---- operators ---------------------------------------------------------------------------------


async def test_queues_tell_what_waits_and_since_when(
    store: Store, scribe: Scribe, five: list[Document]
):
    urgent = document_of(await one(store, scribe.accept("6/UBND", to=[B, D], urgency=4)))
    await store.apply(
        [
            scribe.move(Step.DONE, Place(B, 0, 1)),
            scribe.move(Step.OFFER, Place(B, 0, 2)),
            scribe.move(Step.FAIL, Place(B, 0, 3), Place(D, 4, 1), reason="bad zip"),
            scribe.move(Step.DONE, Place(C, 0, 1)),
        ]
    )
    assert await store.queues() == [
        Queue(B, waiting=3, offered=1, parked=1, oldest=five[1].recorded_at),
        Queue(D, waiting=0, offered=0, parked=1, oldest=None),
    ]
    await store.apply([scribe.move(Step.DONE, UpTo(B, 0, 99))])
    assert (await store.queues())[0] == Queue(B, 1, 0, 1, urgent.recorded_at)


async def test_a_search_finds_what_matches_newest_first(store: Store, scribe: Scribe):
    documents = [
        document_of(outcome)
        for outcome in await store.apply(
            [
                scribe.accept("1/UBND", to=[C, B], subject="V/v phòng chống bão"),
                scribe.accept("2/UBND", to=[B], urgency=4, at=NOON + 5),
                scribe.accept("3/BTC", sender=C, to=[B, D], subject="Họp GIAO BAN quý I"),
                scribe.accept("4/BTC", sender=C, to=[A], at=NOON + 9),
            ]
        )
    ]
    await store.apply(
        [
            scribe.move(Step.FAIL, Place(B, 0, 2), reason="bad zip"),
            scribe.move(Step.OFFER, Place(C, 0, 1)),
            scribe.say(ById(documents[1].id, B), "02", reason="nhầm"),
        ]
    )

    async def found(**filters: object) -> list[tuple[str, str]]:
        rows = await store.find(Search(**filters))  # type: ignore[arg-type]
        assert all(row.delivery.doc == row.document.seq for row in rows)
        return [(row.document.document_id, row.delivery.place.recipient) for row in rows]

    everything = [("4/BTC", A), ("3/BTC", B), ("3/BTC", D), ("2/UBND", B), ("1/UBND", B)]
    everything.append(("1/UBND", C))
    assert await found() == everything
    assert await found(limit=2) == everything[:2]
    assert await found(sender=A) == everything[3:]
    assert await found(recipient=B) == [everything[1], everything[3], everything[4]]
    assert await found(recipient=B, limit=1) == [everything[1]]
    assert await found(sender=C, recipient=B) == [("3/BTC", B)]
    assert await found(transport=0) == [everything[0], everything[2], everything[4]]
    assert await found(transport=0, recipient=D) == [("3/BTC", D)]
    assert await found(transport=1) == [("1/UBND", C)]
    assert await found(transport=2) == [("2/UBND", B)]
    assert await found(transport=3, sender=C) == [("3/BTC", B)]
    assert await found(business=2) == [("2/UBND", B)]
    assert await found(business=2, recipient=B, transport=2) == [("2/UBND", B)]
    assert await found(since=NOON + 5) == [("4/BTC", A), ("2/UBND", B)]
    late = {("4/BTC", A), ("2/UBND", B)}
    assert await found(until=NOON + 5) == [one for one in everything if one not in late]
    assert await found(until=NOON + 5, recipient=B, limit=1) == [("3/BTC", B)]
    assert await found(text="phòng CHỐNG") == everything[4:]
    assert await found(text="/ubnd", limit=2) == everything[3:5]
    assert await found(text="giao ban", recipient=D) == [("3/BTC", D)]
    assert await found(text="/btc", transport=0) == [everything[0], everything[2]]
    assert await found(text="TỜ TRÌNH", recipient=A) == [("4/BTC", A)]
    assert await found(text="subject") == []
