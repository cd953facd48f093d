"""A process that is kept on some cores, with all that it starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

SHOWS = (
    "import os, subprocess, sys;"
    "print(os.getpid(), sorted(os.sched_getaffinity(0)), flush=True);"
    "subprocess.run([sys.executable, '-c', 'import os; print(sorted(os.sched_getaffinity(0)))'])"
)


def test_what_runs_on_some_cores_stays_there_under_the_same_process_id() -> None:
    core = max(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [sys.executable, "-m", "axis.on_cores", str(core), "-c", SHOWS],
        stdout=subprocess.PIPE,
        text=True,
    )
    told, _ = process.communicate(timeout=60)
    assert told.splitlines() == [f"{process.pid} [{core}]", f"[{core}]"]
    assert process.returncode == 0
