"""What of a step's documents is otherwise than on a day: sent without a signature, or a report that
goes to the Government Office. Pure: which ones they are follows from the dice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agencies.dice import Dice
from agencies.lists import GOVERNMENT_OFFICE
from agencies.traffic import Planned


def unsigned(plan: Sequence[Planned], share: float, dice: Dice) -> tuple[Planned, ...]:
    """The plan with ``share`` (0 to 1) of its documents without a signature."""
    chosen = _some(range(len(plan)), round(share * len(plan)), len(plan), dice)
    return tuple(
        replace(planned, signed=False) if place in chosen else planned
        for place, planned in enumerate(plan)
    )


def reports(plan: Sequence[Planned], share: float, dice: Dice) -> tuple[Planned, ...]:
    """The plan with ``share`` (0 to 1) of its documents as reports to the Government Office.

    They are taken from those that go to one recipient, whoever it was, so that there are as many
    deliveries as before. The Office reports to nobody; where they are too few, all of them report.
    """
    single = [
        place
        for place, planned in enumerate(plan)
        if len(planned.recipients) == 1 and planned.sender != GOVERNMENT_OFFICE
    ]
    chosen = _some(single, round(share * len(plan)), len(plan), dice)
    return tuple(
        replace(planned, recipients=(GOVERNMENT_OFFICE,)) if place in chosen else planned
        for place, planned in enumerate(plan)
    )


def _some(places: Iterable[int], count: int, of: int, dice: Dice) -> set[int]:
    """``count`` of the places, those whose words come first."""
    words = dice.words(of)
    return set(sorted(places, key=words.__getitem__)[:count])
