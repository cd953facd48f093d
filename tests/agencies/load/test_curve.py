"""The curve of a latency over a rate: it grows, and is what queues and backlogs are at its ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load.curve import Curve, through

CURVES = st.builds(
    Curve,
    floor=st.floats(0.001, 0.5),
    queue=st.floats(1e-4, 0.5),
    saturation=st.floats(1, 20_000),
)
SECONDS = st.floats(2, 600)


@given(curve=CURVES, share=st.floats(0.001, 3), more=st.floats(1.001, 2), seconds=SECONDS)
def test_it_grows_with_the_rate_and_with_the_time(
    curve: Curve, share: float, more: float, seconds: float
) -> None:
    rate = share * curve.saturation
    here = curve.p99(rate, seconds)
    assert here > curve.floor
    assert curve.p99(rate * more, seconds) > here
    assert curve.p99(rate, seconds * more) >= here


@given(curve=CURVES, share=st.floats(0.01, 3), seconds=SECONDS)
def test_the_rate_of_a_p99_is_the_rate_that_comes_to_it(
    curve: Curve, share: float, seconds: float
) -> None:
    rate = share * curve.saturation
    p99 = curve.p99(rate, seconds)
    found = curve.rate(p99, seconds)
    assert found is not None
    # Where the curve is flat, many rates have the same p99 to sixteen digits.
    assert curve.p99(found, seconds) == pytest.approx(p99, rel=1e-9)


@given(curve=CURVES, share=st.floats(0.05, 2), seconds=SECONDS)
def test_the_steepness_is_that_of_a_small_step(curve: Curve, share: float, seconds: float) -> None:
    rate, more = share * curve.saturation, 1 + 1e-5
    grown = curve.p99(rate * more, seconds) / curve.p99(rate, seconds) - 1
    assert curve.steepness(rate, seconds) == pytest.approx(grown / 1e-5, rel=0.01, abs=1e-4)


def test_far_below_it_is_a_queue_and_far_above_a_backlog() -> None:
    curve = Curve(floor=0.02, queue=0.01, saturation=500)
    assert curve.p99(1, 10) == pytest.approx(0.03, rel=0.01)
    assert curve.p99(250, 10) == pytest.approx(0.02 + 0.01 / (1 - 0.5), rel=0.01)
    # Twice as much as gets through: who comes last waits for as long as the step was.
    assert curve.p99(1000, 10) == pytest.approx(10, rel=0.01)
    assert curve.p99(1000, 60) == pytest.approx(60, rel=0.01)


@given(
    floor=st.floats(0.001, 0.5),
    queue=st.floats(1e-4, 0.5),
    rate=st.floats(1, 20_000),
    seconds=SECONDS,
)
def test_a_curve_through_a_capacity_comes_to_the_objective_there(
    floor: float, queue: float, rate: float, seconds: float
) -> None:
    curve = through(floor, queue, rate, 1.0, seconds)
    assert curve is not None
    assert curve.p99(rate, seconds) == pytest.approx(1.0, rel=1e-6)


def test_nothing_comes_to_less_than_its_floor() -> None:
    assert through(1.0, 0.1, 100, 1.0, 60) is None
    # With such a queue even the first document waits longer.
    assert through(0.5, 5.0, 100, 1.0, 60) is None
    assert Curve(0.02, 0.01, 500).rate(0.02, 10) is None
    assert Curve(0.02, 0.01, 500).rate(0.025, 10) is None
