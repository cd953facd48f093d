"""What was committed lately, in memory: who waits at an inbox or a stream is answered from here.

A recipient that keeps up asks again and again for what has just been written, and mostly for
nothing. Its open deliveries, those that came or moved last, the newest events of each stream and
the newest packages are kept as they are committed, so such a question costs no query. Of one that
is far behind the newest are kept too: it may be reading at the end. What is not known whole is not
answered at all (None), and the tables are asked. Belongs to one event loop: no thread may call it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from axis.adapters.tables import URGENCIES
from axis.core.document import Delivery, Document, Event, Place
from axis.core.facts import Changes
from axis.core.lifecycle import Transport
from axis.ports import Row

#: Open deliveries kept of one recipient; of one that is further behind, the newest.
OPEN_ROWS_MAX: Final = 1000
#: Events kept of one stream.
EVENTS_MAX: Final = 256
#: Deliveries kept as they stand, some two megabytes: who fetches by id mostly does so at once.
DELIVERIES_MAX: Final = 4096
#: Package bytes kept: some 1,200 packages of 20 kB.
BODIES_BYTES_MAX: Final = 24 * 1024 * 1024

OPEN: Final = frozenset((Transport.WAITING, Transport.OFFERED))


class Recent:
    """Learns the changes of each group, in commit order, once they are durable."""

    def __init__(self) -> None:
        self._inboxes: dict[str, _Inbox] = {}
        self._asked: dict[str, _Asked] = {}
        self._since: int | None = None
        self._streams: dict[str, _Stream] = {}
        # What gives up its first is no dict: that would look at every place given up before it.
        #: By the id of the document and the recipient, the ones met first in front.
        self._deliveries: OrderedDict[tuple[str, str], Delivery] = OrderedDict()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._bodies_bytes = 0

    def forget(self) -> None:
        """Know nothing any more: whether a group was written is uncertain."""
        for known in (self._inboxes, self._asked, self._streams, self._deliveries):
            known.clear()
        self._since = None

    def learn(self, changes: Changes) -> None:
        """Take in what a group changed."""
        if self._since is None and changes.events:
            self._since = changes.events[0].seq - 1
        documents = {document.seq: document for document in changes.documents}
        for delivery in changes.created.values():
            self._move(delivery, documents[delivery.doc])
        for delivery in changes.updated.values():
            self._move(delivery)
        for event in changes.events:
            if event.addressee:
                self._heard(event)
        for sha256, body in changes.bodies.items():
            self._keep(sha256, body)

    # ---- deliveries ---------------------------------------------------------------------------

    def delivery(self, doc_id: str, recipient: str) -> Delivery | None:
        """One that has come or moved lately, as it stands."""
        return self._deliveries.get((doc_id, recipient))

    # ---- inboxes ------------------------------------------------------------------------------

    def inbox(
        self, recipient: str, after: Mapping[int, int], limit: int, transports: Collection[int]
    ) -> list[Row] | None:
        """As ``axis.ports.Store.inbox``, of a recipient that is known, for rows that are open."""
        inbox = self._inboxes.get(recipient)
        if inbox is None or not OPEN.issuperset(transports):
            return None
        return inbox.page(after, limit, transports)

    def ask(self, recipient: str) -> _Asked | None:
        """Announce that the open rows of ``recipient`` are about to be read, to be ``told``.

        None where that is being done, and for one that is far behind and has not done much since.
        """
        if recipient in self._inboxes or recipient in self._asked:
            return None
        asked = self._asked[recipient] = _Asked()
        return asked

    def told(
        self, recipient: str, asked: _Asked, rows: Sequence[Row], last_open: Mapping[int, int]
    ) -> None:
        """Know a recipient by its open rows, the oldest ``OPEN_ROWS_MAX`` + 1 of them, and by the
        last number that is open in each lane; what moved since ``ask`` comes on top.
        """
        if self._asked.get(recipient) is not asked:
            return
        del self._asked[recipient]
        behind = len(rows) > OPEN_ROWS_MAX
        inbox = _Inbox((), last_open) if behind else _Inbox(rows, {})
        if all(inbox.move(*moved) for moved in asked.moved.values()):
            self._inboxes[recipient] = inbox

    def unasked(self, recipient: str, asked: _Asked) -> None:
        """What was asked will not be told."""
        if self._asked.get(recipient) is asked:
            del self._asked[recipient]

    def _move(self, delivery: Delivery, document: Document | None = None) -> None:
        recipient = delivery.place.recipient
        self._deliveries[delivery.doc_id, recipient] = delivery
        if len(self._deliveries) > DELIVERIES_MAX:
            self._deliveries.popitem(last=False)
        if (
            self._asked
            and (asked := self._asked.get(recipient))
            and not asked.note(delivery, document)
        ):
            del self._asked[recipient]
        inbox = self._inboxes.get(recipient)
        if inbox is not None and not inbox.move(delivery, document):
            del self._inboxes[recipient]

    # ---- streams ------------------------------------------------------------------------------

    def stream(self, addressee: str, after: int, limit: int) -> list[Event] | None:
        """The events of ``axis.ports.Store.stream``, where every one behind ``after`` is known."""
        if self._since is None or after < self._since:
            return None
        stream = self._streams.get(addressee)
        return [] if stream is None else stream.page(after, limit)

    def _heard(self, event: Event) -> None:
        stream = self._streams.get(event.addressee)
        if stream is None:
            stream = self._streams[event.addressee] = _Stream()
        stream.add(event)

    # ---- packages -----------------------------------------------------------------------------

    def bodies(self, digests: Iterable[str]) -> dict[str, bytes]:
        """Those of the packages with these digests that are kept."""
        kept = self._bodies
        return {sha256: kept[sha256] for sha256 in digests if sha256 in kept}

    def _keep(self, sha256: str, body: bytes) -> None:
        if sha256 not in self._bodies and len(body) <= BODIES_BYTES_MAX:
            self._bodies[sha256] = body
            self._bodies_bytes += len(body)
            while self._bodies_bytes > BODIES_BYTES_MAX:
                self._bodies_bytes -= len(self._bodies.popitem(last=False)[1])


class _Asked:
    """What became of deliveries while the tables were read: the last of each, with its document
    where it is new.
    """

    __slots__ = ("moved",)

    def __init__(self) -> None:
        self.moved: dict[Place, tuple[Delivery, Document | None]] = {}

    def note(self, delivery: Delivery, document: Document | None) -> bool:
        """Follow a delivery; False when they are too many."""
        if document is None and delivery.place in self.moved:
            document = self.moved[delivery.place][1]
        self.moved[delivery.place] = delivery, document
        return len(self.moved) <= OPEN_ROWS_MAX


class _Inbox:
    """Every delivery in the inbox of one recipient, by number within each urgency class; of one
    that is far behind, those above a floor in each.
    """

    __slots__ = ("_floors", "_lanes", "_size", "_to_go")

    def __init__(self, rows: Iterable[Row], floors: Mapping[int, int]) -> None:
        self._floors = dict(floors)
        #: How many must be done until one with floors is forgotten: it may have caught up.
        self._to_go = OPEN_ROWS_MAX
        self._size = 0
        self._lanes: dict[int, OrderedDict[int, Row]] = {u: OrderedDict() for u in URGENCIES}
        for row in rows:
            self._lanes[row.delivery.place.urgency][row.delivery.place.no] = row
            self._size += 1

    def page(
        self, after: Mapping[int, int], limit: int, transports: Collection[int]
    ) -> list[Row] | None:
        """What is behind ``after``; None where that is below a floor."""
        for urgency, floor in self._floors.items():
            if after.get(urgency, 0) < floor:
                return None
        if not self._size:
            return []
        both = len(OPEN.intersection(transports)) == len(OPEN)
        found: list[Row] = []
        for urgency, lane in self._lanes.items():
            seen = after.get(urgency, 0)
            newer: list[Row] = []
            # From the end: who keeps up has seen all but the last few.
            for no in reversed(lane):
                if no <= seen:
                    break
                one = lane[no].delivery
                if one.transport in transports or (both and one.again):
                    newer.append(lane[no])
            found += reversed(newer)
        return found[:limit]

    def move(self, delivery: Delivery, document: Document | None) -> bool:
        """Follow a delivery; False when this can no longer be every open one, in order."""
        _, urgency, no = delivery.place
        if self._floors and not delivery.shown:
            self._to_go -= 1
            if self._to_go <= 0:
                return False
        if no <= self._floors.get(urgency, 0):
            return True
        lane = self._lanes[urgency]
        known = lane.get(no)
        if not delivery.shown:
            if known is not None:
                del lane[no]
                self._size -= 1
        elif known is not None:
            lane[no] = Row(delivery, known.document, known.redelivery)
        elif document is not None and (not lane or no > next(reversed(lane))):
            lane[no] = Row(delivery, document)
            self._size += 1
            if self._size > OPEN_ROWS_MAX:
                self._raise_floor()
        else:
            return False  # It was put or given back: its number is not the highest.
        return True

    def _raise_floor(self) -> None:
        """Leave the oldest of the longest lane to the tables."""
        urgency, lane = max(self._lanes.items(), key=lambda item: len(item[1]))
        self._floors[urgency], _ = lane.popitem(last=False)
        self._size -= 1


class _Stream:
    """The newest events addressed to one agency."""

    __slots__ = ("_events", "_since")

    def __init__(self) -> None:
        self._since = 0  # the last one that was dropped
        self._events: deque[Event] = deque()

    def add(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > EVENTS_MAX:
            self._since = self._events.popleft().seq

    def page(self, after: int, limit: int) -> list[Event] | None:
        if after < self._since:
            return None
        if not self._events or self._events[-1].seq <= after:
            return []
        return [event for event in self._events if event.seq > after][:limit]
