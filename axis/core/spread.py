"""How long things took, for any number of them in a few kilobytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

#: Bins of one doubling: each is at most a 32nd of its lower end wide.
_BINS_BITS = 5
_EXACT = 2 << _BINS_BITS


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The least of the sorted values that ``percent`` of them do not exceed (nearest rank): one of
    them, and of two the 99th is the greater. None where there are none.
    """
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1] if ordered else None


class Spread:
    """A histogram of durations in whole microseconds; below 64 µs it is exact.

    What it tells of one lies at most 1/32 above the truth and never below it; the longest is exact.
    """

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0
        self._bins: Counter[int] = Counter()

    def add(self, us: int) -> None:
        """Count one. Less than nothing, where clocks differ, counts as nothing."""
        us = max(us, 0)
        shift = max(0, us.bit_length() - _BINS_BITS - 1)
        self._bins[shift * _EXACT + (us >> shift)] += 1
        self.count += 1
        self.longest = max(self.longest, us)

    def quantile(self, share: float) -> int:
        """Microseconds within which ``share`` (0 to 1) of them lie; 0 when there are none."""
        for us, within in self.curve():
            if within >= share:
                return us
        return self.longest

    def curve(self) -> Iterator[tuple[int, float]]:
        """(microseconds, share that took no longer), both rising, at every bin that holds one."""
        passed = 0
        for bin_ in sorted(self._bins):
            shift, mantissa = divmod(bin_, _EXACT)
            passed += self._bins[bin_]
            yield min(((mantissa + 1) << shift) - 1, self.longest), passed / self.count
