"""Which Kafka the tests speak to, and brokers of a test's own.

``AXIS_TEST_KAFKA`` names a running one (bootstrap servers). Without it the tests start their own, as
``make kafka`` does, once for the whole run. Where Java or Maven is missing they fall back to the
cluster that librdkafka plays in this process (``tests.mock_kafka``), and say so; in CI (``CI=true``)
they fail instead.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from axis.broker.jars import kafka_version, lacking

GIVEN = "AXIS_TEST_KAFKA"
#: Seconds a broker and its keeper may take to end; the keeper kills a broker after nine.
END_S_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Kafka:
    """A Kafka to speak to. ``create_topic`` (name, partitions) is there where CreateTopics is not:
    on the mock cluster.
    """

    bootstrap: str
    told: str
    create_topic: Callable[[str, int], None] | None = None

    @property
    def real(self) -> bool:
        """Apache Kafka, or whatever ``AXIS_TEST_KAFKA`` names."""
        return self.create_topic is None


def plan() -> str:
    """What the tests that need Kafka are going to use, for the header of the run."""
    if given := os.environ.get(GIVEN):
        return f"{given} ({GIVEN})"
    if why := lacking():
        instead = "required in CI" if required() else "librdkafka's mock cluster stands in"
        return f"{instead}: {why}"
    return f"Apache Kafka {kafka_version()}, started by the first test that needs it"


def required() -> bool:
    """In CI nothing stands in for the real one."""
    return os.environ.get("CI") == "true"


@dataclass
class Broker:
    """A broker in a process of its own, kept by ``axis.broker``. It can be stopped and killed."""

    folder: Path
    port: int = 0
    overrides: Mapping[str, str] | None = None
    bootstrap: str = ""
    pid: int = 0
    keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, after the first time with the same port and books; it answers on return."""
        argv = [sys.executable, "-m", "axis.leash", "axis.broker", "--json"]
        argv += [f"--folder={self.folder}", f"--port={self.port}"]
        argv += [f"--override={name}={value}" for name, value in (self.overrides or {}).items()]
        self.keeper = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C reaches the tests, which then end it.
            start_new_session=True,
        )
        assert self.keeper.stdout is not None
        line = self.keeper.stdout.readline()
        if not line:
            _, why = self.keeper.communicate(timeout=END_S_MAX)
            raise AssertionError(f"exit {self.keeper.returncode}: {why}")
        told = json.loads(line)
        self.bootstrap, self.pid = told["bootstrap"], told["pid"]
        self.port = int(self.bootstrap.rpartition(":")[2])

    def stop(self) -> int:
        """Stop it cleanly; the keeper's exit code."""
        assert self.keeper is not None
        if self.keeper.poll() is None:
            self.keeper.terminate()
        try:
            self.keeper.communicate(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            self.keeper.communicate()
            raise
        return self.keeper.returncode

    def kill(self) -> None:
        """End it as a power cut would; its keeper sees it and ends too."""
        assert self.keeper is not None
        os.kill(self.pid, signal.SIGKILL)
        # Its stdin stays open meanwhile: the end of that pipe would stop the keeper as well.
        self.keeper.wait(END_S_MAX)
        self.keeper.communicate()


@contextmanager
def broker(folder: Path, **overrides: str) -> Iterator[Broker]:
    """A broker of a test's own; property names with ``__`` for each dot."""
    own = Broker(folder, overrides={k.replace("__", "."): v for k, v in overrides.items()})
    own.start()
    try:
        yield own
    finally:
        own.stop()
