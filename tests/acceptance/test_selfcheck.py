"""The load test's figures against those of an independent generator, and what counts as agreeing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.selfcheck import Figures, Pair, agree, report
from tests.acceptance.conftest import DEADLINE_S

ROOT = Path(__file__).parents[2]
SAME = Figures(100.0, 0.1, 0)


@pytest.mark.acceptance
@pytest.mark.long
def test_the_driver_and_locust_come_to_the_same_figures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.selfcheck", "--pairs", "2", "--seconds", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed: 0. Within 10%: yes." in done.stdout


@given(rate=st.floats(0.2, 5), median=st.floats(0.2, 5))
def test_both_figures_must_be_within_a_tenth(rate: float, median: float) -> None:
    # One run of three may be off, as it is when the machine stands still.
    off = Pair(Figures(100.0 * rate, 0.1 * median, 0), SAME)
    near = all(1 / 1.1 <= one <= 1.1 for one in (rate, median))
    assert agree([off, off, Pair(SAME, SAME)]) is near
    assert agree([off, Pair(SAME, SAME), Pair(SAME, SAME)])
    assert ("NO" in report([off], 10)) is not near


def test_a_request_that_failed_is_no_agreement() -> None:
    assert not agree([Pair(SAME, Figures(100.0, 0.1, 1))])
    assert not agree([Pair(Figures(100.0, 0.1, 1), SAME)])
