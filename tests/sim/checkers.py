"""Judge a run by what its clients saw. Each check names the promise that was broken:

lost        accepted, and its recipient never got it        (promises 1 and 2)
duplicated  one package, and two deliveries in the books    (2)
phantom     taken, and nobody ever sent it to that recipient
altered     other bytes, or other facts about them          (3)
reordered   lanes with gaps or out of order                 (4)
late        true in the end, but not within bounded time
unbalanced  a balance line, a negative counter              (5)
miscounted  a counter that the history does not support     (5)
unstable    another receipt for the same bytes              (6)
conflict    409 where none is due, or none where one is     (6)
misjudged   a wrong refusal, or a bad input accepted        (7)
locked      something open for, or sent by or to, a locked agency
illegal     a step that may not follow
stream      a status stream with a gap, a repeat or a lie
internal    an error of the axis itself
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from tests.sim import check_books, check_packages, check_words
from tests.sim.history import (
    Confirmed,
    Event,
    Exchange,
    Fetched,
    Final,
    History,
    Locked,
    Page,
    Receipt,
    Refusal,
    Sent,
    Spoken,
    Streamed,
    Violation,
)
from tests.sim.world import CLEAR

#: Virtual seconds after the heal within which whoever polls must have what waits for it: a
#: look-again of five seconds, twice, and the pauses between polls; less than one look-again when
#: the bus works.
LATE_S, PROMPT_S = 12.0, 4.0


class Record:
    """A history, indexed for the checks."""

    def __init__(self, history: History) -> None:
        self.history = history
        (self.final,) = history.all(Final)
        self.sent: dict[tuple[str, str], Sent] = {}
        for sent in history.all(Sent):
            self.sent.setdefault((sent.sender, sent.sha256), sent)
        self.receipts: defaultdict[tuple[str, str], list[Receipt]] = defaultdict(list)
        for receipt in history.all(Receipt):
            self.receipts[receipt.sender, receipt.sha256].append(receipt)
        #: agency: (from, to) in which it was, or may have been, locked.
        self.locks: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        #: agency: (from, to) in which it certainly was.
        self.surely_locked: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._index_locks()
        heals = ((at, e) for at, e in history.lines if isinstance(e, Event) and e.what == "heal")
        self.healed_at, heal = next(heals)
        #: When the bus works, nobody waits for the next look.
        self.prompt_s = PROMPT_S if heal.detail == CLEAR else LATE_S
        #: delivery id: its events in the history, in order.
        self.events: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for doc, view in self.final.views.items():
            for event in sorted(view["history"], key=lambda e: int(e["seq"])):
                if event["recipient"]:
                    self.events[f"{doc}.{event['recipient']}"].append(event)

    def _index_locks(self) -> None:
        since: defaultdict[str, list[Locked]] = defaultdict(list)
        for lock in self.history.all(Locked):
            if lock.locked:
                since[lock.agency].append(lock)
            elif since[lock.agency]:
                first = since[lock.agency].pop(0)
                self.locks[lock.agency].append((first.began, lock.ended))
                self.surely_locked[lock.agency].append((first.ended, lock.began))

    def committed_at(self, seq: int) -> float:
        """The virtual time at which the event ``seq`` was written."""
        commits = self.history.commits
        at = bisect_left(commits, seq, key=lambda commit: commit[1])
        # What was never written is younger than everything that was.
        return commits[at][0] if at < len(commits) else inf

    def maybe_written_by(self, seq: int, at: float) -> bool:
        """Whether the event ``seq`` may have been written then; of real processes nobody knows when
        they wrote.
        """
        return not self.history.commits or self.committed_at(seq) <= at

    def maybe_locked(self, agency: str, began: float, ended: float) -> bool:
        """Whether a lock may have been in force at some moment of a span."""
        return any(since <= ended and began <= until for since, until in self.locks[agency])

    def due(self, seq: int, agency: str) -> float:
        """When what was written as ``seq`` must have been seen by ``agency``, who polls for it."""
        written_at = self.committed_at(seq)
        # What an unlocking brings back is told like anything new.
        unlocked_at = max((until for _, until in self.locks[agency]), default=0.0)
        at = max(written_at, unlocked_at)
        return at + self.prompt_s if at > self.healed_at else self.healed_at + LATE_S

    def rows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(agency, DELIVERY) of every delivery there is."""
        for agency, rows in self.final.inboxes.items():
            for row in rows:
                yield agency, row


def check(history: History) -> list[Violation]:
    """Everything that is wrong with a run."""
    record = Record(history)
    checks = (*check_packages.CHECKS, *check_words.CHECKS, *check_books.CHECKS)
    return [violation for one in checks for violation in one(record)]


def met(history: History) -> Counter[str]:
    """How often a run met what: shows what the seeds reach."""
    found: Counter[str] = Counter()
    for _, line in history.lines:
        match line:
            case Event(what=what):
                found[what] += 1
            case Exchange(status=status):
                found[f"HTTP {status}"] += 1
            case Sent(kind=kind):
                found[f"DocType {kind}"] += 1
            case Receipt(status=status):
                found["repeated POST" if status == 200 else "accepted POST"] += 1
            case Refusal(code=code):
                found[code] += 1
            case Confirmed(result=result):
                found[f"confirmed {result}"] += 1
            case Spoken(code=code, error=error, repeated=repeated):
                found[error or f"said {code}"] += 1
                found["repeated status"] += repeated
            case Locked(locked=True):
                found["lock"] += 1
            case Fetched():
                found["taken by id"] += 1
            case Page(rows=rows):
                found["taken in a page"] += len(rows)
            case Streamed(events=events):
                found["read from a stream"] += len(events)
            case Final(views=views):
                kinds = Counter(e["kind"] for v in views.values() for e in v["history"])
                found.update({kind: kinds[kind] for kind in ("reset", "given", "kept", "had")})
    return found
