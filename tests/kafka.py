"""Which Kafka the tests speak to, and brokers of a test's own.

``AXIS_TEST_KAFKA`` names a running one (bootstrap servers). Without it the tests start their own, as
``make kafka`` does, once for the whole run. Where Java or Maven is missing they fall back to the
cluster that librdkafka plays in this process (``tests.mock_kafka``), and say so; in CI (``CI=true``)
they fail instead.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from axis.broker.jars import kafka_version, lacking
from axis.broker.keeper import END_S_MAX, Keeper

GIVEN = "AXIS_TEST_KAFKA"


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


class Broker(Keeper):
    """A broker that can be killed too."""

    def kill(self) -> None:
        """End it as a power cut would; its keeper sees it and ends too."""
        assert self.process is not None
        os.kill(self.pid, signal.SIGKILL)
        # Its stdin stays open meanwhile: the end of that pipe would stop the keeper as well.
        self.process.wait(END_S_MAX)
        self.process.communicate()


@contextmanager
def broker(folder: Path, **overrides: str) -> Iterator[Broker]:
    """A broker of a test's own; property names with ``__`` for each dot."""
    own = Broker(folder, overrides={k.replace("__", "."): v for k, v in overrides.items()})
    own.start()
    try:
        yield own
    finally:
        own.stop()
