"""Many seeds, in one process or several."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from tests.sim.checkers import met
from tests.sim.planted import NOTHING, PLANTS
from tests.sim.simulate import simulate

#: Seeds handed to a process at once.
_CHUNK = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """What travels of a run between processes."""

    seed: int
    failed: bool
    digest: str
    met: Counter[str]


def results(seeds: range, plant: str, jobs: int) -> Iterator[Summary]:
    """Run every seed; a summary of each, in order."""
    run = partial(_summary, plant=plant)
    if jobs == 1:
        yield from map(run, seeds)
        return
    fresh = multiprocessing.get_context("spawn")
    processes = ProcessPoolExecutor(jobs, mp_context=fresh)
    try:
        yield from processes.map(run, seeds, chunksize=_CHUNK)
    finally:
        # Whoever stops listening wants no more of it.
        processes.shutdown(cancel_futures=True)


def _summary(seed: int, plant: str) -> Summary:
    result = simulate(seed, PLANTS.get(plant, NOTHING))
    failed = bool(result.violations)
    return Summary(seed, failed, result.history.digest(), met(result.history))
