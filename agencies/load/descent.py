"""Where a function is least, and where it ends to be small: searches that need no derivative."""

from __future__ import annotations

import math
from collections.abc import Callable

Figures = tuple[float, ...]

#: Halvings of the distance between two places.
_HALVINGS = 12
#: Moves of a search over some figures, and its first stride.
_MOVES, _STRIDE = 150, 0.7
#: It has come to rest when its corners are as good and as near as this: corners that are far apart
#: may be equally good with the valley between them.
_ALIKE, _NEAR = 1e-5, 0.01


def lowest(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least between two places (golden section)."""
    golden = (math.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    for _ in range(_HALVINGS):
        if of(a) <= of(b):
            high, a, b = b, b - golden * (b - low), a
        else:
            low, a, b = a, b, a + golden * (high - a)
    return min((low, a, b, high), key=of)


def edge(of: Callable[[float], float], most: float, held: float, step: float) -> float:
    """The last place from ``held`` on, by ``step`` at most, at which a function is no more than
    ``most``.
    """
    beyond = held + step
    for _ in range(_HALVINGS):
        between = (held + beyond) / 2
        if of(between) <= most:
            held = between
        else:
            beyond = between
    return held


def descend(of: Callable[[Figures], float], start: Figures) -> tuple[float, Figures]:
    """The least of a function of some figures, and where (Nelder and Mead, A simplex method for
    function minimization, 1965).
    """
    strides = [(*start[:n], start[n] + _STRIDE, *start[n + 1 :]) for n in range(len(start))]
    worth = sorted(_at(of, corner) for corner in (start, *strides))
    for _ in range(_MOVES):
        (best, first), (second, _), (worst, last) = worth[0], worth[-2], worth[-1]
        if worst - best < _ALIKE and all(math.dist(first, corner) < _NEAR for _, corner in worth):
            break
        others = zip(*(corner for _, corner in worth[:-1]), strict=True)
        foot = tuple(math.fsum(figure) / len(start) for figure in others)
        turned = _at(of, _between(last, foot, 2.0))
        if turned[0] < best:
            worth[-1] = min(turned, _at(of, _between(last, foot, 3.0)))
        elif turned[0] < second:
            worth[-1] = turned
        else:
            drawn = min(_at(of, _between(last, foot, share)) for share in (0.5, 1.5))
            if drawn[0] < worst:
                worth[-1] = drawn
            else:
                worth[1:] = [_at(of, _between(first, corner, 0.5)) for _, corner in worth[1:]]
        worth.sort()
    return worth[0]


def _at(of: Callable[[Figures], float], place: Figures) -> tuple[float, Figures]:
    return of(place), place


def _between(a: Figures, b: Figures, share: float) -> Figures:
    """A place on the line from one to the other; beyond it where ``share`` is above 1."""
    return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))
