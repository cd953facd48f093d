"""Working time: when the offices are open, and where so many working minutes after an instant lie.

One calendar for all agencies (``agencies.model_offices``), in the Viet Nam zone, from March 2019
into March 2020; all times are integer microseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from functools import cache

from agencies import model_offices as model
from axis.core.timetable import (
    DAY_US,
    MICROSECONDS,
    day_of_number,
    day_start_us,
    number_of_day,
)

_MINUTE_US = 60 * MICROSECONDS
_SESSIONS_US = tuple((a * _MINUTE_US, b * _MINUTE_US) for a, b in model.SESSIONS_MINUTES.value)
#: How long the offices are open on a working day.
WORKING_DAY_US = sum(end - start for start, end in _SESSIONS_US)
_FIRST, _LAST = date(2019, 3, 1), date(2020, 3, 31)
_FIRST_NUMBER = number_of_day(_FIRST)
#: Midnight in Viet Nam on the first day that is counted.
_EPOCH_US = day_start_us(date(1970, 1, 1))


def is_working_day(day: date) -> bool:
    """Monday to Friday without holidays, and the days worked instead of one."""
    if day in model.EXTRA_WORKING_DAYS.value:
        return True
    return day.weekday() < 5 and day not in model.HOLIDAYS.value


@cache
def _working_days() -> tuple[int, ...]:
    """The day numbers of the working days of the calendar, in order."""
    return tuple(_FIRST_NUMBER + n for n, (_, working) in enumerate(_calendar()) if working)


@cache
def _calendar() -> tuple[tuple[int, bool], ...]:
    """For each day how many working days came before it, and whether it is one."""
    days, before = [], 0
    for number in range(_FIRST_NUMBER, number_of_day(_LAST) + 1):
        working = is_working_day(day_of_number(number))
        days.append((before, working))
        before += working
    return tuple(days)


def working_us(at_us: int) -> int:
    """How much working time has passed at an instant since the calendar's beginning.

    ValueError for an instant outside 1 March 2019 to 31 March 2020.
    """
    number, into_day = divmod(at_us - _EPOCH_US, DAY_US)
    place = number - _FIRST_NUMBER
    if not 0 <= place < len(_calendar()):
        raise ValueError(f"{day_of_number(number)} is outside the calendar of offices")
    days, working = _calendar()[place]
    worked = days * WORKING_DAY_US
    if working:
        for start, end in _SESSIONS_US:
            if into_day > start:
                worked += min(into_day, end) - start
    return worked


def after(at_us: int, work_us: int) -> int:
    """The instant when ``work_us`` (at least 1) of working time have passed since ``at_us``.

    It lies within office hours, their last moment included.
    """
    assert work_us > 0, "no working time"
    # One less and one more: work that ends with the day ends then, not when the next begins.
    index, into = divmod(working_us(at_us) + work_us - 1, WORKING_DAY_US)
    start_us = _working_days()[index] * DAY_US + _EPOCH_US
    for start, end in _SESSIONS_US:
        if into < end - start:
            return start_us + start + into + 1
        into -= end - start
    raise AssertionError("a day has no more sessions")


def day_before(day: date, count: int) -> date:
    """The first day from which at most ``count - 1`` whole working days lie before ``day``.

    Work that takes at most ``count`` working days and is not done at the beginning of ``day`` came
    on that day or later.
    """
    days = _working_days()
    # What came in the evening before the count-th working day has had ``count`` whole ones.
    index = bisect_left(days, number_of_day(day)) - count
    return day_of_number(days[index]) if index >= 0 else _FIRST
