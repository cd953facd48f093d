"""Pauses double from the first to the most, and no two clients take the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.retry import Backoff

BACKOFF = Backoff(first_s=0.1, most_s=2.0)


@pytest.mark.parametrize(
    ("attempt", "full_s"), [(1, 0.1), (2, 0.2), (5, 1.6), (6, 2.0), (7, 2.0), (10_000, 2.0)]
)
def test_a_pause_doubles_up_to_the_most(attempt: int, full_s: float):
    assert BACKOFF.delay_s(attempt, 0.0) == pytest.approx(full_s / 2)
    assert BACKOFF.delay_s(attempt, 0.5) == pytest.approx(full_s * 0.75)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_nothing_and_never_more_than_the_most(attempt: int, die: float):
    assert 0.05 <= BACKOFF.delay_s(attempt, die) <= 2.0
