"""The recount that proves the books: every counter and every row from the history alone.

Events are folded by the ledger's own rules (``axis.core.fold``), and nothing that the books hold
makes it fail: what is not as it must be is a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from axis.core import fold, timeliness
from axis.core.document import Delivery, Document, Event
from axis.core.folds import KEPT, Folds
from axis.core.lifecycle import ACCEPTED
from axis.core.roll import Known, Roll
from axis.core.tally import RECEIVED, SENT, STANDING, Key, Since, said, standing
from axis.core.timetable import day_number

#: Sentences of one kind (about documents, events, deliveries ...): the rest is only counted.
LINES_MAX: Final = 100
#: Characters of a text that a sentence repeats.
_TEXT_MAX: Final = 60

#: What a damaged row does to whoever takes it for a value.
DAMAGE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_FOLDED: Final = (
    "transport",
    "business",
    "request",
    "said",
    "reason",
    "attempt",
    "again",
    "arrived_at",
)


class Lines:
    """Sentences about what is wrong, at most ``LINES_MAX`` of a kind."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.left_out = 0
        self._many: Counter[str] = Counter()

    def tell(self, kind: str, what: object, words: str) -> None:
        """Say of one thing what is wrong with it."""
        self._many[kind] += 1
        if self._many[kind] <= LINES_MAX:
            self.told.append(f"{kind} {what}: {words}")
        else:
            self.left_out += 1


