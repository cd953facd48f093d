"""The contract of ``Store.extract``: windows of the books, page by page, alike in every store."""

from __future__ import annotations

from dataclasses import replace

from axis.core.commands import ById
from axis.core.lifecycle import Step, Transport
from axis.core.questions import Extract, Window
from axis.ports import Store
from tests.contract.books import NOON, A, B, C, D, Scribe, document_of

MINUTE = 60_000_000
DAY = Window(since=NOON, until=NOON + 60 * MINUTE)


async def pages(store: Store, window: Window, limit: int = 2) -> list[Extract]:
    """All of a window; every page but the last says where to go on, and moves on."""
    found: list[Extract] = []
    after = 0
    while True:
        page = await store.extract(window, after, limit)
        found += page.found
        assert len(page.found) <= limit
        if not page.after:
            return found
        assert page.after > after
        after = page.after


async def names(store: Store, window: Window) -> list[str]:
    return [extract.document.document_id for extract in await pages(store, window)]


async def test_books_without_documents_have_an_empty_window(store: Store):
    assert await pages(store, DAY) == []


async def test_a_window_holds_what_occurred_in_it(store: Store, scribe: Scribe):
    times = {"before": NOON - 1, "first": NOON, "last": DAY.until - 1, "behind": DAY.until}
    # Commit order is not the order of times.
    for name in ("behind", "last", "before", "first"):
        await store.apply([scribe.accept(name, at=times[name])])
    assert await names(store, DAY) == ["last", "first"]


async def test_pages_follow_the_order_of_commits_and_lose_nothing(store: Store, scribe: Scribe):
    await store.apply([scribe.accept(f"{n}/UBND", at=NOON + n) for n in range(7)])
    for limit in (1, 2, 3, 7, 8):
        found = await pages(store, DAY, limit)
        assert [e.document.document_id for e in found] == [f"{n}/UBND" for n in range(7)], limit


async def test_a_window_is_filtered_by_the_parties_and_the_type(store: Store, scribe: Scribe):
    await store.apply(
        [
            scribe.accept("ab", to=[B]),
            replace(scribe.accept("bc", sender=B, to=[C, D]), meta={"type": "Báo cáo"}),
            scribe.accept("ad", to=[D]),
        ]
    )
    assert await names(store, replace(DAY, sender=A)) == ["ab", "ad"]
    assert await names(store, replace(DAY, recipient=D)) == ["bc", "ad"]
    assert await names(store, replace(DAY, sender=A, recipient=D)) == ["ad"]
    assert await names(store, replace(DAY, type_name="báo cáo")) == ["bc"]
    assert await names(store, replace(DAY, sender=D)) == []


async def test_an_extract_is_a_document_with_all_that_is_said_of_it(store: Store, scribe: Scribe):
    outcomes = await store.apply([scribe.accept("1", to=[C, B]), scribe.accept("2", to=[B])])
    first, second = map(document_of, outcomes)
    await store.apply(
        [
            scribe.move(Step.OFFER, ById(first.id, B)),
            scribe.say(ById(second.id, B), "01"),
            scribe.say(ById(first.id, B), "02", reason="gửi nhầm"),
        ]
    )
    found = await pages(store, DAY)
    assert [extract.document for extract in found] == [first, second]
    for extract in found:
        seq = extract.document.seq
        assert list(extract.deliveries) == await store.deliveries(seq)
        assert list(extract.events) == await store.events(seq)
    assert [d.place.recipient for d in found[0].deliveries] == [B, C]
    assert [e.kind for e in found[0].events] == ["accepted", "offered", "done", "status"]
    assert [d.transport for d in found[0].deliveries] == [Transport.DONE, Transport.WAITING]
