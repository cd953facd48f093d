"""How far an agency has come in its lanes, and what a record of its topic asks for then. Pure.

Whoever reads a topic applies ``last + 1``, drops what is lower, and on a gap reads the inbox
(``schemas.bus``): the books are the truth, so nothing but time hangs on a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from schemas import bus


class Ask(Enum):
    """What to do with a record."""

    NOTHING = 0  #: what it tells is known
    TAKE = 1  #: the package is in it, and next
    FETCH = 2  #: its number is the next one, and the package in the inbox
    PASS = 3  #: its number is the next one, and waits no more
    LOOK = 4  #: read the whole inbox
    HEAR = 5  #: read the statuses


@dataclass
class Lanes:
    """The last number of each lane (urgency class) that was heard of, in the books ``source``."""

    source: str = ""
    last: dict[int, int] = field(default_factory=dict)
    #: The highest attempt heard of (lane, number), of those that waited more than once.
    attempts: dict[tuple[int, int], int] = field(default_factory=dict)

    def reached(self, reach: Mapping[int, int]) -> None:
        """All up to these numbers, by lane, is taken or waits no more."""
        for urgency, no in reach.items():
            self.last[urgency] = max(no, self.last.get(urgency, 0))

    def hear(self, lane: int, record: bus.Message, known: Callable[[str], bool]) -> Ask:
        """What a record of partition ``lane`` asks for; it counts as heard from now on.

        ``known`` says of a delivery that it is taken, or about to be.
        """
        fresh = record.source != self.source
        if fresh:
            # Other books, other numbers: where they are, only the inbox says.
            self.source = record.source
            self.last.clear()
            self.attempts.clear()
        if record.type == bus.STATUS:
            # Whatever its number: the stream itself says what has been read of it.
            return Ask.HEAR
        anew = record.attempt > self.attempts.get((lane, record.no), 1)
        if anew:
            self.attempts[lane, record.no] = record.attempt
        last = self.last.get(lane, 0)
        self.last[lane] = max(last, record.no)
        if fresh or record.no > last + 1:
            return Ask.LOOK
        if record.no == last + 1:
            if record.type != bus.WAITING:
                return Ask.PASS
            return Ask.TAKE if record.package and record.subject else Ask.FETCH
        if record.type == bus.WAITING and (anew or not known(record.subject)):
            # An old number that waits again: it was put back into its lane, or is given back.
            return Ask.LOOK
        return Ask.NOTHING
