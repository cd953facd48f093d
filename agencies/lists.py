"""Recipient lists of a day: how long each is, who may send the wide ones, and who is on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from agencies import model
from agencies.dice import Dice
from schemas.codes import AgencyRow, agencies

#: Sizes that name a whole class: all ministries, all other central agencies, all provinces,
#: everyone else.
MINISTRY_LIST, CENTRAL_LIST, PROVINCE_LIST, EVERYONE_LIST = 22, 30, 63, 94
SMALL_MOST = max(model.SMALL_LISTS_PER_MILLE.value)
GOVERNMENT_OFFICE = "000.00.00.G22"

#: Draws of list sizes before the day gets small lists alone. Days of the series took 167 at most;
#: totals of a caller's own may take more (40 documents for 40 recipients).
_TRIES = 400


class Groups(NamedTuple):
    """The directory in the groups that lists are made of, each in the directory's order."""

    everyone: tuple[str, ...]
    ministries: tuple[str, ...]
    government: tuple[str, ...]
    central: tuple[str, ...]
    provinces: tuple[str, ...]


@cache
def groups() -> Groups:
    """The 95 agencies: 22 ministries of 31 Government agencies of 32 central ones, 63 provinces."""
    rows = agencies()
    return Groups(
        everyone=tuple(r.code for r in rows),
        ministries=tuple(r.code for r in rows if r.kind in model.MINISTRY_KINDS),
        government=tuple(r.code for r in rows if r.level == "central"),
        central=tuple(r.code for r in rows if r.level != "provincial"),
        provinces=tuple(r.code for r in rows if r.level == "provincial"),
    )


def sizes_of_day(
    dice: Dice,
    senders: Sequence[AgencyRow],
    received: int,
    weights: tuple[tuple[int, ...], tuple[int, ...]],
    keep: Callable[[list[int]], list[int] | None] = lambda sizes: sizes,
) -> list[int]:
    """The size of each document's recipient list; their sum is exactly ``received``.

    ``keep`` may exchange sizes between documents, or answer None to have them drawn again; after
    the last draw every list is small, and that must do.

    Sizes are drawn again until their sum is within 1 % of the number of documents of the total and
    every wide list finds a sender, so that what is left to move by ones hardly changes the
    shares. The tolerance doubles every 50 draws: a Sunday of 40 documents seldom comes so near.
    """
    sizes, cumulative = weights
    count = len(senders)
    for turn in range(_TRIES):
        drawn = [sizes[i] for i in dice.picks(cumulative, count)]
        if abs(sum(drawn) - received) > max(1, count // 100) << turn // 50:
            continue
        wide = [size for size in drawn if size > SMALL_MOST]
        small = count - len(wide)
        if not small <= received - sum(wide) <= small * SMALL_MOST:
            continue
        given = _give_wide_lists(dice, drawn, senders)
        if given is not None and (kept := keep(given)) is not None:
            return _moved_to(dice, kept, received)
    return _moved_to(dice, [1] * count, received)


def _give_wide_lists(
    dice: Dice, drawn: Sequence[int], senders: Sequence[AgencyRow]
) -> list[int] | None:
    """The drawn sizes, those of wide lists at senders outside the class; None if one finds none.

    All ministries: the sender is no ministry. All provinces: the sender is central. "All other
    central agencies" is the one class that holds its sender's own kind: 30 are the 31 agencies of
    the Government without the sender, so the sender is one of those 31 and not in the list.
    """
    known = groups()
    provinces_weight = model.ALL_PROVINCES_BY_GOVERNMENT_OFFICE_PER_MILLE.value
    counts = Counter(drawn)
    given = [0] * len(drawn)
    for size, allowed in (
        (CENTRAL_LIST, set(known.government)),
        (PROVINCE_LIST, set(known.central)),
        (MINISTRY_LIST, set(known.everyone) - set(known.ministries)),
    ):
        may = [i for i, s in enumerate(senders) if not given[i] and s.code in allowed]
        if size == PROVINCE_LIST:
            may = [
                i
                for i in may
                if senders[i].code != GOVERNMENT_OFFICE or dice.below(1000) < provinces_weight
            ]
        if len(may) < counts[size]:
            return None
        for i in dice.sample(may, counts[size]):
            given[i] = size
    free = iter([n for n in drawn if n not in (CENTRAL_LIST, PROVINCE_LIST, MINISTRY_LIST)])
    return [size or next(free) for size in given]


def _moved_to(dice: Dice, sizes: list[int], received: int) -> list[int]:
    """Move small lists, drawn at random, up or down by one until the sum is ``received``."""
    small = [i for i, size in enumerate(sizes) if size <= SMALL_MOST]
    gap = received - sum(sizes)
    step = 1 if gap > 0 else -1
    while gap:
        i = dice.choice(small)
        if 1 <= sizes[i] + step <= SMALL_MOST:
            sizes[i] += step
            gap -= step
    return sizes


def recipients(dice: Dice, sender: str, size: int) -> tuple[str, ...]:
    """A list of ``size`` agencies without the sender: wide ones by class, small ones drawn."""
    known = groups()
    if size == MINISTRY_LIST:
        return known.ministries
    if size == PROVINCE_LIST:
        return known.provinces
    if size == CENTRAL_LIST:
        return tuple(code for code in known.government if code != sender)
    if size > SMALL_MOST:
        others = [code for code in known.everyone if code != sender]
        return tuple(others if size == EVERYONE_LIST else dice.sample(others, size))
    chosen: list[str] = []
    while len(chosen) < size:
        code = _small_list_recipient(dice, sender)
        if code not in chosen:
            chosen.append(code)
    return tuple(chosen)


def _small_list_recipient(dice: Dice, sender: str) -> str:
    """One recipient of a small list: first the side (central or provincial), then the agency."""
    known = groups()
    weights: Sequence[int]
    if sender in known.provinces:
        side = model.PROVINCE_TO_CENTRAL_PER_MILLE.value
        weights = _weights_of_central()
    else:
        side = 1000 - model.CENTRAL_TO_PROVINCES_PER_MILLE.value
        weights = range(1, len(known.central) + 1)
    to_central = dice.below(1000) < side
    code = sender
    while code == sender:
        code = known.central[dice.pick(weights)] if to_central else dice.choice(known.provinces)
    return code


@cache
def _weights_of_central() -> tuple[int, ...]:
    """Cumulative weights of the central agencies for a province that writes to one."""
    known, weight = groups(), model.PROVINCE_TO_CENTRAL_WEIGHTS.value

    def of(code: str) -> int:
        if code == GOVERNMENT_OFFICE:
            return weight["government office"]
        return weight["ministry" if code in known.ministries else "other"]

    return tuple(accumulate(of(code) for code in known.central))
