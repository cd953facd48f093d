"""A command that plays something in a folder of its own, with children that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import alive, until

AXIS = [sys.executable, "-m", "axis"]


class Played:
    """``axis WORDS`` in ``folder``; the books are those of ``run``, ``children`` its processes."""

    def __init__(
        self, folder: Path, run: str, words: tuple[str, ...], children: tuple[str, ...]
    ) -> None:
        self.var = folder / "var"
        self.home = self.var / run
        self.output = folder / "output.txt"
        self.pids: set[int] = set()
        self.process: subprocess.Popen[bytes] | None = None
        self.words = words
        self._children = children

    def start(self, *arguments: str) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*AXIS, *self.words, *arguments],
                env={**os.environ, "AXIS_VAR": str(self.var)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self) -> tuple[int, str]:
        """Wait for its end: exit code, and what it said."""
        assert self.process is not None
        until(self._ended, f"the end of {' '.join(self.words)}")
        return self.process.returncode, self.output.read_text("utf-8")

    def _ended(self) -> bool:
        assert self.process is not None
        self.pid_of("axis")
        return self.process.poll() is not None

    def pid_of(self, name: str) -> int:
        """The process id of a child; 0 while there is none. Every one ever seen is remembered."""
        found = 0
        for child in self._children:
            try:
                pid = int((self.home / "run" / f"{child}.pid").read_text("ascii") or 0)
            except FileNotFoundError:
                continue
            self.pids.add(pid)
            found = pid if child == name else found
        return found

    def kill_child(self, name: str) -> None:
        """SIGKILL a child, and wait for the next one."""
        pid = until(lambda: self.pid_of(name), f"a process {name}")
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pid_of(name) not in (0, pid), f"a new process {name}")

    def kill(self) -> None:
        """SIGKILL the command itself, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def run(self, *arguments: str) -> Any:
        """The JSON of another command on this folder."""
        done = subprocess.run(
            [*AXIS, *arguments, "--json"],
            env={**os.environ, "AXIS_VAR": str(self.var)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def must_be_gone(self) -> None:
        """Nothing that was started still runs; and something was."""
        assert self.pids
        until(lambda: not any(map(alive, self.pids)), f"the end of {self.pids}")
