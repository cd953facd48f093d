"""What falls on a day of a figure that is known for longer: rounded cumulatively over the days.

The quotas of all days together are the figure exactly, and each depends on the day series alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from agencies import model

#: The last day of the year that Lạng Sơn's figures are for.
YEAR_END = date(2019, 12, 31)


class Pins(NamedTuple):
    """Documents that Lạng Sơn sends on a day, and those it gets from the Government Office."""

    lang_son: int
    from_office: int


@cache
def pins(day: date) -> Pins | None:
    """What the published figures of 2019 make of a day; None where none was published."""
    if day > YEAR_END:
        return None
    before, of_day, year = _before()[day], model.days()[day], _before()[date(2020, 1, 1)]
    return Pins(
        # A delivery is as likely as the day has many of them, a document as it has documents.
        share(before[0], of_day.sent, model.LANG_SON_SENT_2019.value, year[0]),
        share(
            before[1], of_day.received, model.LANG_SON_FROM_GOVERNMENT_OFFICE_2019.value, year[1]
        ),
    )


def per_mille(day: date, part: int) -> int:
    """How many of the day's documents make ``part`` per mille of all documents."""
    return share(_before()[day][0], model.days()[day].sent, part, 1000)


def share(before: int, amount: int, numerator: int, denominator: int) -> int:
    """What ``amount`` adds to ``numerator / denominator`` of all that came ``before`` it.

    Each sum is rounded half up, so shares of consecutive amounts add up without a rest.
    """

    def rounded(count: int) -> int:
        return (2 * count * numerator + denominator) // (2 * denominator)

    return rounded(before + amount) - rounded(before)


@cache
def _before() -> Mapping[date, tuple[int, int]]:
    """Documents and deliveries of the series before each day."""
    sent = received = 0
    before = {}
    for day, total in model.days().items():
        before[day] = (sent, received)
        sent, received = sent + total.sent, received + total.received
    return before
