"""``axis load run`` and ``outage`` before they play, and what they say of who was left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load.course import CONSTANT, course
from agencies.load.course_orders import CourseOrders
from agencies.load.impossible import Impossible
from agencies.load.outage import KAFKA
from agencies.load.plan import Shape
from agencies.load.storage import GB
from axis.cli.load_course import _require_room
from axis.cli.load_course_report import _personas

PLACE: dict[str, Any] = {"home": Path(), "work": Path(), "url": "", "axis_pid": None}
LATENCY = {"p50": 0.1, "p99": 0.2}


def orders(seconds: float, size: str) -> CourseOrders:
    even = course(CONSTANT, seconds=seconds, rate=50, first=1, times=1, every_s=1, burst_s=1)
    return CourseOrders(**PLACE, shape=Shape(size=size), course=even)


@given(seconds=st.floats(4, 600), size=st.sampled_from(("small", "real")), free=st.floats(0.01, 99))
def test_a_test_that_does_not_fit_the_disk_is_told_what_does(
    seconds: float, size: str, free: float
) -> None:
    try:
        _require_room(orders(seconds, size), free * GB)
        return
    except Impossible as error:
        would = str(error).partition(";")[2].split()
    if "--seconds" in would:
        fewer = float(would[would.index("--seconds") + 1])
        _require_room(orders(fewer, size), free * GB)
    else:
        assert " ".join(would) == "--size small, or another disk (AXIS_VAR), would do"


@pytest.mark.parametrize(
    ("away", "others"), [(None, 94), ({"agency": "000.00.00.H26"}, 93), ({"agency": KAFKA}, 94)]
)
def test_who_is_away_is_none_of_the_others(away: dict[str, str] | None, others: int) -> None:
    slow = {"agency": "000.00.00.H37", "must": "confirms 2 s late", "differences": []}
    told = {"personas": [slow], "outage": away, "others": {"deliveries": 7, **LATENCY}}
    assert (
        _personas(told)[-1] == f"Between the other {others}: 7 deliveries, p50 100 ms, p99 200 ms."
    )
