"""``python -m tests.sim``: run the simulation on many fresh seeds, or one seed again.

python -m tests.sim --seeds 1000 --jobs 2     a thousand seeds nobody has tried
python -m tests.sim --seed 42                 one seed, with its trace if it fails
python -m tests.sim --seed 3 --plant "forgets keys"    see a planted bug being caught
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
import time
from collections import Counter

from tests.sim.batch import results
from tests.sim.planted import NOTHING, PLANTS
from tests.sim.report import report
from tests.sim.simulate import simulate

#: Failing seeds shown before the rest is given up.
_SHOWN_MAX = 3


def _many(seeds: range, plant: str, jobs: int) -> int:
    began = time.perf_counter()
    reached: Counter[str] = Counter()
    failing: list[int] = []
    histories = hashlib.sha256()
    for done, summary in enumerate(results(seeds, plant, jobs), start=1):
        reached += summary.met
        histories.update(summary.digest.encode())
        if summary.failed:
            failing.append(summary.seed)
            again = simulate(summary.seed, PLANTS.get(plant, NOTHING))
            print(report(again, plant), flush=True)
            if len(failing) == _SHOWN_MAX:
                break
        if done % 100 == 0:
            print(f"{done} seeds, {time.perf_counter() - began:.0f} s", flush=True)
    print(", ".join(f"{name} {n}" for name, n in sorted(reached.items())))
    print(f"all histories: {histories.hexdigest()}")
    outcome = f"failing: {failing}" if failing else "every promise was kept"
    spent_s = time.perf_counter() - began
    print(f"{done} seeds from {seeds[0]}, {spent_s:.0f} s: {outcome}")
    return 1 if failing else 0


def _one(seed: int, plant: str) -> int:
    result = simulate(seed, PLANTS.get(plant, NOTHING))
    print(report(result, plant))
    return 1 if result.violations else 0


def main() -> int:
    """Return 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds to run")
    parser.add_argument("--first", type=int, help="the first of them; fresh ones otherwise")
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--plant", default="", choices=["", *PLANTS], help="plant a bug")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _one(asked.seed, asked.plant)
    first = secrets.randbelow(10**9) if asked.first is None else asked.first
    return _many(range(first, first + asked.seeds), asked.plant, asked.jobs)


if __name__ == "__main__":
    sys.exit(main())
