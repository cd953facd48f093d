"""The short form of the simulation: some seeds, every planted bug, and the machinery itself."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.sim.checkers import met
from tests.sim.loop import Stuck, VirtualLoop, run
from tests.sim.planted import PLANTS
from tests.sim.report import report
from tests.sim.simulate import Result, simulate

SEEDS = range(1, 21)
#: Those that are run once more, elsewhere.
AGAIN = range(1, 6)

#: What the seeds must have met between them, or they prove less than they seem to.
REACHED = (
    "crash",
    "stop",
    "store fails",
    "lock",
    "reset",
    "given",
    "kept",
    "had",
    "repeated POST",
    "repeated status",
    "taken by id",
    "confirmed fail",
    "HTTP 401",
    "HTTP 503",
    "agency.locked",
    "document.conflict",
    "document.secret",
    "edxml.missing",
    "edxml.not_xml",
    "business.missing",
    "delivery.ambiguous",
    "lifecycle.backwards",
    "lifecycle.ended",
    "lifecycle.not_asked",
    "package.empty",
    "package.kind",
    "package.too_large",
    "recipient.locked",
    "recipient.twice",
    "recipient.unknown",
    "sender.not_caller",
    "sender.unknown",
    "status.not_yours",
    "status.reason_missing",
    "status.unknown_code",
    *(f"DocType {kind}" for kind in range(4)),
    *(f"said {code}" for code in ("01", "02", "03", "04", "05", "06", "13", "15", "16")),
)


@cache
def _result(seed: int) -> Result:
    return simulate(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_is_kept_in_a_storm_and_after_it(seed: int) -> None:
    result = _result(seed)
    if result.violations:
        pytest.fail(report(result))


def test_the_seeds_reach_every_kind_of_fault_and_refusal() -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS:
        reached += met(_result(seed).history)
    assert [name for name in REACHED if not reached[name]] == []


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_caught(name: str) -> None:
    plant = PLANTS[name]
    for seed in range(1, plant.seeds + 1):
        found = {violation.kind for violation in simulate(seed, plant).violations}
        if found & plant.kinds:
            return
    pytest.fail(f"{plant.seeds} seeds did not catch the axis that {name}")


@pytest.mark.parametrize(
    "machine",
    [
        {"PYTHONHASHSEED": "4242", "PYTHONMALLOC": "malloc"},
        pytest.param({"PYTHONHASHSEED": "1"}, marks=pytest.mark.long),
    ],
)
def test_seeds_give_the_same_histories_in_another_process(machine: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim", "--first", "1", "--seeds", str(len(AGAIN))],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **machine},
        capture_output=True,
        text=True,
        check=False,
    )
    digests = "".join(_result(seed).history.digest() for seed in AGAIN)
    expected = hashlib.sha256(digests.encode()).hexdigest()
    assert f"all histories: {expected}" in done.stdout, done.stdout + done.stderr


def test_other_seeds_give_other_histories() -> None:
    assert len({_result(seed).history.digest() for seed in SEEDS}) == len(SEEDS)


def test_a_failing_run_says_how_to_see_it_again() -> None:
    text = report(simulate(1, PLANTS["forgets keys"]), "forgets keys")
    assert "again: python -m tests.sim --seed 1 --plant 'forgets keys'" in text
    assert "duplicated: " in text


def test_a_virtual_day_passes_at_once_and_in_order() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        woken: list[float] = []

        async def sleep(hours: int) -> None:
            await asyncio.sleep(hours * 3600.0)
            woken.append(loop.time() / 3600.0)

        await asyncio.gather(sleep(24), sleep(1), sleep(12))
        return woken

    woken, complaints = run(main())
    assert woken == [1.0, 12.0, 24.0]
    assert complaints == []


def test_tasks_that_wait_for_one_another_are_told() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck, match="no timer"):
        run(main())


def test_a_task_that_spins_is_told() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Stuck, match="somebody spins"):
        run(main())


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(len, "")

    with pytest.raises(AssertionError, match="would run in a thread"):
        run(main())


def test_the_loop_opens_no_file() -> None:
    before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    loop = VirtualLoop()
    after = set(os.listdir("/proc/self/fd")) if before else set()
    loop.close()
    assert len(after) == len(before)
