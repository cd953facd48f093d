"""What a step came to."""

from __future__ import annotations

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from agencies.load import limit
from agencies.load.judge import heading, judge, latency, raw, settled
from agencies.load.plan import Shape
from agencies.load.reconcile import reconcile
from agencies.load.usage import AXIS, DRIVER, HELPERS
from tests.agencies.load.steps import TO, measured, record, usage

STEP = Shape(documents=1000, seconds=10).step(1, 100)


@given(st.lists(st.floats(0.0001, 100), min_size=1, max_size=300))
def test_percentiles_are_those_of_the_sorted_list_to_three_digits(seconds: list[float]) -> None:
    found = latency(seconds)
    ordered = sorted(seconds)
    at = ordered[max(0, -(-99 * len(ordered) // 100) - 1)]
    assert found.p99 == pytest.approx(at, rel=2e-3, abs=2e-6)
    assert found.most == pytest.approx(ordered[-1], rel=2e-3)
    again = HdrHistogram.decode(found.histogram)
    assert again.total_count == found.count == len(seconds)


@pytest.mark.parametrize(
    ("delays", "met", "why"),
    [
        ([0.05] * 1000, True, ""),
        # One in a hundred may be late, and no more.
        ([0.05] * 991 + [3.0] * 9, True, ""),
        ([0.05] * 985 + [3.0] * 15, False, "p99 3.00 s"),
        # Three per cent too many: after ten seconds 0.35 s, after a minute two.
        ([0.05 + 0.03 * n / 100 for n in range(1000)], False, "falling behind"),
        # A bad second in the middle that is made up for is none.
        ([0.05] * 400 + [0.5] * 100 + [0.05] * 500, True, ""),
    ],
)
def test_the_objective_is_a_p99_that_holds(delays: list[float], met: bool, why: str) -> None:
    made = record(delays)
    found = judge(STEP, made, reconcile(made), usage())
    assert found.met is met, found.why
    assert found.why.startswith(why)
    assert found.driver_ok


def test_what_was_only_late_in_its_step_is_not_called_lost() -> None:
    made = record([0.05] * 1000)
    late = made.done_s.pop((3, TO[1]))
    found = judge(STEP, made, reconcile(made), usage())
    assert (found.met, found.why) == (False, "1 not there in time")
    gone = settled(found, len(reconcile(made).lost))
    assert (gone.lost, gone.why) == (1, "1 lost")
    made.done_s[3, TO[1]] = late
    came = settled(found, len(reconcile(made).lost))
    assert (came.met, came.lost, came.why) == (False, 0, "1 not there in time")


def test_a_step_in_which_the_axis_refused_something_was_not_met():
    made = record([0.05] * 1000)
    made.refuse(made.letters[3], "503")
    found = judge(STEP, made, reconcile(made), usage())
    assert (found.met, found.failed, found.why) == (False, 1, "1 not accepted")


@given(rate=st.floats(0.001, 0.5))
def test_what_falls_behind_is_seen_a_minute_ahead(rate: float) -> None:
    points = [(n / 100, 0.05 + rate * n / 100) for n in range(1000)]
    assert heading(points, 10) == pytest.approx(0.05 + rate * 60, rel=0.05)


def test_latency_counts_from_the_intended_moment_also_when_the_driver_was_late() -> None:
    found = measured(100, 0.4, driver_late_s=0.2)
    assert found.available.p50 == pytest.approx(0.4, rel=2e-3)
    assert not found.driver_ok


def test_a_driver_without_a_free_core_is_the_bottleneck() -> None:
    made = record([0.05] * 1000)
    busy = usage({AXIS: 0.5, HELPERS: 0.3, DRIVER: 0.95})
    found = judge(STEP, made, reconcile(made), busy)
    assert not found.driver_ok
    assert "driver" in limit.first_limit(busy, driver_ok=found.driver_ok)


@pytest.mark.parametrize(
    ("cpu", "machine", "disk", "words"),
    [
        ({AXIS: 0.95, HELPERS: 0.5, DRIVER: 0.4}, 1.9, 0.1, "one process"),
        ({AXIS: 0.6, HELPERS: 0.95, DRIVER: 0.4}, 1.9, 0.1, "signature checks: 0.95"),
        ({AXIS: 0.6, HELPERS: 0.5, DRIVER: 0.4}, 1.6, 0.9, "the disk: busy 90%"),
        ({AXIS: 0.6, HELPERS: 0.5, DRIVER: 0.4}, 1.9, 0.1, "all 2 cores"),
        ({AXIS: 0.3, HELPERS: 0.2, DRIVER: 0.2}, 0.8, 0.1, "neither CPU nor disk"),
        # Workers over servers are more than one process.
        ({DRIVER: 0.2, AXIS: 0.9, "PostgreSQL": 0.4}, 1.6, 0.1, "neither CPU nor disk"),
        (
            {DRIVER: 0.2, AXIS: 0.9, "PostgreSQL": 0.5, "Kafka": 0.25},
            1.9,
            0.1,
            "(axis 0.90, PostgreSQL 0.50, Kafka 0.25, driver 0.20, others 0.05)",
        ),
        ({DRIVER: 0.2}, 0.8, 0.1, "not seen from here"),
    ],
)
def test_the_first_limit_is_what_was_full(
    cpu: dict[str, float], machine: float, disk: float, words: str
) -> None:
    assert words in limit.first_limit(usage(cpu, machine, disk), driver_ok=True)


def test_cores_of_an_axis_that_somebody_else_started_are_not_those_of_others() -> None:
    assert limit.others(usage({DRIVER: 0.3, AXIS: 0.9}, 1.9)) == pytest.approx(0.7)
    unseen = usage({DRIVER: 0.3}, 1.9)
    assert limit.others(unseen) == 0.0
    assert "(driver 0.30 of 2 cores)" in limit.first_limit(unseen, driver_ok=False)


def test_an_axis_that_may_use_some_cores_only_is_full_when_those_are() -> None:
    shared = usage({AXIS: 0.55, HELPERS: 0.4, DRIVER: 0.3}, machine=1.3)
    assert "may use 1 of 2 cores" in limit.first_limit(shared, driver_ok=True, axis_cores=1)
    assert "neither" in limit.first_limit(shared, driver_ok=True, axis_cores=None)


def test_a_step_is_told_by_the_names_of_the_result() -> None:
    told = raw(measured(100, 0.05))
    assert {"rate", "achieved", "p50", "p99", "lag", "cpu", "lost"} <= set(told)
    assert told["achieved"] == pytest.approx(100, rel=0.05)
