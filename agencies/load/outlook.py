"""From steps to a capacity, from a capacity to a month and a date. Pure.

The capacity is a knee: up to it the axis does what is asked of it, beyond it a backlog grows. It
lies between the highest rate that met the objective and the lowest that missed it; both are
measured, and are the uncertainty. Between them the p99 is interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from agencies.load.growth import Base, Growth, calendar
from agencies.load.judge import Measured
from agencies.load.search import Tried, bracket

MODEL = "knee: the bracket of the bisection, p99 interpolated within it"

Sureness = Literal["measured", "interpolated", "beyond capacity"]


@dataclass(frozen=True, slots=True)
class Span:
    """A figure and how far it may lie off."""

    low: float
    mid: float
    high: float


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


def capacity(steps: Sequence[Measured], objective_s: float) -> Span | None:
    """Documents a second; None when the objective was never met or never missed."""
    low, high = bracket([Tried(step.rate, step.met) for step in steps])
    if low is None or high is None:
        return None
    below, above = _p99(steps, low, met=True), _p99(steps, high, met=False)
    share = 0.5
    if below < objective_s < above:
        share = math.log(objective_s / below) / math.log(above / below)
    return Span(low, low * (high / low) ** share, high)


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
    count: int, steps: Sequence[Measured], span: Span | None, base: Base, growth: Growth
) -> list[Month]:
    """Each month from January 2020 on.

    Measured is a month that is the nearest to a rate that was tried; what lies below the capacity
    otherwise is interpolated (below the lowest rate its p99 is that of the lowest).
    """
    tried = sorted({step.rate for step in steps})
    found = []
    for month in range(count):
        rate = growth.rate(base.documents, month)
        nearest = min(tried, key=lambda one: abs(math.log(one / rate)), default=None)
        near = (
            nearest is not None and abs(math.log(nearest / rate)) <= math.log1p(growth.monthly) / 2
        )
        sureness: Sureness = "measured" if near else "interpolated"
        if span is None or rate > span.mid:
            sureness = "beyond capacity"
        found.append(
            Month(
                month=month,
                day=calendar(month),
                documents=rate,
                deliveries=rate * base.fanout,
                sureness=sureness,
                p99=None if sureness == "beyond capacity" else _between(steps, rate),
            )
        )
    return found


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
