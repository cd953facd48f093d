"""What a load test reads of the machine: each part by itself, those that end meanwhile too."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agencies.load.processes import family, memory_mb, shared_mb
from agencies.load.usage import AXIS, DRIVER, HELPERS, Meter

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux tells it in /proc")

#: Uses a tenth of a second of CPU for each line it is given, and says so.
BURN = """
import sys, time
print(flush=True)
for line in sys.stdin:
    end = time.process_time() + 0.1
    while time.process_time() < end: pass
    print(flush=True)
"""
#: The same in a child of its own.
BURN_BENEATH = f"""
import subprocess, sys
subprocess.run([sys.executable, '-c', {BURN!r}])
"""


class Burner:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid
        self.hear()

    def hear(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline()

    def burn(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.hear()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def burner(code: str = BURN) -> Iterator[Burner]:
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        made = Burner(process)
        yield made
        made.end()


def test_servers_beside_an_axis_are_told_by_name_with_all_that_came_from_them(
    tmp_path: Path,
) -> None:
    with burner(BURN_BENEATH) as axis, burner(BURN_BENEATH) as server, burner() as idle:
        meter = Meter(axis.pid, tmp_path, {"PostgreSQL": server.pid, "Kafka": idle.pid})
        server.burn()
        usage = meter.usage()
        assert list(usage.cpu) == [DRIVER, AXIS, "PostgreSQL", "Kafka"]
        # What it used lies in the child of the server.
        assert usage.cpu["PostgreSQL"] * usage.seconds > 0.05
        assert usage.cpu["Kafka"] * usage.seconds < 0.05
        assert all(memory > 1 for memory in usage.memory_mb.values())


def test_alone_an_axis_and_those_that_check_signatures_are_told_apart(tmp_path: Path) -> None:
    with burner(BURN_BENEATH) as axis:
        meter = Meter(axis.pid, tmp_path)
        axis.burn()
        usage = meter.usage()
        assert list(usage.cpu) == [DRIVER, AXIS, HELPERS]
        assert usage.cpu[HELPERS] * usage.seconds > 0.05
        assert usage.cpu[AXIS] * usage.seconds < 0.05


def test_one_that_ended_meanwhile_takes_nothing_off(tmp_path: Path) -> None:
    with burner() as server:
        server.burn()
        meter = Meter(None, tmp_path, {"PostgreSQL": server.pid})
        server.end()
        assert meter.usage().cpu["PostgreSQL"] == 0


def test_one_that_ends_while_it_is_read_takes_nothing_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with burner() as server:
        server.burn()
        meter = Meter(None, tmp_path, {"PostgreSQL": server.pid})
        read_text = Path.read_text

        def ends_meanwhile(path: Path, encoding: str | None = None) -> str:
            if str(path) != f"/proc/{server.pid}/stat":
                return read_text(path, encoding)
            with path.open(encoding=encoding) as file:
                server.end()
                return file.read()

        monkeypatch.setattr(Path, "read_text", ends_meanwhile)
        assert meter.cpu()["PostgreSQL"] == 0


def test_a_thread_that_ends_while_it_is_read_hides_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait)
    thread.start()
    folder = Path(f"/proc/{os.getpid()}/task/{thread.native_id}")
    read_text = Path.read_text

    def ends_meanwhile(path: Path) -> str:
        may_end.set()
        while folder.exists():
            thread.join()
        return read_text(path)

    monkeypatch.setattr(Path, "read_text", ends_meanwhile)
    assert os.getpid() in family(os.getpid())


def test_what_processes_share_counts_once() -> None:
    assert 0 < shared_mb(os.getpid()) <= memory_mb(os.getpid())


def test_cores_at_a_look_are_those_since_the_last_one(tmp_path: Path) -> None:
    with burner() as one:
        meter = Meter(one.pid, tmp_path)
        one.burn()
        assert meter.cpu()[AXIS] > 0
        assert meter.cpu()[AXIS] == 0
        # The stretch as a whole has it still.
        assert meter.usage().cpu[AXIS] > 0
        assert meter.memory_mb()[DRIVER] > 0
