"""Equal books have equal digests, whichever store keeps them."""

from __future__ import annotations

from axis.adapters.memory_store import MemoryStore
from axis.core.caller import AUDITOR, Caller
from axis.core.commands import ById
from axis.core.digest import BooksDigest
from axis.core.lifecycle import Step
from axis.core.trust import Certificate
from axis.flows.extracts import Extraction
from axis.ports import Store
from tests.api.world import HandClock
from tests.contract.books import CODES, A, B, C, D, Scribe, agency, document_of

CERTIFICATE = Certificate(agency=A, fingerprint="f" * 64, not_before=1, not_after=2, der=b"\x00")


async def written(store: Store) -> BooksDigest:
    """The digest of books in which something of each kind has happened."""
    scribe = Scribe()
    await store.enrol([agency(code) for code in CODES], [CERTIFICATE], [])
    for number in range(3):
        accept = scribe.accept(f"{number}/UBND", to=[B, D, C], urgency=number)
        document = document_of((await store.apply([accept]))[0])
        await store.apply([scribe.move(Step.OFFER, ById(document.id, B))])
        await store.apply([scribe.say(ById(document.id, B), "02", reason="gửi nhầm")])
    await store.apply([scribe.lock(C)])
    return await _digest(store)


async def _digest(store: Store) -> BooksDigest:
    caller = Caller("minh", frozenset({AUDITOR}))
    return await Extraction(store, HandClock()).digest(caller)


async def test_a_digest_is_the_same_in_every_store(store: Store) -> None:
    found = await written(store)
    assert found == await written(MemoryStore())
    assert found == await _digest(store)
    assert {name: rows for name, (rows, _) in found.sections.items()} == {
        "agencies": 4,
        "certificates": 1,
        "counters": found.sections["counters"].rows,
        "documents": 3,
        "events": found.seq,
        "deliveries": 9,
    }
