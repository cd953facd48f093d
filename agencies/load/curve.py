"""The curve of a latency over a rate: flat, then a knee, then a backlog that grows. Pure.

Far below what the axis gets through, a package waits for a few others, and the wait is that of a
queue: ``queue / (1 - rate / saturation)``. Far above, whoever comes at the end of a step waits for
the whole backlog: ``seconds * (rate / saturation - 1)``. Between both the queue has no time to
become as long as it would, and the curve joins the two as traffic engineers do for roads in a rush
hour (Kimber and Hollis, Traffic queues and delays at road junctions, TRRL LR 909, 1979): the wait
is the positive root of ``wait * (1 - rate / saturation + wait / seconds) = queue``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """p99 in seconds: ``floor`` where nothing waits, ``queue`` the wait where little does, and
    ``saturation`` the documents a second at which a backlog begins to grow. All above 0.
    """

    floor: float
    queue: float
    saturation: float

    def p99(self, rate: float, seconds: float) -> float:
        """What it comes to within ``seconds`` of a rate; grows with both."""
        return self.floor + self._wait(rate, seconds)[0]

    def steepness(self, rate: float, seconds: float) -> float:
        """By how many per cent it grows when the rate grows by one."""
        wait, root = self._wait(rate, seconds)
        return wait / root * rate / self.saturation / (self.floor + wait)

    def rate(self, p99: float, seconds: float) -> float | None:
        """The rate that comes to a p99 within ``seconds``; None where none comes to so little."""
        wait = p99 - self.floor
        share = 1 + wait / seconds - self.queue / wait if wait > 0 else 0.0
        return self.saturation * share if share > 0 else None

    def _wait(self, rate: float, seconds: float) -> tuple[float, float]:
        over = rate / self.saturation - 1
        root = math.sqrt(over * over + 4 * self.queue / seconds)
        # Each form of the same root where it takes no small difference of large numbers.
        if over > 0:
            return seconds / 2 * (over + root), root
        return 2 * self.queue / (root - over), root


def through(
    floor: float, queue: float, rate: float, objective_s: float, seconds: float
) -> Curve | None:
    """The curve of that floor and queue that comes to ``objective_s`` within ``seconds`` of
    ``rate``; None where there is none.
    """
    wait = objective_s - floor
    if wait <= 0:
        return None
    share = 1 + wait / seconds - queue / wait
    return Curve(floor, queue, rate / share) if share > 0 else None
