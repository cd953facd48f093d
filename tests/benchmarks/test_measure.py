"""What requests came to at a door: counted are packages that were taken, and nothing else."""

from __future__ import annotations

import json
import os
import time

import pytest

from agencies.load.wire import request
from benchmarks import servers
from benchmarks.load import Result, closed_loop, open_loop, run
from benchmarks.measure import figures
from benchmarks.table import Run


def result(statuses: dict[int, int], *answers: list[int]) -> Result:
    """Four seconds in which so much was answered, and of the packages of each request so."""
    bodies = [json.dumps({"results": [{"status": one} for one in said]}) for said in answers]
    latencies_s = [0.1] * sum(statuses.values())
    return Result(4.0, statuses, [body.encode() for body in bodies], latencies_s)


def test_documents_a_second_and_what_each_took() -> None:
    assert figures(result({201: 10}), 1, 0.25) == Run(2.5, 25_000.0)
    bulk = result({200: 2}, [201, 201], [201, 201])
    assert figures(bulk, 2, 0.25) == Run(1.0, 62_500.0)


@pytest.mark.parametrize(
    ("found", "each"),
    [
        (result({201: 9, 503: 1}), 1),
        (result({201: 9, 200: 1}), 1),
        (result({}), 1),
        (result({200: 2}, [201, 201], [201, 409]), 2),
        (result({200: 2}, [201, 201], [201, 200]), 2),
        (result({200: 2}, [201, 201], [201]), 2),
        (result({413: 2}), 2),
    ],
)
def test_what_was_refused_repeated_or_never_asked_is_no_figure(found: Result, each: int) -> None:
    with pytest.raises(AssertionError, match="answers"):
        figures(found, each, 1.0)


def test_a_bare_route_is_asked_everything_once_and_its_cpu_is_read() -> None:
    asked = [request("POST", f"/v1/documents?{number}", b"x" * 1000) for number in range(20)]
    with servers.bare(2) as bare:
        begun, before = time.perf_counter(), bare.cpu_s()
        found = run(closed_loop(bare.port, asked, 3))
        spent, took = bare.cpu_s() - before, time.perf_counter() - begun
    assert found.statuses == {201: 20}
    assert (len(found.latencies_s), found.answers) == (20, [b""] * 20)
    assert 0 < min(found.latencies_s) <= max(found.latencies_s) <= found.seconds <= took
    assert 0 < spent <= took * (os.cpu_count() or 1)


def test_an_open_loop_counts_from_the_moments_that_were_intended() -> None:
    late_s, soon_s = -5.0, 0.1
    seen: dict[int, float] = {}

    def done(index: int, start: float, _body: bytes) -> None:
        seen[index] = start

    raw = request("POST", "/v1/documents", b"x")
    with servers.bare(1) as bare:
        found = run(open_loop(bare.port, [raw] * 3, [late_s, late_s, soon_s], 1, done))
    assert found.statuses == {201: 3}
    assert seen[2] - seen[0] == pytest.approx(soon_s - late_s)
    # What is late has waited since; what is due is not asked before.
    assert sum(one > -late_s for one in found.latencies_s) == 2
    assert min(found.latencies_s) > 0
