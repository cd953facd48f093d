"""How a rate goes over time, and when each document is due on it: constant, ramp, burst, day.

Pure. Arrivals are a Poisson process given its count: between two changes so many documents as the
course comes to there, each drawn by the rate of the moment. A change of the rate while it runs
draws what is still to come anew and leaves what was due before as it was: the same seed and the
same changes give the same moments.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from agencies import model
from agencies.dice import Dice
from agencies.load.impossible import Impossible
from agencies.load.plan import DOCUMENTS_MIN, SECONDS_MIN, STEP_DOCUMENTS_MAX
from agencies.load.search import RATE_MAX
from axis.core.timetable import MICROSECONDS

CONSTANT, RAMP, BURST, DAY = "constant", "ramp", "burst", "day"
SHAPES = (CONSTANT, RAMP, BURST, DAY)

#: Documents a second. A tenth is less than the worst minute of January 2020.
RATE_MIN = 0.1
#: An hour of load: longer ones are a history (axis play).
SECONDS_MAX = 3600.0
#: What a rate may be changed by while it runs.
TIMES_MIN, TIMES_MAX = 0.05, 20.0
#: Changes of one test; each draws all that is still to come.
CHANGES_MAX = 1000
#: Turns to and fro of one course.
BURSTS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch in which the rate (documents a second) goes in a line from ``first`` to ``last``;
    ``begin_s`` counts from the beginning of the course.
    """

    begin_s: float
    seconds: float
    first: float
    last: float

    @property
    def documents(self) -> float:
        """What it comes to."""
        return self.until(self.seconds)

    def until(self, after_s: float) -> float:
        """Documents in its first ``after_s`` seconds."""
        rise = (self.last - self.first) / self.seconds
        return after_s * (self.first + rise * after_s / 2)

    def when(self, documents: float) -> float:
        """Seconds from its beginning until so many are due: the inverse of ``until``."""
        rise = (self.last - self.first) / self.seconds
        root = math.sqrt(max(0.0, self.first * self.first + 2 * rise * documents))
        # The form that stays exact where the rate hardly rises.
        return min(self.seconds, 2 * documents / (self.first + root)) if documents else 0.0


@dataclass(frozen=True)
class Course:
    """A rate over time. Raises ``Impossible`` for what cannot be measured."""

    shape: str
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        if not SECONDS_MIN <= self.seconds <= SECONDS_MAX:
            raise Impossible(
                f"--seconds {self.seconds:g} is not from {SECONDS_MIN:g} to {SECONDS_MAX:g}; "
                "60 would do"
            )
        for piece in self.pieces:
            for rate in (piece.first, piece.last):
                if not 0 < rate <= RATE_MAX:
                    raise Impossible(
                        f"a rate of {rate:g} is not above 0 and up to {RATE_MAX:g} documents a "
                        "second; --rate 50 would do"
                    )
        if round(self.documents) < DOCUMENTS_MIN:
            longer = math.ceil(self.seconds * DOCUMENTS_MIN / self.documents)
            raise Impossible(
                f"{self.documents:.0f} documents in {self.seconds:g} s are too few to measure: "
                f"fewer than {DOCUMENTS_MIN} have no p99; "
                + (f"--seconds {longer} would do" if longer <= SECONDS_MAX else "--rate 50 would")
            )

    @cached_property
    def seconds(self) -> float:
        """How long it takes."""
        last = self.pieces[-1]
        return last.begin_s + last.seconds

    @property
    def documents(self) -> float:
        """What it comes to."""
        return self._ends[-1]

    @cached_property
    def _begins(self) -> tuple[float, ...]:
        return tuple(piece.begin_s for piece in self.pieces)

    @cached_property
    def _ends(self) -> tuple[float, ...]:
        """Documents by the end of each piece."""
        return tuple(accumulate(piece.documents for piece in self.pieces))

    def rate(self, at_s: float) -> float:
        """Documents a second at a moment of it."""
        piece = self.pieces[max(0, bisect_right(self._begins, at_s) - 1)]
        share = min(1.0, max(0.0, at_s - piece.begin_s) / piece.seconds)
        return piece.first + (piece.last - piece.first) * share

    def until(self, at_s: float) -> float:
        """Documents due by a moment."""
        n = max(0, bisect_right(self._begins, at_s) - 1)
        before = self._ends[n - 1] if n else 0.0
        piece = self.pieces[n]
        return before + piece.until(min(piece.seconds, max(0.0, at_s - piece.begin_s)))

    def when(self, documents: float) -> float:
        """The moment by which so many are due, seconds: the inverse of ``until``."""
        n = min(bisect_left(self._ends, documents), len(self.pieces) - 1)
        before = self._ends[n - 1] if n else 0.0
        piece = self.pieces[n]
        return piece.begin_s + piece.when(max(0.0, documents - before))


@dataclass(frozen=True, slots=True)
class Change:
    """From ``at_s`` on the rate is ``times`` that of the course."""

    at_s: float
    times: float

    def __post_init__(self) -> None:
        if not TIMES_MIN <= self.times <= TIMES_MAX:
            raise Impossible(
                f"a rate is changed {TIMES_MIN:g} to {TIMES_MAX:g} times, not {self.times:g}; "
                "1.5 would do"
            )


