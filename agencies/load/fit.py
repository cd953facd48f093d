"""Fit a curve to the steps of a run, and say how far its capacity may lie off. Pure.

A step lies off in two ways: its p99 is that of a sample, and the machine was a little slower or
quicker than usual meanwhile, which is as if a little more or less had been asked of it. Near the
knee, where a per cent of speed is a doubling of the p99, the second is all that is seen; far below
it the first. So a step's distance counts aslant, in both directions on logarithmic scales, and how
large either is the steps tell themselves.

The best curve is the likeliest. The interval holds every capacity whose own best curve is not so
much less likely that it can be ruled out (profile likelihood), by Student's t since steps are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from agencies.load.curve import Curve, through
from agencies.load.descent import Figures, descend, edge, lowest

#: How often the interval holds the capacity.
SURE = 0.9
#: Fitted are the curve's three figures and how the two ways of lying off compare; so many steps,
#: and three more that say how well.
FIGURES = 4
STEPS_MIN = FIGURES + 3
#: A p99 is never known better: of 2,000 documents whose latencies have an exponential tail it
#: scatters by sqrt(0.01 * 0.99 / 2000) / 0.01 / ln(100), whatever the steps look like.
SCATTER_MIN = 0.05
#: How much the machine's speed varies against that: machines drift by a quarter within minutes and
#: by a hundredth within seconds.
DRIFT_MIN, DRIFT_MAX = 0.1, 3.0
#: Capacities are looked for from half the lower end of the bracket to twice the upper one, first at
#: so many places.
AROUND = 2.0
_PLACES = 24
#: Logarithms of rates that are the same.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Point:
    """A step: documents a second, how long, and its p99 in seconds, above 0."""

    rate: float
    seconds: float
    p99: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The likeliest curve whose capacity ``mid`` lies within the bracket, and from where to where
    the capacity may lie by what the steps say.
    """

    curve: Curve
    low: float
    mid: float
    high: float


def fit(
    points: Sequence[Point], bracket: tuple[float, float], objective_s: float, seconds: float
) -> Fitted | None:
    """Fit where the p99 comes to ``objective_s`` within ``seconds``; ``bracket`` is the highest
    rate that met it and the lowest that missed it. None where the steps are too few.
    """
    if len(points) < STEPS_MIN:
        return None
    profile = _Profile(points, objective_s, seconds)
    low, high = map(math.log, bracket)
    first, last = low - math.log(AROUND), high + math.log(AROUND)
    gap = (last - first) / _PLACES
    places = [first + gap * n for n in range(_PLACES + 1)]
    mid = lowest(profile, low, high)
    best = min((*places, mid), key=profile)
    best = min((best, lowest(profile, best - gap, best + gap)), key=profile)
    freedom = len(points) - FIGURES
    ruled_out = profile(best) + len(points) * math.log1p(student(freedom) ** 2 / freedom)
    held = [place for place in (*places, mid, best) if profile(place) <= ruled_out]
    return Fitted(
        curve=profile.curve(mid),
        low=math.exp(max(first, edge(profile, ruled_out, min(held), -gap))),
        mid=min(max(bracket[0], math.exp(mid)), bracket[1]),
        high=math.exp(min(last, edge(profile, ruled_out, max(held), gap))),
    )


def student(freedom: int) -> float:
    """How many standard errors to either side are ``SURE``, of Student's t.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5; within half a per cent from
    three degrees of freedom on.
    """
    z = NormalDist().inv_cdf((1 + SURE) / 2)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


class _Profile:
    """How unlikely a capacity is (twice the negative logarithm, but for a constant), with the best
    curve that has it; a capacity is told by the logarithm of its documents a second.
    """

    def __init__(self, points: Sequence[Point], objective_s: float, seconds: float) -> None:
        self._points = points
        self._objective_s = objective_s
        self._seconds = seconds
        self._known: dict[float, tuple[float, Figures]] = {}
        # Below every p99, and below the objective: a curve for any capacity.
        least = min(0.9 * objective_s, *(point.p99 for point in points))
        self._start = math.log(0.7 * least), math.log(0.3 * least), math.log(0.5)

    def __call__(self, place: float) -> float:
        return self._best(place)[0]

    def curve(self, place: float) -> Curve:
        """The best curve of a capacity."""
        found = self._curve(place, self._best(place)[1])
        assert found is not None, "every search begins with a curve"
        return found

    def _best(self, place: float) -> tuple[float, Figures]:
        if place not in self._known:
            self._known[place] = descend(lambda at: self._unlikely(place, at), self._start)
        return self._known[place]

    def _curve(self, place: float, figures: Figures) -> Curve | None:
        floor, queue, _ = map(math.exp, figures)
        return through(floor, queue, math.exp(place), self._objective_s, self._seconds)

    def _unlikely(self, place: float, figures: Figures) -> float:
        curve, drift = self._curve(place, figures), math.exp(figures[2])
        if curve is None or not DRIFT_MIN <= drift <= DRIFT_MAX:
            return math.inf
        off = [_off(curve, point, drift) for point in self._points]
        squares = sum(distance for distance, _ in off)
        variance = max(SCATTER_MIN**2, squares / len(off))
        stretched = sum(math.log(stretch) for _, stretch in off)
        return len(off) * math.log(variance) + squares / variance + stretched


def _off(curve: Curve, point: Point, drift: float) -> tuple[float, float]:
    """How far a step lies off the curve, aslant, and by how much drift stretches the scale of p99s
    there; both squared.
    """
    apart = math.log(point.p99 / curve.p99(point.rate, point.seconds))
    slope = chord = curve.steepness(point.rate, point.seconds)
    like = curve.rate(point.p99, point.seconds)
    if like is not None:
        # Of a curve that bends, what lies between the step and the rate it came out like.
        slope = curve.steepness(like, point.seconds)
        along = math.log(like / point.rate)
        if abs(along) > _SAME:
            chord = apart / along
    return apart**2 / (1 + (drift * chord) ** 2), 1 + (drift * slope) ** 2
