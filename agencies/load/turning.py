"""The rate changed while a test runs: asked for in a file, answered in another.

Whoever asks writes ``rate.json`` into the test's folder; the test takes it away once it has written
``rate.told`` beside it: whether it did, and a sentence. Packages that are missing for it are built
meanwhile; as long as that takes ``rate.busy`` says how many.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from agencies.load.course import CHANGES_MAX, Change, Course, moments
from agencies.load.impossible import Impossible
from agencies.load.record import Record
from agencies.load.spool import Letter
from axis.core.timetable import MICROSECONDS

ASKED, TOLD, BUSY = "rate.json", "rate.told", "rate.busy"
#: How often the folder is looked at.
LOOK_S = 0.1
#: From now to the moment a change begins at: what is drawn anew must be there by then.
LEAD_S = 0.5


def ask(folder: Path, times: float) -> None:
    """Ask the test in ``folder`` for a change. Raises ``Impossible``."""
    Change(0.0, times)
    (folder / TOLD).unlink(missing_ok=True)
    _write(folder / ASKED, json.dumps({"times": times}))


class Said(NamedTuple):
    """Whether the rate was changed, and how or why not, in a sentence."""

    done: bool
    words: str


def told(folder: Path) -> Said | None:
    """What the test said to the last question; None while it has not."""
    if (folder / ASKED).exists():
        return None
    try:
        return Said(*json.loads((folder / TOLD).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def busy(folder: Path) -> str:
    """What the test is at before it can answer, in a sentence; empty for nothing."""
    try:
        return str(json.loads((folder / BUSY).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ""


@dataclass
class Turning:
    """Changes what of ``deck`` is still to come; ``tell`` is told of each change. ``more`` builds
    letters from a place on, so many, and ``expect`` is told of those before they are sent.
    """

    course: Course
    seed: int
    deck: list[Letter]
    folder: Path
    tell: Callable[[Mapping[str, Any]], None]
    more: Callable[[int, int], Awaitable[list[Letter]]]
    expect: Callable[[Record, Sequence[Letter]], None]
    changes: list[Change] = field(default_factory=list)

    def letters(self) -> list[Letter]:
        """What is to be sent, and when, by the changes so far."""
        due = moments(self.course, self.seed, self.changes)
        return [
            replace(letter, after_s=at / MICROSECONDS)
            for letter, at in zip(self.deck, due, strict=False)
        ]

    def rate(self, at_s: float) -> float:
        """Documents a second that are planned at a moment, by the changes so far."""
        begun = [change for change in self.changes if change.at_s <= at_s]
        return self.course.rate(at_s) * (begun[-1].times if begun else 1.0)

    async def run(self, record: Record) -> None:
        """Look at the folder for ever."""
        await record.until(0.0)
        path = self.folder / ASKED
        if path.exists():
            # Whoever asked may have been told by now that nothing is changed.
            self._say(Said(done=False, words="Not changed: it had not begun to send; ask again."))
        while True:
            await asyncio.sleep(LOOK_S)
            if not path.exists():
                continue
            try:
                said = Said(done=True, words=await self.turn(record, _times(path)))
            except Impossible as error:
                said = Said(done=False, words=f"Not changed: {error}")
            self._say(said)

    def _say(self, said: Said) -> None:
        _write(self.folder / TOLD, json.dumps(said))
        (self.folder / ASKED).unlink(missing_ok=True)

    async def turn(self, record: Record, times: float) -> str:
        """Change the rate of what is still to come; what was done, in a sentence. Raises
        ``Impossible``.
        """
        lead_s = LEAD_S
        while True:
            change = Change(round(time.monotonic() - record.begin_s + lead_s, 1), times)
            self._require(change)
            missing = self._missing(record, change)
            if missing > 0:
                await self._build(record, missing)
                continue
            self.changes.append(change)
            letters = await asyncio.to_thread(self.letters)
            if time.monotonic() < record.begin_s + change.at_s:
                break
            # It took too long to draw, and some were sent meanwhile that it would have moved.
            self.changes.pop()
            lead_s *= 2
        rest = len(letters) - _due(record, change.at_s)
        record.retime(letters)
        self.tell({"turned": {"at": change.at_s, "times": times, "documents": len(letters)}})
        return (
            f"From second {change.at_s:g} on the rate is {times:g} times what was planned: "
            f"{rest:,} documents are still to come."
        )

    def _require(self, change: Change) -> None:
        seconds = self.course.seconds
        if change.at_s >= seconds:
            raise Impossible(f"the last of {seconds:g} s is over; a longer test would do")
        if len(self.changes) >= CHANGES_MAX:
            raise Impossible(
                f"the rate was changed {CHANGES_MAX} times already; a new test would do"
            )

    def _missing(self, record: Record, change: Change) -> int:
        """Packages that a change takes beyond those that are built."""
        rest = self.course.documents - self.course.until(change.at_s)
        return math.ceil(_due(record, change.at_s) + rest * change.times) - len(self.deck)

    async def _build(self, record: Record, documents: int) -> None:
        words = f"{documents:,} packages are missing for that and are built meanwhile."
        _write(self.folder / BUSY, json.dumps(words))
        try:
            letters = await self.more(len(self.deck), documents)
        finally:
            (self.folder / BUSY).unlink(missing_ok=True)
        self.expect(record, letters)
        self.deck += letters


def _due(record: Record, at_s: float) -> int:
    return sum(letter.after_s < at_s for letter in record.letters)


def _times(path: Path) -> float:
    try:
        return float(json.loads(path.read_bytes())["times"])
    except (OSError, ValueError, TypeError, KeyError):
        raise Impossible('this is no change of the rate; {"times": 1.5} would do') from None


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
