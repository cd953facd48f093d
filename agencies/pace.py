"""The time of a run: a planned day played faster, or simply now.

The agencies of a run live by one clock, told by two numbers that every process of the run is
given: the instant of the run at which it starts, and the reading of the machine's monotonic clock
at that moment. Then all of them agree about the run's time without talking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from axis.core.timetable import MICROSECONDS, iso


@dataclass(frozen=True, slots=True)
class Pace:
    """Run time ``start_us`` (microseconds UTC) falls on monotonic ``origin_s`` and passes
    ``speed`` times as fast as the machine's; it never goes beyond ``last_us``.

    ``played`` says whether the axis is told the run's times (``Axis-Occurred-At``): only where
    the run plays another day than today.
    """

    monotonic: Callable[[], float]
    start_us: int
    origin_s: float
    speed: float
    last_us: int
    played: bool

    def now_us(self) -> int:
        """The run's time."""
        passed = (self.monotonic() - self.origin_s) * self.speed * MICROSECONDS
        return min(self.start_us + int(passed), self.last_us)

    def when_s(self, at_us: int) -> float:
        """The monotonic reading at which the run's time is ``at_us``."""
        return self.origin_s + (at_us - self.start_us) / (self.speed * MICROSECONDS)

    def real_us(self, seconds: float) -> int:
        """How far the run's time gets in so many real seconds."""
        return int(seconds * self.speed * MICROSECONDS)

    def seconds(self, span_us: int) -> float:
        """How long a span of the run's time takes."""
        return span_us / (self.speed * MICROSECONDS)

    def left_s(self, at_us: int) -> float:
        """Real seconds until ``at_us``; negative when it has passed."""
        return self.when_s(at_us) - self.monotonic()

    def stated(self, at_us: int) -> str | None:
        """What to tell the axis of when something happened; None to let its own clock speak."""
        return iso(min(at_us, self.last_us)) if self.played else None


def live(monotonic: Callable[[], float], speed: float) -> Pace:
    """The pace of agencies that answer today: their delays pass ``speed`` times as fast.

    It counts from the machine's start, so that a process started anew knows what is overdue.
    """
    return Pace(monotonic, 0, 0.0, speed, 2**62, played=False)
