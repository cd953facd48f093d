"""Whether figures that were taken one after the other head upward. Pure.

The rule: leave out the first tenth, in which caches fill. Of the rest take the median of the slopes
of all pairs (Theil and Sen), so that a few bad moments count little. Figures head upward when that
line climbs, over the whole run, by more than a share of their median and more than a least amount,
and when it is no accident: so many pairs rise (Mann and Kendall) as would in one run of a hundred
whose figures go nowhere. That takes seven figures at least; of fewer nothing can be said.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

#: What is left out at the beginning, and how many must remain: of five even the steepest order is
#: as likely as one in 120.
WARM_SHARE = 0.1
JUDGED_MIN = 6
#: The normal deviate that one of a hundred exceeds.
DEVIATE_MAX = 2.33


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much of a climb is none: a share of the median, and at least ``least``."""

    share: float
    least: float


def judged(values: Sequence[float]) -> Sequence[float]:
    """What is left when caches are full."""
    return values[max(1, math.ceil(len(values) * WARM_SHARE)) :]


def climb(values: Sequence[float]) -> float:
    """How much the line through the values climbs from the first to the last."""
    pairs = combinations(enumerate(values), 2)
    slopes = [(two - one) / (late - early) for (early, one), (late, two) in pairs]
    return statistics.median(slopes) * (len(values) - 1) if slopes else 0.0


def heads_upward(values: Sequence[float], tolerance: Tolerance) -> bool:
    """The rule. Raises ``ValueError`` when there are too few values for it."""
    rest = judged(values)
    count = len(rest)
    if count < JUDGED_MIN:
        raise ValueError(f"{len(values)} figures are too few to judge by")
    bound = max(tolerance.share * statistics.median(rest), tolerance.least)
    rising = sum((two > one) - (two < one) for one, two in combinations(rest, 2))
    deviation = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    return climb(rest) > bound and (rising - 1) / deviation > DEVIATE_MAX
