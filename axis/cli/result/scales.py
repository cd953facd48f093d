"""From values to places and shades, and the round numbers between them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import floor, log10

#: Shades of a heat map, the palest for the least; nothing at all has none.
SHADES = 7


def ticks(most: float, about: int = 4) -> list[int]:
    """Round numbers from 0 to at least ``most``, some ``about`` of them."""
    rough = max(most, 1) / about
    power = int(10 ** floor(log10(rough))) if rough > 1 else 1
    step = next(int(n * power) for n in (1, 2, 2.5, 4, 5, 10) if n * power >= rough)
    step = max(step, 1)
    return list(range(0, int(-(-most // step)) * step + 1, step)) if most > 0 else [0, 1]


def bounds(most: int, power: int = 2) -> list[int]:
    """The greatest value of each shade, rising to ``most``: by squares, since mostly few values
    are large, or evenly (1).
    """
    found = [_round(most * ((n + 1) / SHADES) ** power) for n in range(SHADES - 1)]
    return sorted({*(n for n in found if 0 < n < most), max(most, 1)})


def shade(value: int, upper: Sequence[int]) -> int:
    """The shade of a value, from 1 for the palest to ``SHADES``; 0 for nothing.

    Where there are fewer bounds than shades, the last one is still the darkest.
    """
    if value <= 0:
        return 0
    return SHADES - (len(upper) - 1 - min(bisect_left(upper, value), len(upper) - 1))


def short(value: float) -> str:
    """A number in the space of a tick: 1.2 M, 350 k, 12."""
    for size, unit in ((1_000_000, " M"), (1_000, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:g}"


def _round(value: float) -> int:
    """Two digits and zeros."""
    zeros: int = 10 ** max(0, len(str(int(value))) - 2)
    return round(value / zeros) * zeros
