"""Every document and delivery of the books as a recount holds them: in arrays, and not as values.

A document costs some eighty bytes here and a delivery some thirty, so the proof of a nation's year
fits into the memory of a laptop.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

from axis.core.document import Document, delivery_id

#: Stands for a time that nobody knows.
_UNKNOWN: Final = -(2**63)


class Known(NamedTuple):
    """What an ``accepted`` event repeats of its document. Times are microseconds UTC."""

    sender: str
    occurred_at: int
    recorded_at: int


class Roll:
    """Documents by their places (0, 1 ...) in commit order, their deliveries by theirs.

    ``states`` has a number that means something to whoever keeps the roll, ``numbers`` the place in
    the lane, ``codes`` whose delivery it is (``names`` says it), ``met`` what was ticked off.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._coded: dict[str, int] = {}
        # Of documents: two entries more than there are begin the next one.
        self._seqs = array("q")
        self._begins = array("q", [0])
        self._ids = bytearray()
        self._id_ends = array("q", [0])
        self._senders = array("i")
        self._urgencies = array("q")
        self._times = array("q")
        self.accepted = bytearray()
        # Of deliveries.
        self.codes = array("i")
        self.numbers = array("q")
        self.states = array("i")
        self._arrivals = array("q")
        self.met = bytearray()

    def add(self, document: Document, state: int) -> None:
        """Enter a document and its deliveries, which are all in one state.

        Raises ``TypeError``, ``ValueError`` or ``OverflowError`` for one that is no document; then
        nothing is entered.
        """
        if self._seqs and document.seq <= self._seqs[-1]:
            raise ValueError("its number does not follow")
        times = array("q", (document.occurred_at, document.recorded_at))
        row = array("q", (document.seq, document.urgency))
        numbers = array("q", (recipient.no for recipient in document.recipients))
        codes = array("i", (self._code(recipient.agency) for recipient in document.recipients))
        sender, id_ = self._code(document.sender), document.id.encode()
        self._seqs.append(row[0])
        self._urgencies.append(row[1])
        self._times.extend(times)
        self._senders.append(sender)
        self._ids += id_
        self._id_ends.append(len(self._ids))
        self.accepted.append(0)
        many = len(codes)
        self.codes.extend(codes)
        self.numbers.extend(numbers)
        self.states.extend(array("i", [state]) * many)
        self._arrivals.extend(array("q", [_UNKNOWN]) * many)
        self.met += bytes(many)
        self._begins.append(len(self.codes))

    def _code(self, name: str) -> int:
        code = self._coded.get(name)
        if code is None:
            if not isinstance(name, str):
                raise TypeError("an agency is no text")
            code = self._coded[name] = len(self.names)
            self.names.append(name)
        return code

    def document(self, seq: int) -> int | None:
        """The place of the document with this number."""
        at = bisect_left(self._seqs, seq)
        return at if at < len(self._seqs) and self._seqs[at] == seq else None

    def delivery(self, document: int, recipient: str) -> int | None:
        """The place of the delivery of the document at a place to a recipient."""
        try:
            code = self._coded[recipient]
            return self.codes.index(code, self._begins[document], self._begins[document + 1])
        except (KeyError, ValueError):
            return None

    def seq(self, document: int) -> int:
        """The number of the document at a place."""
        return self._seqs[document]

    def id(self, document: int) -> str:
        """The id of the document at a place."""
        return self._ids[self._id_ends[document] : self._id_ends[document + 1]].decode()

    def urgency(self, document: int) -> int:
        """The urgency class of the document at a place."""
        return self._urgencies[document]

    def sender(self, document: int) -> str:
        """The sender of the document at a place."""
        return self.names[self._senders[document]]

    def known(self, document: int) -> Known:
        """What the document's event says too."""
        return Known(self.sender(document), *self._times[2 * document : 2 * document + 2])

    def arrived_at(self, delivery: int) -> int | None:
        """When the delivery at a place arrived (microseconds UTC), as far as that is known."""
        at = self._arrivals[delivery]
        return None if at == _UNKNOWN else at

    def arrive(self, delivery: int, at: int | None) -> None:
        """Remember when it arrived."""
        self._arrivals[delivery] = _UNKNOWN if at is None else at

    def unaccepted(self) -> Iterator[int]:
        """The places of documents that no event accepted."""
        return _unticked(self.accepted)

    def missing(self) -> Iterator[tuple[int, int]]:
        """(document, delivery): the places of deliveries that were not ticked off."""
        for delivery in _unticked(self.met):
            yield bisect_left(self._begins, delivery + 1) - 1, delivery

    def delivery_id(self, document: int, delivery: int) -> str:
        """The id of a delivery."""
        return delivery_id(self.id(document), self.names[self.codes[delivery]])


def _unticked(ticked: bytearray) -> Iterator[int]:
    at = ticked.find(0)
    while at >= 0:
        yield at
        at = ticked.find(0, at + 1)
