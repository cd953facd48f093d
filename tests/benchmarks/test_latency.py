"""What is told of latencies, and when a request is due."""

from __future__ import annotations

import statistics

import pytest

from benchmarks.latency import arrivals, latency


def test_percentiles_are_the_least_that_so_many_do_not_exceed() -> None:
    told = latency("a hundred", [float(one) for one in range(100, 0, -1)])
    assert (told.point, told.count, told.p50_ms, told.p99_ms) == ("a hundred", 100, 50.0, 99.0)
    told = latency("two", [9.0, 1.0])
    assert (told.count, told.p50_ms, told.p99_ms) == (2, 1.0, 9.0)


def test_latencies_of_nothing_are_none() -> None:
    with pytest.raises(AssertionError, match="nothing was waited for: idle"):
        latency("idle", [])


def test_arrivals_are_those_of_a_poisson_process_and_the_same_each_time() -> None:
    at_s = arrivals(200, 20_000)
    gaps = [two - one for one, two in zip([1.0, *at_s], at_s, strict=False)]
    assert min(gaps) >= 0
    assert len(at_s) == 20_000
    # An exponential's mean and deviation are the same; of so many, within a fiftieth.
    assert statistics.mean(gaps) == pytest.approx(1 / 200, rel=0.02)
    assert statistics.stdev(gaps) == pytest.approx(1 / 200, rel=0.03)
    assert arrivals(200, 20_000) == at_s
