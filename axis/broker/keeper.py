"""A broker in a process of its own, started and stopped from code that waits: demo and tests."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axis.broker.jars import Missing
from axis.broker.node import NotStarted

EXIT_MISSING = 3
#: Seconds a broker and its keeper may take to end; the keeper kills a broker after nine.
END_S_MAX = 30.0


@dataclass
class Keeper:
    """``python -m axis.broker`` as a child that ends with this process, however that ends."""

    folder: Path
    #: 0 takes a free one, and the same again after a stop.
    port: int = 0
    overrides: Mapping[str, str] = field(default_factory=dict)
    bootstrap: str = ""
    version: str = ""
    #: The process id of Java.
    pid: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; it answers on return. Raises ``Missing`` and ``NotStarted``."""
        argv = [sys.executable, "-m", "axis.leash", "axis.broker", "--json"]
        argv += [f"--folder={self.folder}", f"--port={self.port}"]
        argv += [f"--override={name}={value}" for name, value in self.overrides.items()]
        # No pipe: nobody reads while the first line is waited for, and a full one would hold it up.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                # Ctrl-C reaches this process, which then ends it.
                start_new_session=True,
            )
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            if not line:
                self.process.communicate(timeout=END_S_MAX)
                said.seek(0)
                failure = Missing if self.process.returncode == EXIT_MISSING else NotStarted
                raise failure(said.read().strip())
        told = json.loads(line)
        self.bootstrap, self.pid, self.version = told["bootstrap"], told["pid"], told["version"]
        self.port = int(self.bootstrap.rpartition(":")[2])

    def stop(self) -> int:
        """Stop it cleanly; the keeper's exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.communicate(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode


@contextmanager
def kept(folder: Path) -> Iterator[Keeper]:
    """A broker on a free port, for as long as the block. Raises as ``Keeper.start``."""
    keeper = Keeper(folder)
    try:
        keeper.start()
        yield keeper
    finally:
        keeper.stop()
