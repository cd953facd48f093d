"""How events move deliveries from state to state, found out once for each step and remembered."""

from __future__ import annotations

from typing import Final, NamedTuple

from axis.core import fold
from axis.core.document import Addressee, Delivery, Document, Event, Place

#: Stand for the reason that a delivery has, and for the one that an event gives.
KEPT, GIVEN = "\0kept", "\0given"
_NOWHERE: Final = Place("", 0, 0)


class Step(NamedTuple):
    """What events of one kind make of deliveries in one state."""

    state: int
    arrives: bool
    #: What becomes of the reason: ``KEPT``, ``GIVEN`` or empty.
    reason: str
    #: What the event says that its recipient has come to.
    word: str


class Folds:
    """States of deliveries as small numbers: there are few, and few steps between them.

    Each step is found out once, by folding an event into a sample.
    """

    def __init__(self) -> None:
        self.samples: list[Delivery] = []
        self._known: dict[Delivery, int] = {}
        self._steps: dict[tuple[int, str, str], Step | None] = {}

    def begin(self, document: Document) -> int:
        """How deliveries of a document begin."""
        return self._number(fold.begun(document, Addressee("", ())))

    def _number(self, delivery: Delivery) -> int:
        sample = delivery._replace(
            place=_NOWHERE, doc=0, doc_id="", sender="", kind=0, reason=KEPT, arrived_at=None
        )
        if sample not in self._known:
            self._known[sample] = len(self.samples)
            self.samples.append(sample)
        return self._known[sample]

    def step(self, state: int, kind: str, code: str) -> Step | None:
        """The step; None when there is none."""
        key = (state, kind, code)
        try:
            return self._steps[key]
        except KeyError:
            self._steps[key] = found = self._tried(*key)
            return found

    def _tried(self, state: int, kind: str, code: str) -> Step | None:
        event = Event(0, kind, 0, "", "", 0, 0, code, body={"reason": GIVEN})
        before = self.samples[state]
        try:
            after = fold.after(before, event)
        except fold.Illegal:
            return None
        word = "" if after.business is before.business else after.business.name.lower()
        return Step(self._number(after), after.arrived_at is not None, after.reason, word)
