"""The machine's source of ids: what it makes up differs, at one instant too."""

from __future__ import annotations

import pytest

from axis.adapters.system_clock import SystemClock, SystemIds
from axis.core.timetable import DAY_US, MICROSECONDS
from schemas.edxml_fields import CODE

#: Midnight in Viet Nam, 15 January 2020.
MIDNIGHT = 1_579_021_200 * MICROSECONDS


def test_numbers_made_at_one_instant_differ() -> None:
    assert len({SystemIds().number(MIDNIGHT) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("at", "clock"),
    [(0, 0), (59, 59), (3600, 10_000), (14 * 3600 + 32 * 60 + 5, 143_205), (86_399, 235_959)],
)
def test_a_number_begins_with_the_time_of_the_day_in_viet_nam(at: int, clock: int) -> None:
    assert SystemIds().number(MIDNIGHT + at * MICROSECONDS) // 10**10 == clock


def test_the_longest_number_fits_into_a_code_number() -> None:
    (room,) = (most for name, most in CODE.values() if name == "CodeNumber")
    assert len(str(SystemIds().number(MIDNIGHT + DAY_US - 1))) <= room


def test_documents_of_one_instant_differ() -> None:
    assert len({SystemIds().document(MIDNIGHT) for _ in range(100)}) == 100


def test_the_clock_never_goes_back() -> None:
    clock = SystemClock()
    told = [clock.now() for _ in range(100)]
    assert told == sorted(told)