class Recount:
    """Recompute every counter from the history alone, and how each delivery should stand.

    Feed documents, then events, each in commit order, then the rows of deliveries, and close it:
    ``tally`` is then what the counters must be, ``lines`` what else is wrong, and ``states`` has
    the ids of deliveries that do not stand as their events say. ``since`` as in ``Counted``.
    """

    def __init__(self, since: Mapping[str, Since] = MappingProxyType({})) -> None:
        self.tally: Counter[Key] = Counter()
        self.lines = Lines()
        self.states: list[str] = []
        self._since = {family: begun.seq for family, begun in since.items()}
        self._timed_since = self._since.get(timeliness.ACCEPTANCE, 0)
        self._folds = Folds()
        self._roll = Roll()
        self._reasons: dict[int, str] = {}
        self._lanes: dict[tuple[str, int], int] = {}
        self._last = 0

    def take(self, item: Document | Event | Delivery) -> None:
        """Take whatever comes next; what cannot be understood is told."""
        try:
            match item:
                case Document():
                    self.document(item)
                case Event():
                    self.event(item)
                case Delivery():
                    self.delivery(item)
        except DAMAGE as error:
            what = item.seq if isinstance(item, Event) else item.id
            self.lines.tell(type(item).__name__.lower(), what, f"cannot be understood: {error}")

    # ---- documents ----------------------------------------------------------------------------

    def document(self, document: Document) -> None:
        """Count an accepted document and its deliveries."""
        self._roll.add(document, self._folds.begin(document))
        for recipient in document.recipients:
            lane = recipient.agency, document.urgency
            follows = self._lanes.get(lane, 0) + 1
            if recipient.no != follows:
                words = f"number {recipient.no} in lane {_lane(*lane)}, where {follows} follows"
                self.lines.tell("document", document.id, words)
            self._lanes[lane] = recipient.no
        at = document.occurred_at
        self.tally[document.sender, day_number(at), SENT] += 1
        counts = timeliness.of_sending(document.kind, document.verdict, document.meta, at)
        self._add(document.sender, day_number(at), document.seq, counts)

    def _add(self, agency: str, day: int, seq: int, counts: timeliness.Counts) -> None:
        for metric, n in counts:
            if seq > self._since.get(metric.partition(".")[0], 0):
                self.tally[agency, day, metric] += n

    # ---- events -------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        """Fold one event."""
        if event.seq > self._last + 1:
            self._gap(event.seq - 1)
        self._last = max(self._last, event.seq)
        document = self._roll.document(event.doc)
        if event.kind == fold.ACCEPTED:
            self._accepted(event, document)
            return
        delivery = None if document is None else self._roll.delivery(document, event.recipient)
        if document is None:
            self._tell(event, f"there is no document with the number {event.doc}")
        elif delivery is None:
            id_ = self._roll.id(document)
            self._tell(event, f"document {id_} has no recipient {event.recipient!r}")
        else:
            self._fold(event, document, delivery)
        self._count(event, None if delivery is None else self._roll.arrived_at(delivery))

    def _tell(self, event: Event, words: str) -> None:
        self.lines.tell("event", event.seq, words)

    def _gap(self, upto: int) -> None:
        first = self._last + 1
        what = first if first == upto else f"{first} to {upto}"
        self.lines.tell("event", what, "missing")

    def _accepted(self, event: Event, document: int | None) -> None:
        if document is None or event.seq != event.doc:
            self._tell(event, f"accepts a document with the number {event.doc}, and there is none")
            return
        self._roll.accepted[document] = 1
        told = Known(event.actor, event.occurred_at, event.recorded_at)
        if told != self._roll.known(document) or event.recipient or event.addressee:
            words = f"is not how document {self._roll.id(document)} was accepted"
            self._tell(event, f"{words}: {_differences(told, self._roll.known(document))}")

    def _fold(self, event: Event, document: int, delivery: int) -> None:
        roll = self._roll
        state = roll.states[delivery]
        step = self._folds.step(state, event.kind, event.code)
        sender = roll.sender(document)
        if step is None:
            stands = self._folds.samples[state].transport.name.lower()
            id_ = roll.delivery_id(document, delivery)
            self._tell(event, f"{f'{event.kind} {event.code}'.strip()} of {id_}, which is {stands}")
            return
        roll.states[delivery] = step.state
        if step.reason != KEPT:
            self._reason(delivery, event.body.get("reason", "") if step.reason else "")
        if step.arrives and event.seq > self._timed_since:
            known = roll.arrived_at(delivery)
            roll.arrive(delivery, timeliness.arrival(known, event.occurred_at))
        if event.body.get("state", "") != step.word:
            words = f"says {event.body.get('state', '')!r} of {event.recipient}"
            self._tell(event, f"{words}, which has come to {step.word!r}")
        to = fold.addressee(event.kind, event.code, sender, event.recipient)
        if event.addressee != to:
            self._tell(event, f"in the stream of {event.addressee!r}, and belongs to {to!r}")
        if event.kind == fold.STATUS:
            speaker = fold.speaker(event.code, sender, event.recipient)
            if event.actor != speaker:
                self._tell(event, f"said by {event.actor!r}, and only {speaker!r} may")

    def _reason(self, delivery: int, reason: str) -> None:
        if reason:
            self._reasons[delivery] = reason
        else:
            self._reasons.pop(delivery, None)

    def _count(self, event: Event, arrived_at: int | None) -> None:
        if event.kind == "done":
            self.tally[event.recipient, day_number(event.occurred_at), RECEIVED] += 1
        elif event.kind == fold.STATUS:
            day = day_number(event.occurred_at)
            self.tally[event.actor, day, said(event.code)] += 1
            if event.code == ACCEPTED:
                counts = timeliness.of_status(event.code, arrived_at, event.occurred_at)
                self._add(event.actor, day, event.seq, counts)

    # ---- deliveries ---------------------------------------------------------------------------

    def delivery(self, row: Delivery) -> None:
        """Compare a delivery's row with its document and its events, and tick it off."""
        document = self._roll.document(row.doc)
        place = None if document is None else self._roll.delivery(document, row.place.recipient)
        if document is None or place is None:
            words = f"no document with the number {row.doc} names it"
            self._differs(row, f"{words} ({_lane(*row.place[:2])}:{row.place.no})")
            return
        if self._roll.met[place]:
            self._differs(row, "there twice")
        self._roll.met[place] = 1
        wrong = []
        stated = self._roll.urgency(document), self._roll.numbers[place]
        if row.place[1:] != stated:
            is_, should = (f"{urgency}:{no}" for urgency, no in (row.place[1:], stated))
            wrong.append(f"its place is {is_}, by its document {should}")
        expected = self._folds.samples[self._roll.states[place]]
        expected = expected._replace(
            reason=self._reasons.get(place, ""), arrived_at=self._roll.arrived_at(place)
        )
        if row[5:] != expected[5:]:
            wrong += [
                f"{name} is {_word(getattr(row, name))}, by its events "
                f"{_word(getattr(expected, name))}"
                for name in _FOLDED
                if getattr(row, name) != getattr(expected, name)
            ]
        if wrong:
            self._differs(row, "; ".join(wrong))

    def _differs(self, row: Delivery, words: str) -> None:
        self.lines.tell("delivery", row.id, words)
        if len(self.states) < LINES_MAX:
            self.states.append(row.id)

    # ---- the end ------------------------------------------------------------------------------

    def close(self, head: int | None = None) -> None:
        """Tell what is missing, and add the standing counters of the states reached.

        ``head`` is the last number that was given, where that is known.
        """
        roll = self._roll
        if head is not None and head > self._last:
            self._gap(head)
        elif head is not None and head < self._last:
            self._head(head)
        for document in roll.unaccepted():
            words = f"no event {roll.seq(document)} accepts it"
            self.lines.tell("document", roll.id(document), words)
        for document, delivery in roll.missing():
            recipient, no = roll.names[roll.codes[delivery]], roll.numbers[delivery]
            words = f"missing; its document says {_lane(recipient, roll.urgency(document))}:{no}"
            self.lines.tell("delivery", roll.delivery_id(document, delivery), words)
        for (code, state), n in Counter(zip(roll.codes, roll.states, strict=True)).items():
            sample = self._folds.samples[state]
            for metric in standing((sample.transport, sample.business)):
                self.tally[roll.names[code], STANDING, metric] += n

    def _head(self, head: int) -> None:
        words = f"the last number given is {head}, and there is an event {self._last}"
        self.lines.tell("head", head, words)


def _lane(recipient: object, urgency: object) -> str:
    return f"{recipient}/{urgency}"


def _word(value: Any) -> str:
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, str):
        return repr(value if len(value) <= _TEXT_MAX else f"{value[:_TEXT_MAX]}...")
    return "unknown" if value is None else str(value)


def _differences(told: Known, known: Known) -> str:
    pairs = zip(Known._fields, told, known, strict=True)
    return "; ".join(f"{n} is {_word(a)} and {_word(b)}" for n, a, b in pairs if a != b)
