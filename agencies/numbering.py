"""Who sends each document of a day, and which number it bears in that sender's year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

from agencies import model, pinning, quota
from agencies.dice import Dice
from agencies.quota import Pins
from axis.core.timetable import OPENED


def ranks(day: date, seed: int, count: int, pins: Pins | None) -> list[int]:
    """The sender of each document as a place in ``senders_by_rank()``.

    Without pins a shorter answer is the beginning of a longer one.
    """
    drawn = Dice(seed, day, "senders").picks(model.sender_weights(), count)
    return drawn if pins is None else pinning.ranks(Dice(seed, day, "pinned senders"), drawn, pins)


def numbers(day: date, seed: int, senders: Sequence[int], *, pinned: bool) -> list[int]:
    """The running number of each document: a sender counts through the calendar year."""
    last = list(_numbered_before(day.year, seed, pinned)[day])
    given = []
    for rank in senders:
        last[rank] += 1
        given.append(last[rank])
    return given


@lru_cache(maxsize=4)
def _numbered_before(year: int, seed: int, pinned: bool) -> Mapping[date, tuple[int, ...]]:
    """For each day of the year, the last number each sender used before it.

    Costs one draw per document of the year, once per seed (2019: about a tenth of a second).
    """
    weights = model.sender_weights()
    last = [0] * len(weights)
    if year == OPENED.year:
        shares = [b - a for a, b in pairwise((0, *weights))]
        last = [s * model.NUMBERED_BEFORE_OPENING.value // weights[-1] for s in shares]
    before = {}
    for day, total in model.days().items():
        if day.year == year:
            before[day] = tuple(last)
            pins = quota.pins(day) if pinned else None
            for rank, count in Counter(ranks(day, seed, total.sent, pins)).items():
                last[rank] += count
    return before
