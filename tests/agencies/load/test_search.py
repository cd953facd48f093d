"""The search for a capacity: it ends around the true one, whatever that is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agencies.load.impossible import Impossible
from agencies.load.search import FINER, TRIES_MAX, Tried, bracket, following, ladder
from agencies.load.search import given as asked


def searched(rungs: tuple[float, ...], capacity: float, lying: int = -1) -> list[Tried]:
    """All tries at something that carries ``capacity``; the try ``lying`` is missed in any case."""
    tried: list[Tried] = []
    while (rate := following(rungs, tried)) is not None:
        tried.append(Tried(rate, rate <= capacity and len(tried) != lying))
    return tried


@given(capacity=st.floats(2, 10_000), guess=st.floats(0.05, 20))
def test_the_bracket_holds_the_capacity_and_is_narrow(capacity: float, guess: float) -> None:
    tried = searched(ladder(capacity * guess), capacity)
    low, high = bracket(tried)
    assert low is not None
    assert high is not None
    assert low <= capacity < high
    # Rates have three digits, so a gap of 5 % may come out as 5.5.
    assert high / low <= 1 + FINER + 0.01
    assert len(tried) <= TRIES_MAX


@given(capacity=st.floats(50, 5_000), lying=st.integers(0, 9))
def test_one_standstill_of_the_machine_does_not_decide(capacity: float, lying: int) -> None:
    tried = searched(ladder(capacity), capacity, lying)
    assume(len(tried) < TRIES_MAX)
    low, high = bracket(tried)
    assert low is not None
    # The rate that lied was offered again; what is left is the true bracket.
    assert high is None or high > capacity or not tried[lying].met
    assert low <= capacity


def test_a_missed_rate_is_offered_again_when_all_below_it_was_met() -> None:
    tried = [Tried(100, met=True), Tried(104, met=False), Tried(103, met=True)]
    assert following((100, 104), tried) == 104
    tried.append(Tried(104, met=True))
    assert following((100, 104), tried) == 156
    tried[-1] = Tried(104, met=False)
    assert following((100, 104), tried) is None


def test_ten_rates_stand_geometrically_around_what_a_burst_got_through() -> None:
    rungs = ladder(800)
    assert len(rungs) == 10
    assert rungs[0] == pytest.approx(100)
    assert rungs[-1] == pytest.approx(1040)
    steps = [b / a for a, b in itertools.pairwise(rungs)]
    assert max(steps) / min(steps) < 1.02


def test_a_burst_that_hardly_came_through_has_a_ladder_all_the_same() -> None:
    rungs = ladder(0.1)
    assert (rungs[0], rungs[-1]) == (1, 2)
    assert list(rungs) == sorted(set(rungs))


def test_a_ladder_is_climbed_from_its_lowest_rung_to_the_first_that_is_missed() -> None:
    rungs = (50.0, 100.0, 200.0, 400.0)
    tried: list[Tried] = []
    for _ in range(3):
        rate = following(rungs, tried)
        assert rate is not None
        tried.append(Tried(rate, rate < 200))
    assert [one.rate for one in tried] == [50, 100, 200]
    assert following(rungs, tried) == 141


def test_what_was_met_above_a_rate_that_was_only_missed_bounds_nothing() -> None:
    tried = [Tried(100, met=True), Tried(110, met=False), Tried(120, met=True)]
    assert bracket(tried) == (100, 110)


def test_a_rate_that_was_missed_last_of_all_is_not_tried_again() -> None:
    # The one above it was missed as well: that is no standstill.
    tried = [Tried(100, met=True), Tried(107, met=False), Tried(103, met=False)]
    assert following((100, 107), tried) is None


def test_the_lowest_rate_there_is_is_tried_and_none_below_it() -> None:
    tried = [Tried(2, met=False)]
    assert following((2,), tried) == 1
    assert following((2,), [*tried, Tried(1, met=False)]) is None


def test_where_nothing_is_met_the_search_goes_down_and_ends() -> None:
    tried = searched((100.0, 200.0), 0.1)
    assert not any(one.met for one in tried)
    assert min(one.rate for one in tried) >= 1


def test_where_everything_is_met_the_search_goes_up_and_ends() -> None:
    tried = searched((100.0, 200.0), 1e9)
    assert bracket(tried)[1] is None
    assert max(one.rate for one in tried) <= 20_000


@pytest.mark.parametrize("text", ["", "50,40", "a", "0.5,2", "100,100", "50,30000", "1e400"])
def test_rates_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Impossible, match="would do"):
        asked(text)


def test_rates_may_be_the_lowest_and_the_highest_there_are() -> None:
    assert asked("1,20000") == (1, 20_000)
