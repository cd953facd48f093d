"""What counting and proving ask of the books, of an axis that runs or where they lie at rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Protocol

from axis.core.directory import Agency
from axis.core.document import Delivery, Document, Event
from axis.core.tally import Counted

#: Every counter: (agency, day number or 0, metric) to its value.
Counters = Mapping[tuple[str, int, str], int]


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

    def history(self) -> AsyncGenerator[Counters | Document | Event | Delivery, None]:
        """Everything the counters are made of, for a recount, from one consistent snapshot:
        first all counters, then documents and events (each in commit order, documents first),
        then the deliveries as they stand.
        """
        ...
