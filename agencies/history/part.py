"""Parts of the history: from and to a day, the first months, one agency, one of so many samples.

A part takes whole documents: a package names all its recipients and its bytes cannot be cut, so
the deliveries of a part are all deliveries of its documents. ``index``, number and time of a
document are those it has in the whole history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from agencies import model
from agencies.history.plan import plan_of
from agencies.traffic import Planned
from axis.core.timetable import OPENED, month30_days
from schemas.codes import agencies

#: The last day of the published period.
CLOSED = date(2020, 2, 4)
MONTHS = 11
#: More samples than documents would be empty ones.
SAMPLES_MAX = 298_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which documents of the history are meant; by default all of them.

    ``first`` and ``last`` are Viet Nam days of sending, both included. ``only`` is an agency's
    code: the documents it sends or receives. ``sample`` is (i, n): the i-th of n, from 1.
    ValueError says what is wrong with a part that cannot be.
    """

    first: date = OPENED
    last: date = CLOSED
    only: str = ""
    sample: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if not (OPENED <= self.first <= CLOSED and OPENED <= self.last <= CLOSED):
            raise ValueError(f"{self.first} to {self.last} is not within {OPENED} to {CLOSED}")
        if self.last < self.first:
            raise ValueError(f"it would begin on {self.first}, behind its last day, {self.last}")
        if self.only and self.only not in {row.code for row in agencies()}:
            raise ValueError(f"{self.only} is the code of none of the 95 agencies")
        i, n = self.sample
        if not 1 <= n <= SAMPLES_MAX:
            raise ValueError(f"{i}/{n} is no sample: there may be 1 to {SAMPLES_MAX:,}, not {n:,}")
        if not 1 <= i <= n:
            raise ValueError(f"{i}/{n} is no sample: they are 1/{n} to {n}/{n}")

    def holds(self, planned: Planned) -> bool:
        """Whether the document belongs to the part."""
        return self.first <= planned.day <= self.last and self._holds_on_its_days(planned)

    def chosen(self, plan: tuple[Planned, ...]) -> tuple[Planned, ...]:
        """The documents of the part among those of one of its days."""
        if not self.only and self.sample[1] == 1:
            return plan
        return tuple(planned for planned in plan if self._holds_on_its_days(planned))

    def _holds_on_its_days(self, planned: Planned) -> bool:
        if self.only and planned.sender != self.only and self.only not in planned.recipients:
            return False
        i, n = self.sample
        return n == 1 or sample_of(planned, n) == i

    def days(self) -> tuple[date, ...]:
        """The days of the part, in order."""
        return tuple(day for day in model.days() if self.first <= day <= self.last)


def months(count: int) -> date:
    """The last day of the first ``count`` 30-day months; ValueError unless there are so many."""
    if not 1 <= count <= MONTHS:
        raise ValueError(f"the history has 1 to {MONTHS} months of 30 days, not {count}")
    return month30_days(count)[1]


def sample_of(planned: Planned, n: int) -> int:
    """Which of ``n`` samples holds the document, 1 to ``n``.

    By a hash of its name alone, so it depends on no other filter. What speaks of a document goes
    with it: a sample has no recall of a document that it lacks.
    """
    name = planned.about_id or planned.document_id
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % n + 1


def documents(part: Part, seed: int) -> Iterator[tuple[date, tuple[Planned, ...]]]:
    """Day after day the documents of the part, in the order of sending; days without one too.

    Lazy: planning holds some sixteen days whatever the part's length.
    """
    for day in part.days():
        yield day, part.chosen(plan_of(day, seed))
