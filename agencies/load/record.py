"""What happened to the packages of a step: told by senders and recipients, read at the end.

Times are seconds of the machine's monotonic clock. Latencies count from the intended moment, so a
standstill shows in every document that it delays, also in those that could not even be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agencies.load.spool import Letter

#: Sentences kept of what went wrong in a step; a thousandth says what the first did.
FAULTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the axis signed for: its own id of the package, the digest, and the deliveries."""

    doc: str
    sha256: str
    deliveries: tuple[str, ...]


@dataclass
class Record:
    """One step. Deliveries are known by the package's place in it and the recipient's code."""

    letters: Sequence[Letter]
    begin_s: float = 0.0
    #: How far behind its moment the driver came to each letter.
    late_s: list[float] = field(default_factory=list)
    accepted_s: dict[int, float] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    #: Answers that were no receipt, and requests without an answer.
    failed: set[int] = field(default_factory=set)
    #: Packages that the axis had before they were sent: the target knows this plan.
    repeated: int = 0
    available_s: dict[tuple[int, str], float] = field(default_factory=dict)
    done_s: dict[tuple[int, str], float] = field(default_factory=dict)
    #: The axis's ids of what was taken.
    taken: dict[tuple[int, str], str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    faulty: int = 0
    #: Deliveries of accepted letters, those of them that are done, and those done of letters whose
    #: receipt is still on its way.
    _expected: int = 0
    _finished: int = 0
    _early: dict[int, int] = field(default_factory=dict)
    _whole: asyncio.Event = field(default_factory=asyncio.Event)

    # ---- told -------------------------------------------------------------------------------

    def accept(self, letter: Letter, at_s: float, told: Mapping[str, Any]) -> None:
        """The axis answered with a receipt."""
        self.accepted_s[letter.index] = at_s
        self.receipts[letter.index] = Receipt(
            str(told["doc"]), str(told["sha256"]), tuple(map(str, told["deliveries"]))
        )
        self._expected += len(letter.recipients)
        self._finished += self._early.pop(letter.index, 0)
        self._look()

    def refuse(self, letter: Letter, why: str) -> None:
        """There is no receipt."""
        self.failed.add(letter.index)
        self.fault(f"{letter.document_id}: {why}")
        self._look()

    def arrive(self, letter: Letter, recipient: str, delivery: str, at_s: float) -> None:
        """A recipient holds the bytes; the first time counts."""
        key = letter.index, recipient
        self.available_s.setdefault(key, at_s)
        self.taken[key] = delivery

    def finish(self, letter: Letter, recipient: str, at_s: float) -> None:
        """The axis has the recipient's ``done``."""
        key = letter.index, recipient
        if key in self.done_s:
            return
        self.done_s[key] = at_s
        if letter.index in self.receipts:
            self._finished += 1
        else:
            self._early[letter.index] = self._early.get(letter.index, 0) + 1
        self._look()

    def fault(self, why: str) -> None:
        """Something went otherwise than it should."""
        self.faulty += 1
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(why)

    # ---- read -------------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether every letter is answered and every delivery of the accepted ones is done."""
        answered = len(self.accepted_s) + len(self.failed)
        return answered == len(self.letters) and self._finished >= self._expected

    async def until_whole(self, timeout_s: float) -> bool:
        """Wait for that; False when it did not come in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._whole.wait()
        except TimeoutError:
            return False
        return True

    def due_s(self, index: int) -> float:
        """The intended moment of a letter."""
        return self.begin_s + self.letters[index].after_s

    def accepted(self) -> Iterator[float]:
        """Seconds from the intended moment to the receipt, for each accepted letter."""
        return (at - self.due_s(index) for index, at in self.accepted_s.items())

    def available(self) -> Iterator[float]:
        """Seconds from the intended moment until a recipient holds it, for each delivery."""
        return self._after(self.available_s)

    def done(self) -> Iterator[float]:
        """Seconds from the intended moment until it is confirmed, for each delivery."""
        return self._after(self.done_s)

    def _after(self, times: Mapping[tuple[int, str], float]) -> Iterator[float]:
        return (at - self.due_s(index) for (index, _), at in times.items())

    def _look(self) -> None:
        if self.whole:
            self._whole.set()


@dataclass
class Known:
    """Every letter of a run by its DocumentId: a delivery names it, also one of an earlier step."""

    _letters: dict[str, tuple[Record, Letter]] = field(default_factory=dict)
    #: Deliveries that are none of ours, and are left alone.
    foreign: int = 0

    def add(self, record: Record, letters: Iterable[Letter]) -> None:
        """Expect the letters of a step."""
        for letter in letters:
            self._letters[letter.document_id] = record, letter

    def find(self, document_id: str) -> tuple[Record, Letter] | None:
        """The step and the letter of a DocumentId."""
        found = self._letters.get(document_id)
        if found is None:
            self.foreign += 1
        return found
