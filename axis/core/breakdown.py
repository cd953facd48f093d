"""The books broken down: by hour, agency, kind and type, and how long everything took.

Counted from documents and events alone, as ``axis.core.tally`` recounts: *sent* is accepted
document packages of all DocTypes, *received* deliveries at their ``done``. A package that is sent
again is no line of the books, so it counts nowhere here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from axis.core.document import Document, Event
from axis.core.spread import Spread
from axis.core.timetable import DAY_US, MICROSECONDS, OFFSET_US, day_of_number

K = TypeVar("K", bound=Hashable)

#: Names of document types told apart: senders write what they like, and the standard has 45.
TYPES_MAX = 100
#: What types beyond those are counted under.
OTHER_TYPES = "…"

_HOUR_US = 3600 * MICROSECONDS
_HOURS = DAY_US // _HOUR_US
#: 1 January 1970, day 0, was a Thursday.
_FIRST_WEEKDAY = 3
_ANSWERS = frozenset({"02", "03", "15", "16"})


class Count(NamedTuple):
    """Documents sent, and deliveries received of them."""

    sent: int
    received: int


class Waits(NamedTuple):
    """From the moment a document was sent until the word named, for each delivery of it.

    By the axis's clock, which says how fast it works: ``available``, handed out (each time it
    is), and ``confirmed``. By the run's own time, which says how fast agencies are: ``taken``,
    said to be in hand, and ``answered``, a person's word: 02, 03, 15 or 16.
    """

    available: Spread
    confirmed: Spread
    taken: Spread
    answered: Spread


class _Traits(NamedTuple):
    kind: int
    urgency: int
    type_name: str


class Breakdown:
    """Feed all documents, then all events, each in commit order.

    It holds some forty bytes for each document and nothing for a delivery or an event. ``pairs``
    are deliveries received by (sender, recipient, year); ``said`` statuses by (agency, code);
    ``lists`` documents by the number of their recipients; hours are numbered as days are.
    """

    def __init__(self) -> None:
        self.documents = 0
        self.addressed = 0
        self.events = 0
        self.senders: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str, int]] = Counter()
        self.said: Counter[tuple[str, str]] = Counter()
        self.lists: Counter[int] = Counter()
        self.bytes = 0
        self.waits = Waits(Spread(), Spread(), Spread(), Spread())
        self._sent_hours: Counter[int] = Counter()
        self._received_hours: Counter[int] = Counter()
        # Columns of the documents, by place: events come as they were committed, from anywhere.
        self._seqs = array("q")
        self._occurred = array("q")
        self._recorded = array("q")
        self._traits = array("l")
        self._received = array("L")
        self._senders: list[str] = []
        self._known: dict[_Traits, int] = {}
        self._types: set[str] = set()

    def document(self, document: Document) -> None:
        """Count an accepted document package."""
        self.documents += 1
        self.addressed += len(document.recipients)
        self.bytes += document.size
        self.senders[document.sender] += 1
        self.lists[len(document.recipients)] += 1
        self._sent_hours[_hour(document.occurred_at)] += 1
        self._seqs.append(document.seq)
        self._occurred.append(document.occurred_at)
        self._recorded.append(document.recorded_at)
        traits = _Traits(document.kind, document.urgency, self._type_name(document))
        self._traits.append(self._known.setdefault(traits, len(self._known)))
        self._received.append(0)
        self._senders.append(document.sender)

    def event(self, event: Event) -> None:
        """Count one event of a document that was counted."""
        self.events += 1
        match event.kind:
            case "done":
                place = self._place(event)
                hour = _hour(event.occurred_at)
                self._received[place] += 1
                self._received_hours[hour] += 1
                self.pairs[self._senders[place], event.recipient, _year(hour)] += 1
                self.waits.confirmed.add(event.recorded_at - self._recorded[place])
                self.waits.taken.add(event.occurred_at - self._occurred[place])
            case "offered":
                place = self._place(event)
                self.waits.available.add(event.recorded_at - self._recorded[place])
            case "status":
                self.said[event.actor, event.code] += 1
                if event.code in _ANSWERS:
                    place = self._place(event)
                    self.waits.answered.add(event.occurred_at - self._occurred[place])

    @property
    def received(self) -> int:
        """Deliveries received."""
        return sum(self._received)

    def by_day(self) -> dict[int, Count]:
        """By Viet Nam day, numbered, in order; days without any are left out."""
        return self._of_hours(lambda hour: hour // _HOURS)

    def by_hour(self) -> dict[tuple[int, int], Count]:
        """By hour of the week: (weekday from 0 for Monday, hour of the Viet Nam day)."""
        return self._of_hours(lambda hour: ((hour // _HOURS + _FIRST_WEEKDAY) % 7, hour % _HOURS))

    def by_kind(self) -> dict[int, Count]:
        """By BussinessDocType: 0 new, 1 recall, 2 update, 3 replacement."""
        return self._of_traits(lambda traits: traits.kind)

    def by_urgency(self) -> dict[int, Count]:
        """By urgency class, 0 to 4."""
        return self._of_traits(lambda traits: traits.urgency)

    def by_type(self) -> dict[str, Count]:
        """By the name of the document's type, as packages give it; "" where they do not."""
        return self._of_traits(lambda traits: traits.type_name)

    def _place(self, event: Event) -> int:
        """Where the columns have the document of an event."""
        place = bisect_left(self._seqs, event.doc)
        assert self._seqs[place] == event.doc, "an event of a document that was not accepted"
        return place

    def _type_name(self, document: Document) -> str:
        name = str(document.meta.get("type", ""))
        if name not in self._types:
            if len(self._types) == TYPES_MAX:
                return OTHER_TYPES
            self._types.add(name)
        return name

    def _of_hours(self, key_of: Callable[[int], K]) -> dict[K, Count]:
        sent: Counter[K] = Counter()
        received: Counter[K] = Counter()
        for hour in sorted({*self._sent_hours, *self._received_hours}):
            key = key_of(hour)
            sent[key] += self._sent_hours[hour]
            received[key] += self._received_hours[hour]
        return {key: Count(sent[key], received[key]) for key in sent}

    def _of_traits(self, key_of: Callable[[_Traits], K]) -> dict[K, Count]:
        sent: Counter[K] = Counter()
        received: Counter[K] = Counter()
        keys = [key_of(traits) for traits in self._known]
        for number, n in zip(self._traits, self._received, strict=True):
            sent[keys[number]] += 1
            received[keys[number]] += n
        return {key: Count(sent[key], received[key]) for key in keys}


def _hour(at_us: int) -> int:
    """The hour of an instant, numbered as ``timetable`` numbers Viet Nam days."""
    return (at_us + OFFSET_US) // _HOUR_US


@lru_cache(maxsize=4096)
def _year(hour: int) -> int:
    return day_of_number(hour // _HOURS).year
