"""What happened to the packages of a step: told by senders and recipients, read at the end.

Times are seconds of the machine's monotonic clock. Latencies count from the intended moment, so a
standstill shows in every document that it delays, also in those that could not even be asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agencies.load.spool import Letter

#: Sentences kept of what went wrong in a step; a thousandth says what the first did.
FAULTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the axis signed for: its own id of the package, the digest, and the deliveries; codes of
    what it found odd.
    """

    doc: str
    sha256: str
    deliveries: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def receipt(told: Mapping[str, Any]) -> Receipt:
    """A receipt as the axis gives it."""
    return Receipt(
        doc=str(told["doc"]),
        sha256=str(told["sha256"]),
        deliveries=tuple(map(str, told["deliveries"])),
        warnings=tuple(str(warning["code"]) for warning in told.get("warnings", ())),
    )


@dataclass
class Record:
    """One step. Deliveries are known by the package's place in it and the recipient's code."""

    letters: Sequence[Letter]
    begin_s: float = 0.0
    #: Recipients that take nothing, so that nobody waits for them; senders whose packages must be
    #: refused.
    absent: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    #: How far behind its moment the driver came to each letter.
    late_s: list[float] = field(default_factory=list)
    accepted_s: dict[int, float] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    #: Answers that were no receipt, and requests without an answer.
    failed: set[int] = field(default_factory=set)
    #: The codes of those that had an answer.
    codes: dict[int, str] = field(default_factory=dict)
    #: What a second sending of the same bytes was answered with.
    again: dict[int, Receipt] = field(default_factory=dict)
    #: Requests that an agency broke off itself, and deliveries it gave back before it kept them.
    broken: Counter[str] = field(default_factory=Counter)
    #: Packages that the axis had before they were sent: the target knows this plan.
    repeated: set[int] = field(default_factory=set)
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
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    # ---- told -------------------------------------------------------------------------------

    def begin(self, at_s: float) -> None:
        """The moment that all others are counted from."""
        self.begin_s = at_s
        self._begun.set()

    def accept(self, letter: Letter, at_s: float, told: Mapping[str, Any]) -> None:
        """The axis answered with a receipt."""
        self.accepted_s[letter.index] = at_s
        self.receipts[letter.index] = receipt(told)
        self._expected += sum(code not in self.absent for code in letter.recipients)
        self._finished += self._early.pop(letter.index, 0)
        self._look()

    def refuse(self, letter: Letter, why: str, code: str = "") -> None:
        """There is no receipt; ``code`` says why where the axis does."""
        self.failed.add(letter.index)
        if code:
            self.codes[letter.index] = code
        if letter.sender not in self.refusing:
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

    def retime(self, letters: Sequence[Letter]) -> None:
        """Others are to be sent, or at other moments; those that were begun stay as they are."""
        begun = len(self.late_s)
        assert list(letters[:begun]) == list(self.letters[:begun]), "sent already"
        self.letters = letters
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

    @property
    def expected(self) -> int:
        """Deliveries of accepted letters, but those to who takes nothing."""
        return self._expected

    @property
    def open(self) -> int:
        """Deliveries that are accepted and not done, but those to who takes nothing."""
        return max(0, self._expected - self._finished)

    async def until_whole(self, timeout_s: float) -> bool:
        """Wait for that; False when it did not come in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._whole.wait()
        except TimeoutError:
            return False
        return True

    async def until(self, after_s: float) -> None:
        """Wait until so long after the beginning, whenever that is."""
        await self._begun.wait()
        await asyncio.sleep(max(0.0, self.begin_s + after_s - time.monotonic()))

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

    def deliveries(self) -> Iterator[tuple[Letter, str]]:
        """Each delivery of the accepted letters, by letter and recipient."""
        for letter in self.letters:
            if letter.index in self.receipts:
                for code in letter.recipients:
                    yield letter, code

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

    def forget(self, letters: Iterable[Letter]) -> None:
        """Expect the letters of a step no longer: what a long run remembers must not grow."""
        for letter in letters:
            self._letters.pop(letter.document_id, None)

    def find(self, document_id: str) -> tuple[Record, Letter] | None:
        """The step and the letter of a DocumentId."""
        found = self._letters.get(document_id)
        if found is None:
            self.foreign += 1
        return found
