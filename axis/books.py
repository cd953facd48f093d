"""What counting and proving ask of the books, of an axis that runs or where they lie at rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from axis.core.directory import Agency
from axis.core.document import Delivery, Document, Event
from axis.core.tally import Counted

#: Every counter: (agency, day number or 0, metric) to its value.
Counters = Mapping[tuple[str, int, str], int]


class UnfitBooks(RuntimeError):
    """Books that this axis cannot work with: a newer one keeps them, or their database cannot hold
    them. The message is a sentence that says so.
    """


class Head(NamedTuple):
    """The last number that the books gave."""

    seq: int


class Torn(NamedTuple):
    """Something of the books that cannot be read: a row that is no value, or all behind it.

    ``kind`` is document, event, delivery or head, ``what`` tells which, as far as one can know.
    """

    kind: str
    what: str
    why: str


#: What a history is made of.
Item = Counters | Head | Document | Event | Delivery | Torn


class Package(NamedTuple):
    """The bytes of a document (by its number), as it names them: digest (hex), size in bytes."""

    doc: int
    sha256: str
    size: int


class Books(Protocol):
    """The counters and what they are made of. Lists come in the stated order."""

    async def agencies(self) -> list[Agency]:
        """The directory, by code."""
        ...

    async def counts(
        self, agencies: Sequence[str] | None, first_day: int, last_day: int
    ) -> list[tuple[str, int, str, int]]:
        """(agency, day, metric, n) of the flow counters in a span of days; None: all agencies.

        Day 0 alone (0, 0) asks for the standing counters. Costs rows read, never documents.
        """
        ...

    async def sums(
        self, spans: Sequence[tuple[int, int]], metrics: Collection[str]
    ) -> list[tuple[int, str, str, int]]:
        """(index of the span, agency, metric, n): the flow counters of some metrics, each summed
        over spans (first day, last day), in any order; sums of nothing are left out. Spans may
        overlap, and be empty. Costs rows read, never documents.
        """
        ...

    async def counted(self) -> Counted:
        """Which days the flow counters cover, and which of them not from the first event on."""
        ...

    def history(self) -> AsyncGenerator[Item, None]:
        """Everything the counters are made of, for a recount, from one consistent snapshot:
        first all counters and the head, then documents and events (each in commit order, documents
        first), then the deliveries as they stand, by recipient, urgency and number.

        Of damaged books it gives what there is: a ``Torn`` stands for each row that is no value,
        and for what lies behind a place that cannot be read. A delivery whose document is not there
        has an empty ``doc_id`` and an empty ``sender``.
        """
        ...

    async def amiss(self, packages: Sequence[Package], *, read: bool) -> Mapping[int, str]:
        """What is wrong with the bytes of documents that are in the books, by document number;
        one whose bytes are as it says is left out.

        That they are known of, with their size, and that the place where they should lie is there.
        With ``read`` they are read again too, and their SHA-256 and size compared; whoever asks
        keeps to some hundred megabytes at a time.
        """
        ...
