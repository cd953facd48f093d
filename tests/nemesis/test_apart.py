"""Whatever becomes of a run, nothing of it is left running; and its networks are its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.conftest import alive, until
from tests.nemesis import apart
from tests.nemesis.member import ROOT

pytestmark = pytest.mark.long


def need_networks() -> None:
    """Skip where there can be none; CI may not do without."""
    why = apart.lacking()
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI may not do without networks of its own: {why}")
    if why:
        pytest.skip(why)


def _processes_of(folder: Path) -> list[int]:
    """Whoever was started with this folder in its words or its environment, and still is there."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            told = (one / "cmdline").read_bytes() + (one / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and alive(int(one.name)):
            found.append(int(one.name))
    return found


@contextmanager
def _storm(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run in which somebody stands still, who hears no gentle word."""
    log = folder.with_suffix(".log")
    asked = ("--seconds", "75", "--seed", "11", "--folder", str(folder))
    # The data of a database server whose run is killed stay behind; other users must get there.
    with log.open("wb") as out, tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.nemesis", *asked],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": place},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            until(lambda: b" s  stop " in log.read_bytes() or process.poll() is not None, "a fault")
            assert process.poll() is None, log.read_text("utf-8")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.acceptance
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_a_run_that_is_cut_off(tmp_path: Path, number: signal.Signals) -> None:
    need_networks()
    folder = tmp_path / "nemesis"
    with _storm(folder) as process:
        assert len(_processes_of(folder)) > 5
        if number is signal.SIGINT:
            # As a terminal does: to everybody who has no session of their own.
            os.killpg(process.pid, number)
            assert process.wait() == 1
        else:
            process.kill()
            process.wait()
        until(lambda: not _processes_of(folder), "the end of everything")


def test_ci_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "lacking", lambda: "no root")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(apart.Required, match="no root"):
        apart.enter([])
    monkeypatch.setenv("CI", "false")
    assert apart.enter([]) == "no root"
