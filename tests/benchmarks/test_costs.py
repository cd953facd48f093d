"""CPU and memory are read of the right processes, and divided by the right number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agencies.load import processes
from benchmarks import checks, inserts, large
from benchmarks.history import Watched
from benchmarks.history_steps import attributed
from benchmarks.packages import Signed
from benchmarks.parts import cpu_us
from benchmarks.table import Run, Side

#: What ``burn`` takes.
BURNT_S = 0.005
PACKAGES = [Signed("A", ("B",), b"")] * 4
#: Two processes that have 32 MB in common.
SHARING = """
import mmap, os, sys
shared = mmap.mmap(-1, 32_000_000)
shared.write(bytes(32_000_000))
if not os.fork():
    shared.seek(0)
    shared.read()
    print(flush=True)
sys.stdin.read()
"""


def burn(_of: object) -> bool:
    begun = time.process_time()
    while time.process_time() < begun + BURNT_S:
        pass
    return True


def test_sides_have_the_figures_of_their_runs() -> None:
    side = Side.of("axis", [Run(1.0, 10.0), Run(9.0, 30.0), Run(2.0, 20.0)])
    assert (side.per_second, side.cpu_us, side.median) == ([1.0, 9.0, 2.0], [10.0, 30.0, 20.0], 2.0)


def test_cpu_is_that_of_each_value() -> None:
    many = range(40)  # What is collected before they are measured must be the lesser part.
    begun = time.process_time()
    each_us = cpu_us(burn, many)
    assert BURNT_S * 1e6 <= each_us <= (time.process_time() - begun) / len(many) * 1e6


def test_rates_and_cpu_are_those_of_the_work() -> None:
    begun, cpu = time.perf_counter(), time.process_time()
    timed = inserts._timed(4, lambda: [burn(one) for one in PACKAGES])
    took, spent = time.perf_counter() - begun, time.process_time() - cpu
    assert BURNT_S <= 1 / timed.per_second <= took / 4
    assert BURNT_S * 1e6 <= timed.cpu_us <= spent / 4 * 1e6


def test_the_rate_of_a_check_is_that_of_its_cpu() -> None:
    timed = checks._timed(PACKAGES, burn)
    assert timed.cpu_us >= BURNT_S * 1e6
    assert timed.per_second * timed.cpu_us == pytest.approx(1e6)
    with pytest.raises(AssertionError):
        checks._timed(PACKAGES, lambda _: False)


def test_of_a_play_the_last_of_each_process_counts(tmp_path: Path) -> None:
    watched = Watched()
    watched.cpu["axis"][2**30] = 1.5  # Ended since.
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "axis.pid").write_text(str(os.getpid()), encoding="ascii")
    for _ in range(2):
        watched.look(tmp_path)
    seen = watched.cpu["axis"][os.getpid()]
    assert 0 < seen <= processes.cpu_s(os.getpid())
    watched.cpu["agencies"][1] = 4.0
    told = watched.each_us(2)
    assert told["agencies"] == 2e6
    assert told["axis"] >= (1.5 + seen) / 2 * 1e6


def test_what_is_no_step_is_the_rest_of_its_process() -> None:
    each = {"build": 10.0, "sign": 5.0, "examine": 30.0, "check": 20.0, "copy": 2.0}
    spent = {"axis": 300.0, "agencies": 100.0}
    found = attributed(each, {"store: accept": 50.0}, 7.0, 3.0, spent)
    assert found.steps["axis: HTTP, JSON, pages, the rest"] == 300 - 10 - 20 - 50 - 7
    assert found.steps["agencies: HTTP, JSON, pages, the rest"] == 100 - 10 - 5 - 10 - 20 - 2 * 3
    assert sum(found.steps.values()) == 400
    assert found.beside == (400 - 10 - 5) / 30


def test_memory_that_processes_share_is_counted_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SHARING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        both = sum(map(processes.memory_mb, processes.family(server.pid)))
        once = large.memory_mb(server.pid)
        assert server.stdin is not None
        server.stdin.close()
    assert 32 < once < both - 30
