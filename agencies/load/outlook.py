"""From steps to a capacity, from a capacity to a month and a date. Pure.

The capacity is a knee: up to it the axis does what is asked of it, beyond it a backlog grows. It
is sought between the highest rate that met the objective and the lowest that missed it, where the
curve that fits the steps best comes to the objective within the minute it must hold. It may lie off
as far as that bracket, and as far as the curve may: two steps that happen to lie close together
make neither more certain. Where steps are too few for a curve, the bracket is all there is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from agencies.load.curve import Curve
from agencies.load.fit import Point, fit
from agencies.load.growth import Base, Growth, calendar
from agencies.load.judge import HOLDS_S, Measured
from agencies.load.search import Tried, bracket

#: A curve that was fitted, or the bracket of the bisection with its p99s interpolated.
Model = Literal["knee", "bracket"]
KNEE: Model = "knee"
BRACKET: Model = "bracket"

#: Of a p99 that is the axis's own the driver's lateness is at most this, whatever the objective.
LATE_SHARE_MAX = 0.2

Sureness = Literal["measured", "interpolated", "beyond capacity", "not known"]


@dataclass(frozen=True, slots=True)
class Span:
    """A figure and how far it may lie off."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Capacity(Span):
    """Documents a second, how they are known (``model``), the bracket (``met``, ``missed``), of how
    many steps the p99 is the axis's own, and the curve through them where there is one.
    """

    model: Model
    met: float
    missed: float
    steps: int
    curve: Curve | None


@dataclass(frozen=True, slots=True)
class When:
    """The last month that meets the objective, counted from January 2020, and its first day."""

    month: int
    day: date


@dataclass(frozen=True, slots=True)
class Dates:
    """The same with its uncertainty."""

    low: When
    mid: When
    high: When


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the way: its rates a second, how it is known, and the p99 where it is."""

    month: int
    day: date
    documents: float
    deliveries: float
    sureness: Sureness
    p99: float | None


def capacity(steps: Sequence[Measured], objective_s: float) -> Capacity | None:
    """None when the objective was never met or never missed."""
    low, high = bracket([Tried(step.rate, step.met) for step in steps])
    if low is None or high is None:
        return None
    points = _points(steps)
    fitted = fit(points, (low, high), objective_s, HOLDS_S)
    if fitted is None:
        mid = _interpolated(steps, low, high, objective_s)
        return Capacity(low, mid, high, BRACKET, low, high, len(points), None)
    return Capacity(
        low=min(low, fitted.low),
        mid=fitted.mid,
        high=max(high, fitted.high),
        model=KNEE,
        met=low,
        missed=high,
        steps=len(points),
        curve=fitted.curve,
    )


def _points(steps: Sequence[Measured]) -> list[Point]:
    """The steps whose p99 is the axis's own and that of all that was offered: where the driver was
    to blame, or not everything came through, it is not. A standstill at a rate that was met
    otherwise is left out as the bracket leaves it out.
    """
    met = {step.rate for step in steps if step.met}
    return [
        Point(step.rate, step.seconds, step.available.p99)
        for step in steps
        if (step.driver_ok or step.late <= LATE_SHARE_MAX * step.available.p99)
        and not step.failed
        and step.available.count >= step.deliveries
        and (step.met or step.rate not in met)
    ]


def _interpolated(steps: Sequence[Measured], low: float, high: float, objective_s: float) -> float:
    """Where between two rates the p99 comes to the objective, on logarithmic scales; the middle
    where the p99 is not what was missed.
    """
    below, above = _p99(steps, low, met=True), _p99(steps, high, met=False)
    share = 0.5
    if below < objective_s < above:
        share = math.log(objective_s / below) / math.log(above / below)
    return low * float((high / low) ** share)


def deciding(steps: Sequence[Measured]) -> list[Measured]:
    """The steps that a capacity rests on: those at both ends of the bracket."""
    low, high = bracket([Tried(step.rate, step.met) for step in steps])
    return [s for s in steps if (s.rate == low and s.met) or (s.rate == high and not s.met)]


def dates(span: Span, base: Base, growth: Growth) -> Dates | None:
    """The months that a capacity lasts; None when it does not last through month 0."""
    months = [
        math.floor(growth.month(base.documents, rate)) for rate in (span.low, span.mid, span.high)
    ]
    if months[0] < 0:
        return None
    low, mid, high = (When(month, calendar(month)) for month in months)
    return Dates(low, mid, high)


def months(
    count: int, steps: Sequence[Measured], span: Capacity | None, base: Base, growth: Growth
) -> list[Month]:
    """Each month from January 2020 on.

    Measured is a month that is the nearest to a rate that was tried; what lies below the capacity
    otherwise is interpolated: by the curve, for a minute, or between the steps (below the lowest
    rate its p99 is that of the lowest then). Where no capacity is to be told (``span`` is None),
    what lies above the highest rate that was met is not known: more may be carried.
    """
    tried = sorted({step.rate for step in steps})
    met, _ = bracket([Tried(step.rate, step.met) for step in steps])
    most = (met or 0.0) if span is None else span.mid
    found = []
    for month in range(count):
        rate = growth.rate(base.documents, month)
        nearest = min(tried, key=lambda one: abs(math.log(one / rate)), default=None)
        near = (
            nearest is not None and abs(math.log(nearest / rate)) <= math.log1p(growth.monthly) / 2
        )
        sureness: Sureness = "measured" if near else "interpolated"
        if rate > most:
            sureness = "not known" if span is None else "beyond capacity"
        curve = span.curve if span is not None and sureness == "interpolated" else None
        found.append(
            Month(
                month=month,
                day=calendar(month),
                documents=rate,
                deliveries=rate * base.fanout,
                sureness=sureness,
                p99=None if rate > most else _p99_of(steps, curve, rate),
            )
        )
    return found


def _p99_of(steps: Sequence[Measured], curve: Curve | None, rate: float) -> float:
    return _between(steps, rate) if curve is None else curve.p99(rate, HOLDS_S)


def _p99(steps: Sequence[Measured], rate: float, *, met: bool) -> float:
    return min(step.available.p99 for step in steps if step.rate == rate and step.met is met)


def _between(steps: Sequence[Measured], rate: float) -> float:
    """The p99 of a rate between two that met the objective, on logarithmic scales."""
    met = sorted({step.rate: step.available.p99 for step in steps if step.met}.items())
    below = [one for one in met if one[0] <= rate] or met[:1]
    above = [one for one in met if one[0] >= rate] or met[-1:]
    (x0, y0), (x1, y1) = below[-1], above[0]
    if x0 == x1 or not y0 or not y1:
        return max(y0, y1) if x0 == x1 else y1
    share = math.log(rate / x0) / math.log(x1 / x0)
    return float(y0 * (y1 / y0) ** share)
