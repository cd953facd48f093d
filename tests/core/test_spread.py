"""A spread tells quantiles that are never below the truth and hardly above it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from axis.core.spread import Spread, percentile

_durations = st.lists(st.integers(0, 10**13), min_size=1)


def spread_of(durations: list[int]) -> Spread:
    spread = Spread()
    for us in durations:
        spread.add(us)
    return spread


@given(_durations, st.floats(0.001, 1.0))
def test_a_quantile_is_never_below_the_truth_and_at_most_a_32nd_above(
    durations: list[int], share: float
):
    ordered = sorted(durations)
    truth = next(us for i, us in enumerate(ordered, 1) if i / len(ordered) >= share)
    found = spread_of(durations).quantile(share)
    assert truth <= found <= truth + truth // 32


@given(st.lists(st.integers(0, 63), min_size=1), st.floats(0.001, 1.0))
def test_short_ones_are_exact(durations: list[int], share: float):
    ordered = sorted(durations)
    truth = next(us for i, us in enumerate(ordered, 1) if i / len(ordered) >= share)
    assert spread_of(durations).quantile(share) == truth


@given(_durations)
def test_the_curve_rises_to_the_longest_and_to_all(durations: list[int]):
    curve = list(spread_of(durations).curve())
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(curve))
    assert curve[-1] == (max(durations), 1.0)


def test_none_have_no_quantile_and_clocks_that_differ_make_nothing_of_less_than_nothing():
    assert Spread().quantile(0.5) == 0
    assert list(Spread().curve()) == []
    assert spread_of([-5]).quantile(1.0) == 0


def test_a_percentile_is_one_of_the_values_by_the_nearest_rank():
    assert percentile([], 50) is None
    assert [percentile([7.0], percent) for percent in (0, 50, 99, 100)] == [7.0] * 4
    # Of two the slower one is what 99 of 100 do not exceed.
    assert (percentile([1.0, 9.0], 50), percentile([1.0, 9.0], 99)) == (1.0, 9.0)
    hundred = list(map(float, range(1, 101)))
    assert [percentile(hundred, percent) for percent in (1, 50, 99, 100)] == [
        1.0,
        50.0,
        99.0,
        100.0,
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_exceeded_by_no_more_than_the_rest(values: list[float], percent: int):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)
