"""What may be seen of the books, by whom; and the proof that they balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from axis.core import tally
from axis.core.breakdown import Breakdown
from axis.core.caller import Caller
from axis.core.document import Delivery, Document, Event
from axis.core.errors import rejected
from axis.ports import Store


@dataclass(frozen=True, slots=True)
class View:
    """One package as one caller may see it."""

    document: Document
    deliveries: Sequence[Delivery]
    events: Sequence[Event]
    #: (relation, package): the packages that recall, update, replace or answer this document.
    linked: Sequence[tuple[str, Document]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What ``audit`` found: counters against their recount, deliveries against their events."""

    documents: int
    events: int
    deliveries: int
    #: (agency, day, metric): (in the books, recounted)
    counters: Mapping[tally.Key, tuple[int, int]] = field(default_factory=dict)
    #: Ids of deliveries whose state is not the fold of their events.
    states: Sequence[str] = ()

    @property
    def clean(self) -> bool:
        """Nothing differs."""
        return not self.counters and not self.states


class Tracking:
    """Reads with the rules of sight: what one may not see is not found."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def view(self, caller: Caller, doc_id: str) -> View:
        """The package ``doc_id``; ``document.not_found`` when the caller has no part in it."""
        document = await self._store.document(doc_id)
        view = None if document is None else await self._seen(caller, document)
        if view is None:
            raise rejected("document.not_found")
        return view

    async def named(self, caller: Caller, sender: str, document_id: str) -> list[View]:
        """Every package of one document that the caller may see, oldest first."""
        found = await self._store.documents_named(sender, document_id)
        views = [await self._seen(caller, document) for document in found]
        seen = [view for view in views if view is not None]
        if not seen:
            raise rejected("document.not_found")
        return seen

    async def _seen(self, caller: Caller, document: Document) -> View | None:
        """A sender sees all its recipients' states, a recipient only its own."""
        deliveries = await self._store.deliveries(document.seq)
        events = await self._store.events(document.seq)
        linked = await self._store.linked_to(document)
        if caller.oversees or caller.id == document.sender:
            return View(document, deliveries, events, linked)
        mine = [d for d in deliveries if d.place.recipient == caller.id]
        if not mine:
            return None
        own = [e for e in events if e.recipient in ("", caller.id)]
        reached = [
            (relation, other)
            for relation, other in linked
            if any(r.agency == caller.id for r in other.recipients)
        ]
        return View(document, mine, own, reached)

    async def standing(self) -> dict[str, Counter[str]]:
        """The standing counters per agency, and under "" of all."""
        rows = await self._store.counts(None, tally.STANDING, tally.STANDING)
        return tally.total((agency, metric, n) for agency, _, metric, n in rows)

    async def audit(self) -> Proof:
        """Recompute every counter and state from the events and compare."""
        recount = tally.Recount((await self._store.counted()).since)
        books: Mapping[tally.Key, int] = {}
        wrong: list[str] = []
        seen: Counter[str] = Counter()
        async for item in self._store.history():
            seen[type(item).__name__] += 1
            match item:
                case Document():
                    recount.document(item)
                case Event():
                    recount.event(item)
                case Delivery():
                    if not recount.is_fold(item):
                        wrong.append(item.id)
                case _:
                    books = item
        recount.close()
        keys = {k for k, n in books.items() if n} | {k for k, n in recount.tally.items() if n}
        counters = {
            key: (books.get(key, 0), recount.tally[key])
            for key in sorted(keys)
            if books.get(key, 0) != recount.tally[key]
        }
        return Proof(seen["Document"], seen["Event"], seen["Delivery"], counters, wrong)

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
                    case _:
                        counters = item
        return counters, found
