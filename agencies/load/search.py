"""Which rate to try next: up a ladder until the objective is missed, then halve the gap.

Pure: the next rate follows from the ladder and from what was tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agencies.load.impossible import Impossible

#: Rates of the ladder, geometrically spaced.
RUNGS = 10
#: The ladder reaches from an eighth of what a first burst got through to a third more than that.
BELOW, ABOVE = 8.0, 1.3
#: The gap is halved until the rates lie so close: twice as fine as steps of ten seconds agree.
FINER = 0.05
#: Steps of one run, whatever happens.
TRIES_MAX = 30
#: Documents a second. Below one a step of 200 takes three minutes.
RATE_MIN, RATE_MAX = 1.0, 20_000.0


@dataclass(frozen=True, slots=True)
class Tried:
    """A rate that was offered, and whether the objective was met."""

    rate: float
    met: bool


def ladder(through: float) -> tuple[float, ...]:
    """Ten rates around what a burst got through (documents a second)."""
    first, last = max(RATE_MIN, through / BELOW), max(2 * RATE_MIN, through * ABOVE)
    step = (last / first) ** (1 / (RUNGS - 1))
    return tuple(_round(first * step**n) for n in range(RUNGS))


def given(text: str) -> tuple[float, ...]:
    """A ladder as it is asked for: ``50,100,200``; raises ``Impossible``."""
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = ()
    if not rates or list(rates) != sorted(set(rates)):
        raise Impossible(f"--rates {text} are no growing rates; 50,100,200 would do")
    if not all(RATE_MIN <= rate <= RATE_MAX for rate in rates):  # Nor is NaN one.
        raise Impossible(
            f"--rates {text}: rates lie from {RATE_MIN:g} to {RATE_MAX:g} documents a second; "
            "50,100,200 would do"
        )
    return rates


def following(rungs: Sequence[float], tried: Sequence[Tried]) -> float | None:
    """The rate to offer next; None when the gap is as small as it can be told.

    A rate that was missed once is tried again when everything below it was met: a standstill of the
    machine is not the axis's limit.
    """
    if len(tried) >= TRIES_MAX:
        return None
    low, high = bracket(tried)
    if high is None:
        higher = [rate for rate in rungs if low is None or rate > low]
        if higher:
            return higher[0]
        assert low is not None
        up = _round(low * 1.5)
        return up if up <= RATE_MAX else None
    if low is None:
        down = _round(high / 2)
        return down if down >= RATE_MIN else None
    if high / low > 1 + FINER:
        return _round(math.sqrt(low * high))
    once = [one for one in tried if one.rate == high]
    return high if len(once) == 1 and tried[-1].met else None


def bracket(tried: Sequence[Tried]) -> tuple[float | None, float | None]:
    """The highest rate that was met below every one that was only missed, and the lowest of those;
    None where there is none.
    """
    met = {one.rate for one in tried if one.met}
    high = min((one.rate for one in tried if one.rate not in met), default=None)
    low = max((rate for rate in met if high is None or rate < high), default=None)
    return low, high


def _round(rate: float) -> float:
    """Three digits: rates are read by people."""
    digits = 2 - math.floor(math.log10(rate))
    return round(rate, digits)
