"""The proof that the books are true: counters and rows against the events, and bytes against rows.

What it proves: that events and documents are there without a gap, that every row of a delivery and
every counter follows from them, and that the bytes of every document are known of, or, when they
are read, that they are what was accepted. What it cannot see is what nothing repeats: the subject
and the other details of a document, its DocumentId, who took a step that was no status and when it
was recorded, links, agencies, replay jobs, and the logs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from axis.books import Books, Counters, Head, Package, Torn
from axis.core import tally
from axis.core.document import Delivery, Document, Event
from axis.core.errors import AxisError, Fault
from axis.core.recount import DAMAGE, LINES_MAX, Lines, Recount

#: Documents whose bytes are looked for at a time, and what they may weigh when they are read.
PACKAGES: Final = 1000
PACKAGES_BYTES_MAX: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """What ``audit`` found: counters against their recount, rows against their events."""

    documents: int
    events: int
    deliveries: int
    #: (agency, day, metric): (in the books, recounted)
    counters: Mapping[tally.Key, tuple[int, int]] = field(default_factory=dict)
    #: Ids of deliveries whose row is not the fold of their events.
    states: Sequence[str] = ()
    #: Sentences about all that is wrong but counters; those on deliveries explain ``states``.
    lines: Sequence[str] = ()
    #: Counters and sentences that were left out because there are so many.
    left_out: int = 0

    @property
    def clean(self) -> bool:
        """Nothing differs."""
        return not self.counters and not self.lines


def damaged(torn: Torn) -> AxisError:
    """Return the failure of whoever needs all of the books and met what cannot be read."""
    what = f"{torn.kind} {torn.what}".strip()
    return AxisError([Fault("axis.books_damaged", "", {"what": f"{what}: {torn.why}"})])


class _Packages:
    """Asks for the bytes of documents, many at a time."""

    def __init__(self, books: Books, lines: Lines, *, read: bool) -> None:
        self._books = books
        self._lines = lines
        self._read = read
        self._asked: dict[int, str] = {}
        self._packages: list[Package] = []
        self._size = 0

    async def add(self, document: Document) -> None:
        """Look for the bytes of a document, now or with others."""
        self._packages.append(Package(document.seq, document.sha256, document.size))
        self._asked[document.seq] = document.id
        self._size += document.size if isinstance(document.size, int) else 0
        heavy = self._read and self._size > PACKAGES_BYTES_MAX
        if heavy or len(self._packages) >= PACKAGES:
            await self.flush()

    async def flush(self) -> None:
        """Look for those that are left."""
        asked, self._asked = self._asked, {}
        packages, self._packages, self._size = self._packages, [], 0
        if packages:
            for doc, words in (await self._books.amiss(packages, read=self._read)).items():
                self._lines.tell("package", f"of document {asked[doc]}", words)


async def prove(books: Books, *, read_packages: bool = False) -> Proof:
    """Recount everything, compare, and look for the bytes of every document; on demand read them.

    Memory: some eighty bytes for a document and thirty for a delivery.
    """
    recount = Recount((await books.counted()).since)
    counters: Counters = {}
    head: int | None = None
    seen: Counter[str] = Counter()
    packages = _Packages(books, recount.lines, read=read_packages)
    async with aclosing(books.history()) as history:
        async for item in history:
            match item:
                case Document():
                    seen["documents"] += 1
                    recount.take(item)
                    await packages.add(item)
                case Event():
                    seen["events"] += 1
                    recount.take(item)
                case Delivery():
                    seen["deliveries"] += 1
                    recount.take(item)
                case Head():
                    head = item.seq
                case Torn():
                    recount.lines.tell(*item)
                case _:
                    counters = item
        await packages.flush()
    recount.close(head)
    differing = _differing(counters, recount.tally)
    kept = dict(list(differing.items())[:LINES_MAX])
    return Proof(
        documents=seen["documents"],
        events=seen["events"],
        deliveries=seen["deliveries"],
        counters=kept,
        states=recount.states,
        lines=recount.lines.told,
        left_out=recount.lines.left_out + len(differing) - len(kept),
    )


def _differing(books: Counters, recounted: Counter[tally.Key]) -> dict[tally.Key, tuple[int, int]]:
    """(in the books, recounted) of the counters that differ."""
    keys = {key for key in books.keys() | recounted.keys() if books.get(key, 0) != recounted[key]}
    try:
        ordered = sorted(keys)
    except DAMAGE:
        ordered = sorted(keys, key=repr)
    return {key: (books.get(key, 0), recounted[key]) for key in ordered}
