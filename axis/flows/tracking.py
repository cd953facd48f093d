"""What may be seen of the books, by whom; and the proof that they balance."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from axis.books import Head, Torn
from axis.core import tally
from axis.core.breakdown import Breakdown
from axis.core.caller import Caller
from axis.core.document import Delivery, Document, Event
from axis.core.errors import rejected
from axis.core.questions import Linked
from axis.flows.proving import Proof, damaged, prove
from axis.ports import Store

#: Packages of one document on a page: with 95 recipients each some 20,000 lines of history.
PAGE_PACKAGES_MAX: Final = 50
#: Packages that speak of a document, as one package shows them; of further ones only their number.
LINKED_MAX: Final = 100
#: Packages looked at in one read for those that a recipient may see.
_LOOKED_AT: Final = 200
#: A sum over all days takes longer each year: it may have a hundredth of the time, and is so old.
_SUM_AGAIN: Final = 100
#: Ways in which a package can speak of a document: recall, update, replace, answer.
_RELATIONS: Final = 4


@dataclass(frozen=True, slots=True)
class View:
    """One package as one caller may see it."""

    document: Document
    deliveries: Sequence[Delivery]
    events: Sequence[Event]
    #: The other packages that recall, update, replace or answer this document: the oldest
    #: ``LINKED_MAX``, and how many there are.
    linked: Linked


class Tracking:
    """Reads with the rules of sight: what one may not see is not found."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent = 0
        self._sum_sent_at = 0.0

    async def view(self, caller: Caller, doc_id: str) -> View:
        """The package ``doc_id``; ``document.not_found`` when the caller has no part in it."""
        document = await self._store.document(doc_id)
        if document is None or not _concerns(document, caller):
            raise rejected("document.not_found")
        linked = await self._linked(caller, document.sender, document.document_id)
        return await self._seen(caller, document, linked)

    async def named(
        self, caller: Caller, sender: str, document_id: str, after: int, limit: int
    ) -> list[View]:
        """The packages of one document behind number ``after`` that the caller may see.

        The oldest ``limit`` of them. Raises ``document.not_found`` where it may see none at all.
        """
        found: list[Document] = []
        last: int | None = after
        size = limit if _sees_all(caller, sender) else _LOOKED_AT
        while last is not None and len(found) < limit:
            page = await self._store.documents_named(sender, document_id, last, size)
            found += [document for document in page if _concerns(document, caller)]
            last = page[-1].seq if len(page) == size else None
        if not found and not after:
            raise rejected("document.not_found")
        # All packages of a document have the same ones linked to them, but for themselves.
        linked = await self._linked(caller, sender, document_id) if found else Linked((), 0)
        return [await self._seen(caller, document, linked) for document in found[:limit]]

    async def _linked(self, caller: Caller, sender: str, document_id: str) -> Linked:
        """What speaks of a document, as far as the caller may see it; with some for the view that
        leaves itself out.
        """
        agency = "" if caller.oversees else caller.id
        most = LINKED_MAX + _RELATIONS
        return await self._store.linked_to(sender, document_id, agency, most)

    async def _seen(self, caller: Caller, document: Document, linked: Linked) -> View:
        """A sender sees all its recipients' states, a recipient only its own."""
        deliveries = await self._store.deliveries(document.seq)
        events = await self._store.events(document.seq)
        others = [one for one in linked.found if one[1].seq != document.seq]
        own = len(document.relations_to(document.sender, document.document_id))
        linked = Linked(tuple(others[:LINKED_MAX]), linked.total - own)
        if not _sees_all(caller, document.sender):
            deliveries = [d for d in deliveries if d.place.recipient == caller.id]
            events = [e for e in events if e.recipient in ("", caller.id)]
        return View(document, deliveries, events, linked)

    async def standing(self) -> dict[str, Counter[str]]:
        """The standing counters per agency, and under "" of all."""
        rows = await self._store.counts(None, tally.STANDING, tally.STANDING)
        return tally.total((agency, metric, n) for agency, _, metric, n in rows)

    async def sent(self) -> int:
        """What all agencies ever sent, as of a moment ago."""
        clock = asyncio.get_running_loop().time
        began = clock()
        if began >= self._sum_sent_at:
            rows = await self._store.sums([(tally.FIRST_DAY, tally.LAST_DAY)], [tally.SENT])
            self._sent = sum(n for *_, n in rows)
            self._sum_sent_at = clock() + (clock() - began) * _SUM_AGAIN
        return self._sent

    async def audit(self, *, read_packages: bool = False) -> Proof:
        """Recompute every counter and every delivery from the events and compare."""
        return await prove(self._store, read_packages=read_packages)

    async def breakdown(self) -> tuple[Mapping[tally.Key, int], Breakdown]:
        """Every counter, and beside them the books broken down, from one snapshot."""
        counters: Mapping[tally.Key, int] = {}
        found = Breakdown()
        async with aclosing(self._store.history()) as history:
            async for item in history:
                match item:
                    case Document():
                        found.document(item)
                    case Event():
                        found.event(item)
                    case Delivery():
                        break  # How deliveries stand is among the counters.
                    case Torn():
                        raise damaged(item)
                    case Head():
                        pass
                    case _:
                        counters = item
        return counters, found


def _sees_all(caller: Caller, sender: str) -> bool:
    return caller.oversees or caller.id == sender


def _concerns(document: Document, caller: Caller) -> bool:
    return _sees_all(caller, document.sender) or document.reaches(caller.id)
