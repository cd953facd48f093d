"""How much is measured, and in which order: two sides in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.table import Run

Act = Callable[[], Run]


@dataclass(frozen=True, slots=True)
class Scale:
    """``pairs`` of runs, each of ``share`` of its documents."""

    pairs: int
    share: float

    def of(self, whole: int, least: int = 1) -> int:
        """So many of the whole."""
        return max(least, round(whole * self.share))


#: The machine drifts by a quarter within minutes, so runs alternate.
WHOLE = Scale(pairs=5, share=1.0)
QUICK = Scale(pairs=2, share=0.1)


def in_turn(pair: Callable[[], tuple[Act, Act]], pairs: int) -> tuple[list[Run], list[Run]]:
    """The runs of both sides; ``pair`` prepares the acts of each pair.

    Every other pair begins with the other side, so that what drifts favours neither.
    """
    ours: list[Run] = []
    other: list[Run] = []
    for number in range(pairs):
        acts = list(zip(pair(), (ours, other), strict=True))
        for act, runs in acts[:: -1 if number % 2 else 1]:
            runs.append(act())
    return ours, other
