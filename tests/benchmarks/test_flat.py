"""What heads upward is told from what does not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.flat import Tolerance, climb, heads_upward, judged

TIGHT = Tolerance(share=0.1, least=1.0)
FIGURES = st.lists(st.integers(0, 10_000).map(float), min_size=7, max_size=60)


def noise(count: int, seed: int, spread: float = 10.0) -> list[float]:
    dice = random.Random(seed)
    return [100 + dice.uniform(-spread, spread) for _ in range(count)]


@pytest.mark.parametrize("count", [7, 10, 60])
def test_a_steady_climb_is_found_in_noise(count: int) -> None:
    climbing = [one + 60 * at / count for at, one in enumerate(noise(count, 1, 3.0))]
    assert heads_upward(climbing, TIGHT)


@pytest.mark.parametrize("seed", range(20))
def test_noise_around_a_level_goes_nowhere(seed: int) -> None:
    assert not heads_upward(noise(60, seed), TIGHT)


def test_short_runs_of_wide_noise_seldom_raise_an_alarm() -> None:
    alarms = sum(heads_upward(noise(10, seed, 80.0), TIGHT) for seed in range(300))
    assert alarms <= 6  # one of a hundred, and a few by chance


def test_a_few_bad_moments_are_no_climb() -> None:
    figures = noise(60, 3)
    for at in (20, 40, 58, 59):
        figures[at] *= 20
    assert not heads_upward(figures, TIGHT)


def test_what_fills_in_the_first_tenth_is_no_climb() -> None:
    assert not heads_upward([10.0, 30.0, 50.0, 70.0, 90.0, *[100.0] * 45], TIGHT)


def test_a_climb_within_either_tolerance_is_none() -> None:
    climbing = [100 + at / 10 for at in range(60)]
    assert heads_upward(climbing, Tolerance(share=0.05, least=5.0))
    assert not heads_upward(climbing, Tolerance(share=0.05, least=6.0))
    assert not heads_upward(climbing, Tolerance(share=0.06, least=5.0))


@given(FIGURES)
def test_what_only_falls_never_heads_upward(figures: list[float]) -> None:
    assert not heads_upward(sorted(figures, reverse=True), TIGHT)


@given(FIGURES, st.integers(0, 10_000))
def test_a_climb_is_the_same_from_any_level_and_backwards_its_opposite(
    figures: list[float], level: int
) -> None:
    found = climb(figures)
    assert climb([level + one for one in figures]) == pytest.approx(found)
    assert climb(figures[::-1]) == pytest.approx(-found)


@given(st.lists(st.floats(0, 10), max_size=6))
def test_too_few_figures_are_refused(figures: list[float]) -> None:
    with pytest.raises(ValueError, match="too few"):
        heads_upward(figures, TIGHT)


def test_a_tenth_is_left_out_and_one_at_least() -> None:
    assert [len(judged([0.0] * count)) for count in (7, 10, 11, 60)] == [6, 9, 9, 54]
