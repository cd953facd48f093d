"""The books on dicts and lists: the store of the simulation, with the faults a store can have.

``MemoryBooks`` is what lies on the disk. It outlives a crash: a new ``MemoryStore`` on the same
books is the axis started again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from axis.adapters import memory_counts, memory_history, memory_replays
from axis.adapters.memory_lanes import MemoryLanes, Relaying
from axis.adapters.memory_replays import MemoryReplays, Replaying
from axis.adapters.search import matches
from axis.books import Item, Package
from axis.core.commands import Audit, Command, Outcome, Refuse
from axis.core.decide import decide
from axis.core.directory import Agency, Client
from axis.core.document import Delivery, Document, Event, Lane, Place
from axis.core.errors import unavailable
from axis.core.facts import Changes, Facts, Wants, wants
from axis.core.lifecycle import Transport
from axis.core.questions import Extract, Extracts, Linked, Search, Window
from axis.core.tally import Counted, Key, Since
from axis.core.trust import Certificate
from axis.ports import REFUSALS_KEPT_MAX, Queue, Row

#: Asked before each group with the word ``apply``. ``before``: the group fails and nothing is
#: written; ``after``: it is written and the answer is lost; None: all goes well.
Fault = Callable[[str], Literal["before", "after"] | None]


def _none(_: str) -> None:
    """No fault."""


@dataclass(slots=True)
class MemoryBooks:
    """Everything that is durable."""

    seq: int = 0
    agencies: dict[str, Agency] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    packages: dict[str, bytes] = field(default_factory=dict)
    documents: dict[int, Document] = field(default_factory=dict)
    by_id: dict[str, Document] = field(default_factory=dict)
    by_name: dict[tuple[str, str], list[Document]] = field(default_factory=dict)
    lanes: dict[Lane, int] = field(default_factory=dict)
    deliveries: dict[Place, Delivery] = field(default_factory=dict)
    by_doc: dict[int, list[Place]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tally: Counter[Key] = field(default_factory=Counter)
    #: The families of counters that books written by an older axis do not have from the first.
    since: Mapping[str, Since] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    refusals: deque[Refuse] = field(default_factory=lambda: deque(maxlen=REFUSALS_KEPT_MAX))
    relaying: Relaying = field(default_factory=Relaying)
    replaying: Replaying = field(default_factory=Replaying)


class MemoryStore:
    """``axis.ports.Store`` on ``MemoryBooks``."""

    def __init__(self, books: MemoryBooks | None = None, fault: Fault = _none) -> None:
        self._books = MemoryBooks() if books is None else books
        self._fault = fault
        self.lanes = MemoryLanes(self._books)
        self.replays = MemoryReplays(self._books)

    # ---- writing ------------------------------------------------------------------------------

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        fault = self._fault("apply")
        if fault == "before":
            raise unavailable("axis.store_away")
        books = self._books
        facts = Facts(seq=books.seq, agencies=dict(books.agencies))
        self._load(wants(commands), facts)
        outcomes, changes = decide(facts, commands)
        self._write(changes)
        if fault == "after":
            raise unavailable("axis.store_away")
        return outcomes

    def _load(self, wanted: Wants, facts: Facts) -> None:
        books = self._books
        for sender, document_id, _ in wanted.names:
            named = books.by_name.get((sender, document_id), ())
            facts.documents[sender, document_id] = list(named)
        facts.lanes = {lane: books.lanes.get(lane, 0) for lane in wanted.lanes}
        for target in wanted.by_id:
            document = books.by_id.get(target.doc_id)
            for place in self._reached([] if document is None else [document], target.recipient):
                facts.found[target] = place
        for name in wanted.by_document:
            documents = books.by_name.get((name.sender, name.document_id), ())
            facts.named[name] = self._reached(documents, name.recipient)
        facts.jobs = {
            id_: books.replaying.jobs[id_] for id_ in wanted.jobs & books.replaying.jobs.keys()
        }
        if wanted.certificates:
            facts.certificates = {c.fingerprint: c for c in self._certificates()}
        lanes = {(want.recipient, want.urgency) for want in wanted.up_to}
        whole = {code for code, *_ in wanted.whole}
        places = wanted.places | set(facts.found.values()) | set(chain(*facts.named.values()))
        facts.deliveries = {
            place: delivery
            for place, delivery in books.deliveries.items()
            if place in places
            or (place[:2] in lanes and delivery.shown)
            or (
                place.recipient in whole
                and (delivery.shown or delivery.transport is Transport.PARKED)
            )
        }

    def _reached(self, documents: Iterable[Document], recipient: str) -> list[Place]:
        """The deliveries of some documents to one recipient, in their order."""
        places = chain(*(self._books.by_doc[document.seq] for document in documents))
        return [place for place in places if place.recipient == recipient]

    def _write(self, changes: Changes) -> None:
        books = self._books
        books.seq = changes.seq or books.seq
        books.packages |= changes.bodies
        for document in changes.documents:
            books.documents[document.seq] = document
            books.by_id[document.id] = document
            books.by_name.setdefault((document.sender, document.document_id), []).append(document)
        for delivery in changes.created.values():
            books.by_doc.setdefault(delivery.doc, []).append(delivery.place)
        books.lanes |= changes.lanes
        books.deliveries |= changes.created | changes.updated
        books.events += changes.events
        books.tally.update(changes.tally)
        books.agencies |= changes.agencies
        books.certificates |= changes.certificates
        for client in changes.clients:
            known = books.clients.setdefault(client.id, client)
            books.clients[client.id] = replace(client, roles=known.roles)
        books.audits += changes.audits
        books.refusals += changes.refusals
        memory_replays.write(books.replaying, changes)
        for lane, reach in changes.rewound.items():
            if lane in books.relaying.published:
                books.relaying.published[lane] = min(reach, books.relaying.published[lane])

    async def enrol(
        self,
        agencies: Iterable[Agency],
        certificates: Iterable[Certificate],
        clients: Iterable[Client],
    ) -> None:
        books = self._books
        for agency in agencies:
            books.agencies.setdefault(agency.code, agency)
        for certificate in certificates:
            books.certificates.setdefault(certificate.fingerprint, certificate)
        for client in clients:
            known = books.clients.setdefault(client.id, client)
            if known.renewed_at is None:
                books.clients[client.id] = replace(client, roles=known.roles)

    # ---- reading ------------------------------------------------------------------------------

    async def body(self, sha256: str) -> bytes | None:
        return self._books.packages.get(sha256)

    async def bodies(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        packages = self._books.packages
        return {sha256: packages[sha256] for sha256 in digests if sha256 in packages}

    async def document(self, doc_id: str) -> Document | None:
        return self._books.by_id.get(doc_id)

    async def documents_named(
        self, sender: str, document_id: str, after: int, limit: int
    ) -> list[Document]:
        named = self._books.by_name.get((sender, document_id), ())
        return [document for document in named if document.seq > after][:limit]

    async def document_of(self, sender: str, sha256: str) -> Document | None:
        found = (
            d for d in self._books.documents.values() if (d.sender, d.sha256) == (sender, sha256)
        )
        return next(found, None)

    async def linked_to(self, sender: str, document_id: str, agency: str, limit: int) -> Linked:
        found = [
            (relation, other)
            for other in self._books.documents.values()
            if not agency or other.sender == agency or other.reaches(agency)
            for relation in sorted(other.relations_to(sender, document_id))
        ]
        return Linked(tuple(found[:limit]), len(found))

    async def delivery(self, doc_id: str, recipient: str) -> Row | None:
        documents = filter(None, [self._books.by_id.get(doc_id)])
        return next(map(self._row, self._reached(documents, recipient)), None)

    async def deliveries(self, doc: int) -> list[Delivery]:
        return [self._books.deliveries[place] for place in sorted(self._books.by_doc.get(doc, ()))]

    async def events(self, doc: int) -> list[Event]:
        return [event for event in self._books.events if event.doc == doc]

    async def inbox(
        self,
        recipient: str,
        after: Mapping[int, int],
        limit: int,
        transports: Sequence[int] = (0, 1),
    ) -> list[Row]:
        both = {0, 1}.issubset(transports)
        places = sorted(
            (
                place
                for place, delivery in self._books.deliveries.items()
                if place.recipient == recipient
                and (delivery.transport in transports or (both and delivery.again))
                and place.no > after.get(place.urgency, 0)
            ),
            key=lambda place: (-place.urgency, place.no),
        )
        return [self.replays.marked(self._row(place)) for place in places[:limit]]

    def _row(self, place: Place) -> Row:
        delivery = self._books.deliveries[place]
        return Row(delivery, self._books.documents[delivery.doc])

    async def stream(self, addressee: str, after: int, limit: int) -> list[tuple[Event, Document]]:
        found = [e for e in self._books.events if e.addressee == addressee and e.seq > after]
        return [(event, self._books.documents[event.doc]) for event in found[:limit]]

    async def agencies(self) -> list[Agency]:
        return [self._books.agencies[code] for code in sorted(self._books.agencies)]

    async def certificates(self) -> list[Certificate]:
        return self._certificates()

    def _certificates(self) -> list[Certificate]:
        return sorted(self._books.certificates.values(), key=lambda c: (c.agency, c.fingerprint))

    async def client(self, client_id: str) -> Client | None:
        return self._books.clients.get(client_id)

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        return memory_counts.counts(self._books.tally, agencies, first_day, last_day)

    async def sums(
        self, spans: Sequence[tuple[int, int]], metrics: Collection[str]
    ) -> list[tuple[int, str, str, int]]:
        return memory_counts.sums(self._books.tally, spans, metrics)

    async def counted(self) -> Counted:
        return memory_counts.counted(self._books.tally, self._books.since)

    async def queues(self) -> list[Queue]:
        return memory_counts.queues(self._books)

    async def find(self, search: Search) -> list[Row]:
        rows = [self._row(place) for place in self._books.deliveries]
        found = [row for row in rows if matches(search, row)]
        found.sort(key=lambda row: (-row.document.seq, row.delivery.place.recipient))
        return found[: search.limit]

    async def extract(self, window: Window, after: int, limit: int) -> Extracts:
        behind = [d for seq, d in self._books.documents.items() if seq > after]
        documents = [document for document in behind if window.holds(document)]
        found = [
            Extract(d, tuple(await self.deliveries(d.seq)), tuple(await self.events(d.seq)))
            for d in documents[:limit]
        ]
        return Extracts(tuple(found), found[-1].document.seq if len(documents) > limit else 0)

    async def audit_log(self, limit: int) -> list[Audit]:
        return self._books.audits[::-1][:limit]

    async def refusals(self, limit: int) -> list[Refuse]:
        return list(self._books.refusals)[::-1][:limit]

    async def history(self) -> AsyncGenerator[Item, None]:
        for item in memory_history.history(self._books):
            yield item

    async def amiss(self, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
        return memory_history.amiss(self._books, packages, read=read)

    async def ready(self) -> None:
        """Memory is."""

    async def close(self) -> None:
        """Nothing is held: the books stay."""