def course(
    shape: str,
    *,
    seconds: float,
    rate: float,
    first: float,
    times: float,
    every_s: float,
    burst_s: float,
) -> Course:
    """A course by the name of its shape. ``rate`` is all of it (constant), where it ends (ramp,
    from ``first``), what it has between bursts (burst), its busiest hour (day). A burst has
    ``times`` the rate for ``burst_s``, once every ``every_s`` seconds and at their end.

    Raises ``Impossible``.
    """
    if shape not in SHAPES:
        raise Impossible(f"--shape {shape} is none of {', '.join(SHAPES)}")
    if not rate >= RATE_MIN:
        raise Impossible(f"--rate {rate:g} is below {RATE_MIN:g} documents a second; 50 would do")
    if not SECONDS_MIN <= seconds <= SECONDS_MAX:
        raise Impossible(
            f"--seconds {seconds:g} is not from {SECONDS_MIN:g} to {SECONDS_MAX:g}; 60 would do"
        )
    if shape == RAMP:
        return Course(shape, (Piece(0.0, seconds, first, rate),))
    if shape == BURST:
        return Course(shape, _bursts(seconds, rate, times, every_s, burst_s))
    if shape == DAY:
        return Course(shape, _day(seconds, rate))
    return Course(shape, (Piece(0.0, seconds, rate, rate),))


def moments(course: Course, seed: int, changes: Sequence[Change] = ()) -> tuple[int, ...]:
    """When each document is due, microseconds from the beginning, in order."""
    found = _drawn(course, seed, 0, Change(0.0, 1.0))
    for turn, change in enumerate(changes, 1):
        kept = bisect_left(found, round(change.at_s * MICROSECONDS))
        found = found[:kept] + _drawn(course, seed, turn, change)
    return tuple(found)


def _drawn(course: Course, seed: int, turn: int, change: Change) -> list[int]:
    before = course.until(change.at_s)
    count = round((course.documents - before) * change.times)
    words = Dice(seed, "course", turn).words(count)
    rest = course.documents - before
    at_us = (round(course.when(before + word / 2**64 * rest) * MICROSECONDS) for word in words)
    # Rounding must not bring one before the change.
    first_us = round(change.at_s * MICROSECONDS)
    return sorted(max(first_us, at) for at in at_us)


def _bursts(
    seconds: float, rate: float, times: float, every_s: float, burst_s: float
) -> tuple[Piece, ...]:
    if not 1 < times <= TIMES_MAX:
        raise Impossible(f"--times {times:g} is not above 1 and up to {TIMES_MAX:g}; 5 would do")
    if not 0 < burst_s < every_s <= seconds:
        raise Impossible(
            f"a burst of {burst_s:g} s every {every_s:g} s does not fit {seconds:g} s; "
            f"--every {seconds / 3:g} --burst {seconds / 15:g} would do"
        )
    if seconds / every_s > BURSTS_MAX:
        raise Impossible(
            f"--every {every_s:g} makes more than {BURSTS_MAX} bursts; "
            f"--every {math.ceil(seconds / BURSTS_MAX)} would do"
        )
    pieces = []
    begin_s = 0.0
    while begin_s + every_s <= seconds * (1 + 1e-9):
        pieces.append(Piece(begin_s, every_s - burst_s, rate, rate))
        pieces.append(Piece(begin_s + every_s - burst_s, burst_s, rate * times, rate * times))
        begin_s += every_s
    if seconds - begin_s > 1e-6:
        pieces.append(Piece(begin_s, seconds - begin_s, rate, rate))
    return tuple(pieces)


def _day(seconds: float, rate: float) -> tuple[Piece, ...]:
    """The hours of the traffic model in which anything is sent, side by side, each as long."""
    hours = model.HOURS_PER_MILLE.value
    each_s, most = seconds / len(hours), max(hours.values())
    return tuple(
        Piece(n * each_s, each_s, rate * share / most, rate * share / most)
        for n, (_, share) in enumerate(sorted(hours.items()))
    )


def require_documents(course: Course, ahead: float) -> int:
    """Documents to build beforehand, so that the rate may be turned up ``ahead`` times while it
    runs. Raises ``Impossible``.
    """
    if not 1 <= ahead <= TIMES_MAX:
        raise Impossible(f"--up-to {ahead:g} is not from 1 to {TIMES_MAX:g}; 2 would do")
    documents = math.ceil(course.documents * ahead)
    if documents > STEP_DOCUMENTS_MAX:
        raise Impossible(
            f"{documents:,} documents are more than the {STEP_DOCUMENTS_MAX:,} that are built "
            f"beforehand; {_fewer(course, ahead)} would do"
        )
    return documents


def _fewer(course: Course, ahead: float) -> str:
    """The options with which the documents are no more than can be built."""
    each = course.documents / course.seconds
    seconds = math.floor(STEP_DOCUMENTS_MAX / (each * ahead))
    if seconds >= SECONDS_MIN:
        return f"--seconds {seconds}"
    up_to = math.floor(STEP_DOCUMENTS_MAX / (each * SECONDS_MIN))
    return f"--seconds {SECONDS_MIN:g} --up-to {up_to}"
