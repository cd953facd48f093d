"""One process of the large form, started again whenever it ends while it should be there.

Each life has a log of its own. A process that was there and ended by itself, with nobody having
touched it, is written down: weather is no reason to end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.nemesis.network import Host

ROOT = Path(__file__).parents[2]
#: Seconds until one that ended is started again, and that one may take to end when it is asked.
AGAIN_S, END_S_MAX = 0.5, 30.0


@dataclass
class Member:
    """A process. ``argv`` makes the command line of a life from its number; ``there`` says of its
    output and log whether it has begun to work; ``greeting`` is what it is told on stdin.
    """

    name: str
    host: Host
    argv: Callable[[int], Sequence[str]]
    env: Mapping[str, str]
    folder: Path
    there: Callable[[str], bool]
    greeting: bytes = b""
    lives: int = 0
    #: What was seen that should not be: it ended though nobody had touched it.
    complaints: list[str] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _working: bool = False
    _wanted: bool = False
    _next_s: float = 0.0

    @property
    def log(self) -> Path:
        """Where its present life writes to."""
        return self.folder / f"{self.name}.{self.lives}.log"

    @property
    def pid(self) -> int:
        """The process id of its present life."""
        assert self._process is not None
        return self._process.pid

    @property
    def working(self) -> bool:
        """Whether it is there and has begun to work."""
        if self._process is None or self._process.poll() is not None:
            return False
        if not self._working:
            self._working = self.there(self.said())
        return self._working

    def said(self) -> str:
        """All that its present life has written."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it, and have ``tend`` keep it."""
        self._wanted = True
        self._working = False
        self._next_s = 0.0
        self.lives += 1
        with self.host.inside(), self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.argv(self.lives),
                env=dict(self.env),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches this process, which then ends it.
                start_new_session=True,
            )
        assert self._process.stdin is not None
        if self.greeting:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(self.greeting)
                self._process.stdin.flush()

    def tend(self) -> None:
        """Look whether it is as it should be; start it again when it has ended by itself."""
        if not self._wanted or self._process is None or self.working:
            return
        code = self._process.poll()
        if code is None:
            return
        now = time.monotonic()
        if self._next_s == 0.0:
            # Before it worked it may have met a server that was away, or a port still taken.
            if self._working:
                self.complaints.append(f"{self.name} ended by itself (exit {code}): {self.log}")
            self._next_s = now + AGAIN_S
        elif now >= self._next_s:
            self._forget()
            self.start()

    def family(self) -> list[int]:
        """Its process id, and those of what it has started, whoever started that."""
        return family(self.pid)

    def send(self, number: signal.Signals, pids: Sequence[int]) -> None:
        """Send a signal to some of its family; who is gone has nothing to fear."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, *, whole: bool) -> None:
        """``kill -9``, of all its family or of its first process; it stays away until ``start``.

        It may have ended by itself, or never have been there.
        """
        self._wanted = False
        if self._process is None:
            return
        if self._process.poll() is None:
            self.send(signal.SIGKILL, self.family() if whole else [self.pid])
        self._forget()

    def end(self) -> int:
        """End it gently; the exit code, and a complaint if that had to be done by force."""
        self._wanted = False
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self.complaints.append(f"{self.name} did not end on SIGTERM: {self.log}")
            self.send(signal.SIGKILL, self.family())
            code = self._process.wait()
        self._forget()
        return code

    def _forget(self) -> None:
        assert self._process is not None
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process = None


def family(pid: int) -> list[int]:
    """A process and its descendants, as far as they still know each other."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found
