"""Seeded draws that are the same on every Python and every machine.

Everything is integer arithmetic on SHAKE-256 output. The standard library's ``random`` promises
only ``random()`` across versions, and floating point sums depend on their order; a traffic plan
that must come out byte for byte the same rests on neither.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import shake_256
from typing import TypeVar

T = TypeVar("T")

#: Words drawn ahead for single draws: half a kilobyte, a few microseconds.
_AHEAD = 64


class Dice:
    """One stream of draws, named by its labels; equal labels give the equal stream.

    A draw below ``bound`` scales a 64-bit word, so its bias is at most ``bound / 2**64``.
    """

    def __init__(self, *labels: object) -> None:
        self._label = "/".join(map(str, labels)).encode()
        self._turn = 0
        self._ahead: list[int] = []

    def words(self, count: int) -> tuple[int, ...]:
        """``count`` 64-bit words; as the first draw, a shorter one is a prefix of a longer one."""
        self._turn += 1
        source = shake_256(self._label + b"#%d" % self._turn)
        return struct.unpack(f"<{count}Q", source.digest(8 * count))

    def below(self, bound: int) -> int:
        """One integer from 0 to ``bound - 1``."""
        if not self._ahead:
            self._ahead = list(self.words(_AHEAD))
        return self._ahead.pop() * bound >> 64

    def pick(self, cumulative: Sequence[int]) -> int:
        """An index drawn by cumulative integer weights."""
        return bisect_right(cumulative, self.below(cumulative[-1]))

    def picks(self, cumulative: Sequence[int], count: int) -> list[int]:
        """``count`` indexes drawn by cumulative integer weights, in one go."""
        total = cumulative[-1]
        return [bisect_right(cumulative, word * total >> 64) for word in self.words(count)]

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different positions of ``items``, in drawn order (partial Fisher-Yates)."""
        rest = list(items)
        for i in range(count):
            j = i + self.below(len(rest) - i)
            rest[i], rest[j] = rest[j], rest[i]
        return rest[:count]
