"""``axis serve``: an axis that comes back, counterparts that answer, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import alive, until

pytestmark = pytest.mark.acceptance

AXIS = [sys.executable, "-m", "axis"]


class Serving:
    """``axis serve`` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.output = folder / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*AXIS, "serve", "--port", "0"],
                env={**os.environ, "AXIS_VAR": str(self.var)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "A first look" in self.output.read_text("utf-8"), "the axis to listen")
        self.pids = {self.pid_of("axis"), self.pid_of("agencies-1")}

    def pid_of(self, name: str) -> int:
        try:
            return int((self.var / "run" / f"{name}.pid").read_text("ascii") or 0)
        except FileNotFoundError:
            return 0

    def kill(self, name: str) -> None:
        """SIGKILL a child, and wait for the next one."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        self.pids.add(until(lambda: self.pid_of(name) not in (0, pid) and self.pid_of(name), name))

    def run(self, *arguments: str) -> Any:
        """The JSON of a command."""
        done = subprocess.run(
            [*AXIS, *arguments, "--json"],
            env={**os.environ, "AXIS_VAR": str(self.var)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def listens(self) -> bool:
        """Whether the axis that runs now has left its address."""
        try:
            left = json.loads((self.var / "axis" / "address.json").read_text("utf-8"))
        except FileNotFoundError:
            return False
        return bool(left["pid"] == self.pid_of("axis"))

    def must_be_gone(self) -> None:
        until(lambda: not any(map(alive, self.pids)), f"the end of {self.pids}")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()
    made.must_be_gone()


def test_counterparts_answer_and_a_killed_axis_comes_back(serving: Serving) -> None:
    receipt = serving.run("agencies", "write", "--from", "G22", "--to", "H26", "--to", "H37")
    assert len(receipt["deliveries"]) == 2
    answered = ("statuses", "--as", "G22", "--until", "01", "--wait", "60")
    said = serving.run(*answered)["statuses"]
    # How long the clerk takes is drawn by lot: the 03 may stand in the same page.
    assert {s["recipient"][-3:] for s in said} == {"H26"}
    assert [s["code"] for s in said] == ["01", "03"][: len(said)]
    serving.kill("axis")
    serving.kill("agencies-1")
    until(serving.listens, "the axis to listen again")
    later = ("statuses", "--as", "G22", "--until", "03", "--wait", "60")
    assert [s["code"] for s in serving.run(*later)["statuses"]] == ["01", "03"]
    # The chair is a person's: nobody answers for it.
    (waiting,) = serving.run("inbox", "--as", "H37")["deliveries"]
    assert waiting["sender"] == "000.00.00.G22"


def test_the_agencies_are_listed_with_what_their_software_does(serving: Serving) -> None:
    states = {one["code"][-3:]: one["state"] for one in serving.run("agencies")["agencies"]}
    assert len(states) == 95
    assert {code for code, state in states.items() if state != "running"} == {"H37"}
    taken = subprocess.run(
        [*AXIS, "serve", "--port", "0"],
        env={**os.environ, "AXIS_VAR": str(serving.var)},
        capture_output=True,
        check=False,
    )
    assert taken.returncode == 1
    assert b"Traceback" not in taken.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(serving: Serving, number: signal.Signals) -> None:
    serving.process.send_signal(number)
    code = serving.process.wait()
    assert code == (0 if number is signal.SIGTERM else -number)
    serving.must_be_gone()
