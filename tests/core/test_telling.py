"""Who is woken after what was committed (``axis.flows.telling``)."""

from __future__ import annotations

from axis.adapters.memory_store import MemoryStore
from axis.core.commands import Outcome
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.core.topic import Topic
from axis.flows.telling import topics_of
from tests.contract.books import CODES, A, B, C, Scribe, agency

INBOX, STREAM = False, True


async def _store() -> MemoryStore:
    store = MemoryStore()
    await store.enrol([agency(code) for code in CODES], [], [])
    return store


async def test_a_document_of_any_urgency_wakes_each_of_its_recipients_once() -> None:
    store, scribe = await _store(), Scribe()
    for urgency in range(5):
        accept = scribe.accept(f"{urgency}/UBND", to=[B, C], urgency=urgency)
        assert topics_of(await store.apply([accept])) == [Topic(B, INBOX), Topic(C, INBOX)]
        assert topics_of(await store.apply([accept])) == []
    many = [scribe.accept(f"1{n}/UBND", to=[B]) for n in range(3)]
    assert topics_of(await store.apply(many)) == [Topic(B, INBOX)]


async def test_what_fails_wakes_its_recipient_and_the_stream_of_its_sender() -> None:
    store, scribe = await _store(), Scribe()
    await store.apply([scribe.accept(sender=A, to=[B])])

    async def step(step: Step) -> list[Outcome]:
        return await store.apply([scribe.move(step, Place(B, 0, 1), actor=B, mine=B, reason="r")])

    assert topics_of(await step(Step.OFFER)) == []
    assert topics_of(await step(Step.FAIL)) == [Topic(B, INBOX), Topic(A, STREAM)]
    assert topics_of(await step(Step.RESET)) == [Topic(B, INBOX)]
    assert topics_of(await step(Step.DONE)) == []
