"""Small books for tests that damage them: a little of everything that can happen."""

from __future__ import annotations

from typing import Final

from axis.core.commands import ById
from axis.core.document import Place
from axis.core.lifecycle import Step
from axis.ports import Store
from tests.contract.books import CODES, NOON, B, C, D, Scribe, agency

#: The ids of the documents, with their numbers to be.
ID: Final = "doc_0000000000000000000000000{}"


async def write(store: Store) -> None:
    """Five documents to three recipients each: done, answered, refused, parked, given back."""
    scribe = Scribe()
    await store.enrol([agency(code) for code in CODES], [], [])
    await store.apply([scribe.accept(f"{n}/UBND", to=(B, C, D)) for n in range(1, 6)])
    first, second = Place(B, 0, 1), Place(B, 0, 2)
    await store.apply([scribe.move(Step.OFFER, first), scribe.move(Step.DONE, first)])
    await store.apply([scribe.move(Step.FAIL, second, reason="hỏng")])
    one, three = ID.format(1), ID.format(3)
    await store.apply([scribe.say(ById(one, B), "01"), scribe.say(ById(one, B), "03", at=NOON + 9)])
    await store.apply([scribe.say(ById(three, C), "02", reason="sai")])
    await store.apply([scribe.move(Step.GIVE, first), scribe.move(Step.OFFER, first)])
