"""Which days of the Viet Nam calendar are worked.

A day is judged when something is counted on it, and a recount judges it again: what is listed for
days that were counted must never change. Holidays that follow the moon, and days exchanged, are
listed ahead of their year; of years without a list only the fixed ones are known.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from axis.core.timetable import day_of_number, number_of_day

#: Hùng Kings; 27 April to 1 May 2019 with Monday 29 April swapped; National Day; Tết 23 to 29
#: January 2020 (vietnamnet.vn E206473 and 582674; vbp.vn). 1 January 2020 is the statutory one.
HOLIDAYS: Final = (
    date(2019, 4, 15),
    *(date(2019, 4, day) for day in (27, 28, 29, 30)),
    date(2019, 5, 1),
    date(2019, 9, 2),
    date(2020, 1, 1),
    *(date(2020, 1, day) for day in range(23, 30)),
)
#: The Saturday worked for Monday 29 April 2019 (vietnamnet.vn E206473, which calls it the 5th).
EXTRA_WORKING_DAYS: Final = (date(2019, 5, 4),)
#: The days whose moving holidays are listed.
LISTED: Final = (date(2019, 3, 1), date(2020, 3, 31))
#: (month, day) of the holidays that never move (Labour Code 2012 art. 115): New Year, Victory Day,
#: Labour Day, National Day.
FIXED: Final = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})

_HOLIDAYS: Final = frozenset(map(number_of_day, HOLIDAYS))
_EXTRA: Final = frozenset(map(number_of_day, EXTRA_WORKING_DAYS))
_SATURDAY: Final = 5


def is_working_day(number: int) -> bool:
    """Monday to Friday without holidays, and the days worked instead of one."""
    if number in _EXTRA:
        return True
    day = day_of_number(number)
    holiday = number in _HOLIDAYS or (day.month, day.day) in FIXED
    return day.weekday() < _SATURDAY and not holiday


@lru_cache(maxsize=4096)  # A year's counting asks for the same few days again and again.
def next_working_day(number: int) -> int:
    """The first working day behind a day, as day numbers."""
    number += 1
    while not is_working_day(number):
        number += 1
    return number
